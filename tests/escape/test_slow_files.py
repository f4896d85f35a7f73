"""A file that hangs, as on a server that is gone, holds up only who asks for it: the broker opens
files for every process of the command."""
import os
import signal

from escape import Escape
from sandbox import LIMIT, OWN_MOUNTS, Adoption, OwnMounts, totals, wait_for
from process_tree import family, name
import slow_files

# Seconds after which what is not to be held up counts as held up.
SOON = 60

# Starts its arguments, which hang; goes on when it is told so; says that it is through; and waits.
# Nobody else gets into a directory while something is made there.
SCRIPT = """
set -e
hanging=()
for each; do
  bash -c "$each" > out.${#hanging[@]} &
  hanging+=($!)
done
read -r _
for i in {1..200}; do
  read -r text < many/$i
  [ $text = $i ]
done
for i in {1..20}; do
  /bin/true
done
ls . many sub > listing
case "$*" in
  *new-slow*) ;;
  *) ls mnt; cat mnt/quick ;;
esac
: > through
for each in ${hanging[@]}; do
  wait $each
done
cat out.*
"""
# One of its processes waits for a writer when the other one comes to hang.
PIPE_SCRIPT = """
cat pipe > got &
waits=$!
sleep 0.3
cat mnt/slow > out &
hangs=$!
read -r _
wait $waits
: > through
wait $hangs
cat got out
"""
OTHERS = "lost\nquick\nslow\nquick\n"


def is_dying(pid):
    """Whether it is ending or was killed, and at most the kernel holds it."""
    try:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as f:
            flags = int(f.read().rpartition(")")[2].split()[6])
        with open("/proc/%d/status" % pid, encoding="latin-1") as f:
            fields = dict(line.split(":", 1) for line in f)
    except OSError:
        return True
    pending = int(fields["SigPnd"], 16) | int(fields["ShdPnd"], 16)
    return flags & 4 != 0 or pending >> (signal.SIGKILL - 1) & 1 == 1  # PF_EXITING


class SlowFiles(OwnMounts, Escape):
    profile = "p"

    def make_tree(self):
        super().make_tree()
        os.mkdir(os.path.join(self.work, "mnt"))
        os.mkfifo(os.path.join(self.work, "pipe"))
        for i in range(1, 201):
            self.put("work/many/%d" % i, "%d\n" % i)

    def begin(self, argv, hanging):
        """Starts the command on a fresh tree and waits until all that is to hang does.
        -> (Popen, the file system, whether they hang)"""
        self.make_tree()
        # In a user namespace root, and ambit with it, would have fewer capabilities than it has.
        namespace = OWN_MOUNTS if os.geteuid() != 0 else ["unshare", "--mount"]
        try:
            run, files = slow_files.start(namespace, os.path.join(self.work, "mnt"), argv,
                                          cwd=self.work, env=self.environment(),
                                          start_new_session=True)
        except slow_files.Unmountable as e:
            self.skipTest(str(e))
        self.started.append(run)
        self.addCleanup(files.stop)
        wait_for(lambda: len(files.held()) >= len(hanging) or run.poll() is not None, SOON)
        return run, files, len(files.held()) >= len(hanging)

    def others_go_on(self, *hanging, prints, script=SCRIPT, meanwhile=lambda: None):
        """What hangs holds up nobody else; `meanwhile` is called when all of it does."""
        script = ["bash", "-c", script, "bash", *hanging]
        for where, argv in (("without the sandbox", script),
                            ("inside", self.argv(script, self.profile))):
            run, files, all_hang = self.begin(argv, hanging)
            held, is_through = files.held(), False
            if all_hang:
                run.stdin.write("\n")
                run.stdin.flush()
                meanwhile()
                is_through = wait_for(
                    lambda: os.path.exists(os.path.join(self.work, "through")) or
                    run.poll() is not None, SOON)
            files.release()
            out, err = run.communicate("\n", timeout=LIMIT)
            said = "stdout: %s\nstderr: %s" % (out, err)
            self.assertTrue(all_hang, "%s, of %s only these hang, others are held up: %s\n%s" % (
                where, hanging, held, said))
            self.assertTrue(is_through, "%s, others are held up while these hang: %s\n%s" % (
                where, held, said))
            self.assertEqual((run.returncode, out), (0, prints), said)

    def test_open(self):
        self.others_go_on("cat mnt/slow", prints=OTHERS + "slow\n")

    def test_lookup(self):
        self.others_go_on("cat mnt/lost", prints=OTHERS + "lost\n")

    def test_creation(self):
        self.others_go_on(": > mnt/new-slow", prints="")

    def test_three_at_once(self):
        """The broker has up to six threads."""
        self.others_go_on("cat mnt/slow", "cat mnt/lost", "cat mnt/slow",
                          prints=OTHERS + "slow\nlost\nslow\n")

    def test_pipe(self):
        """Who waits for a pipe hears of a writer outside when the thread that looked is held up,
        which is the only one where there is one processor."""
        processors = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, processors)
        os.sched_setaffinity(0, {min(processors)})

        def write():
            with open(os.path.join(self.work, "pipe"), "w", encoding="utf-8") as pipe:
                pipe.write("text\n")

        self.others_go_on("cat mnt/slow", prints="text\nslow\n", script=PIPE_SCRIPT,
                          meanwhile=write)

    def hang_without_launcher(self, argv, hanging, stay):
        """Kills the launcher while these hang, and waits until nobody but `stay` lives on. -> the
        names of those of the command who do, and of all who are left when the files answer"""
        def living():
            found = [name(pid) for orphan in adoption.orphans() for pid in family(orphan)
                     if not is_dying(pid)]
            # Ambit's own may stay for as long as the kernel holds what they have to see ended.
            return sorted(each for each in found if not each.startswith("ambit-"))

        with Adoption() as adoption:
            run, files, _ = self.begin(argv, hanging)
            held = files.held()
            run.kill()
            run.wait()
            wait_for(lambda: living() == stay, SOON)
            alive = living()
            files.release()
            left = adoption.left(SOON)
        self.assertTrue(held, "nothing came to hang")
        return alive, left

    def test_killed_launcher(self):
        hanging = ("exec cat mnt/slow", "exec cat mnt/lost")
        script = ["bash", "-c", SCRIPT, "bash", *hanging]
        for argv, stay in ((script, ["cat", "cat"]), (self.argv(script, self.profile), [])):
            self.assertEqual(self.hang_without_launcher(argv, hanging, stay), (stay, {}))


if __name__ == "__main__":
    totals.main()
