"""Callers that are not plain: what the broker does for them is what the kernel would do."""
import os
import re
import subprocess
import unittest

from escape import CALLERS, FILES, Escape, in_a_crowd, in_both_modes
from sandbox import ENGINE, LIMIT, host
import totals

# Nobody but root has a capability over processes that are in no namespace of their own.
UNDUMPABLE_IS_REFUSED = ENGINE == "landlock" and not host.may_trace()


class Callers(Escape):
    def same(self, *words, forget=None, **kwargs):
        """Without the sandbox and inside, the same is printed."""
        control = self.run_argv(list(words), **kwargs)
        self.assert_status(control, 0)
        self.make_tree()
        self.extend_tree()
        inside = self.run_in(*words, **kwargs)
        self.assert_status(inside, 0)
        first, second = control.stdout, inside.stdout
        if forget:
            first, second = re.sub(forget, "", first), re.sub(forget, "", second)
        self.assertEqual(first, second)
        return inside.stdout

    def setUp(self):
        super().setUp()
        self.extend_tree()

    def extend_tree(self):
        self.put("work/file")
        self.put("work/which", "work")
        self.put("work/sub/which", "sub")
        os.mkdir(os.path.join(self.work, "dir"))
        os.mkfifo(os.path.join(self.work, "pipe"))
        for name, text in (("link", "file"), ("loop", "loop"), ("nowhere", "missing/x")):
            os.symlink(text, os.path.join(self.work, name))
        self.put("work/secret", "", 0)
        if os.geteuid() == 0:  # who reads it anyway, outside
            os.chmod(os.path.join(self.work, "secret"), 0o644)

    def test_answers_of_the_kernel(self):
        # That a link was not to be followed the broker adds to the flags of a file it opens.
        def plain(match):
            return "flags %o" % (int(match.group(1), 8) & ~os.O_NOFOLLOW)
        control = self.plain(CALLERS, "answers").stdout
        self.make_tree()
        self.extend_tree()
        inside = self.run_in(CALLERS, "answers").stdout
        self.assertGreater(control.count("\n"), 70)
        self.maxDiff = None
        self.assertEqual(re.sub(r"flags (\d+)", plain, inside).splitlines(),
                         re.sub(r"flags (\d+)", plain, control).splitlines())

    def test_threads_with_directories_of_their_own(self):
        self.assertEqual(self.same(CALLERS, "directories", "sub", "which"),
                         "here work there sub\n")

    def test_killed_while_it_waits(self):
        self.assertEqual(self.same(CALLERS, "killed-opener", "pipe", "which"),
                         "killed 9 then work\n")

    def test_callers_that_die(self):
        self.assertEqual(self.same(CALLERS, "dying-callers", "200", "which"), "then work\n")

    def test_interrupted_while_it_waits(self):
        self.assertEqual(self.same(CALLERS, "interrupted-opener", "pipe"), "open EINTR\n")

    @unittest.skipIf(UNDUMPABLE_IS_REFUSED, "the broker has no capability over other processes here")
    def test_undumpable_program(self):
        self.same(FILES, "read-undumpable", "which")

    def test_undumpable_program_that_the_broker_cannot_read(self):
        """It is told that it cannot hide its memory, and every file is served as before."""
        if not UNDUMPABLE_IS_REFUSED:
            self.skipTest("the broker can read the memory of every program")
        script = ("import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                  "for value in (0, 1 << 32, 1):\n"
                  "    print(libc.prctl(4, ctypes.c_ulong(value), 0, 0, 0), ctypes.get_errno(),\n"
                  "          libc.prctl(3, 0, 0, 0, 0), open('which').read())\n")
        self.assertEqual(self.run_in("python3", "-c", script).stdout,
                         "-1 1 1 work\n-1 22 1 work\n0 22 1 work\n")

    def test_vfork(self):
        self.same(FILES, "read-after-vfork", "which")

    def test_pipe_stalls_nobody(self):
        """A hundred processes wait for the other end while others go on."""
        script = ("for i in $(seq 100); do cat pipe >/dev/null & done; sleep 0.2; "
                  "for i in $(seq 20); do cat which; done; "
                  "echo; while [ -n \"$(jobs -rp)\" ]; do exec 7<> pipe; sleep 0.1; exec 7>&-; done;"
                  "echo done")
        self.assertEqual(self.same("bash", "-c", script), "work" * 20 + "\ndone\n")

    def test_two_processes_talk_through_a_pipe(self):
        script = ("mkfifo there back; (while read -r x; do echo \"<$x>\"; done < there > back) & "
                  "exec 3> there 4< back; for i in 1 2 3; do echo $i >&3; read -r y <&4; echo $y; "
                  "done; exec 3>&-; wait")
        self.assertEqual(self.same("bash", "-c", script), "<1>\n<2>\n<3>\n")

    def test_writer_that_waits_for_its_reader(self):
        script = "echo text > pipe & sleep 0.1; cat pipe; wait"
        self.assertEqual(self.same("bash", "-c", script), "text\n")

    def test_descriptors_by_number(self):
        for script in ("cat /dev/fd/5 5< which", "cat /dev/fd/5/ 5< which; echo $?", "ls /proc/self/fd/5/ 5< sub",
                       "echo x | cat /dev/stdin", "cat <(echo a) <(echo b)",
                       "echo y > /dev/stdout", "echo z > /dev/fd/1", "tee >(cat) < which | sort",
                       "cat /proc/self/fd/5 5<<< here", "exec 6<> dir/rw; echo a >&6; cat /dev/fd/6",
                       "cat /proc/thread-self/fd/0 < which", "diff <(echo 1) <(echo 1) && echo same",
                       "cat << END\nhere\nEND", "cat /dev/null; echo $?; echo > /dev/null",
                       "exec 5< <(:); sleep 0.2; cat /dev/fd/5; echo done",
                       "cat /dev/tty; echo $?; (exec < /dev/tty) 2>/dev/null; echo $?"):
            with self.subTest(script):
                self.same("bash", "-c", script)

    def test_modes_of_new_files(self):
        script = ("umask 027; touch a; mkdir b; mkfifo c; umask 0; touch d; mkdir e; umask 077; "
                  "(umask 0; touch f); touch g; umask; stat -c '%n %a' [a-g]")
        self.same("bash", "-c", script)

    def test_socket_files(self):
        """A server of the command's own may have its socket file in the workspace."""
        script = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]);"
                  "s.listen(); print('bound')")
        bound = self.same("python3", "-c", script, "dir/socket")
        self.assertEqual(bound, "bound\n")
        with open("/etc/passwd", encoding="utf-8") as on_disk:
            self.assertEqual(self.same("python3", "-c", script, "dir/other", stdin=on_disk), bound)

    def test_many_openers(self):
        """More processes wait for pipes than the broker can remember."""
        script = ("for i in $(seq 300); do cat pipe > /dev/null & done; sleep 0.5; cat which; echo; "
                  "while [ -n \"$(jobs -rp)\" ]; do exec 7<> pipe; sleep 0.1; exec 7>&-; done; echo done")
        self.assertEqual(self.same("bash", "-c", script), "work\ndone\n")

    LEASE = """
import fcntl, os, signal, sys, time
held = os.open("file", os.O_RDONLY)
if sys.argv[1] == "gives-way":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGIO})
else:
    signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_RDLCK)
child = os.fork()
if child == 0:
    os.close(held)
    if sys.argv[2] == "truncate":
        os.truncate("file", 1)
    else:
        os.open("file", os.O_WRONLY | os.O_TRUNC)
    os._exit(0)
start = time.monotonic()
if sys.argv[1] == "gives-way":
    signal.sigwait({signal.SIGIO})
    fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.stat("file").st_size)
else:
    time.sleep(0.2)
    print(open("which").read(), "soon" if time.monotonic() - start < 40 else "late")
    os.kill(child, signal.SIGKILL)
"""

    def test_leases(self):
        """Who wants to change a file waits for whoever has a lease on it, and nobody else does: the
        kernel gives a holder 45 seconds."""
        for how in ("truncate", "open"):
            with self.subTest(how):
                self.assertEqual(self.same("python3", "-c", self.LEASE, "gives-way", how),
                                 "0 %d\n" % (how == "truncate"))
                self.assertEqual(self.same("python3", "-c", self.LEASE, "stays", how),
                                 "work soon\n")

    def test_locks(self):
        script = ("flock which sh -c 'flock -n which echo twice || echo once'; "
                  "flock -s which flock -s which echo both")
        self.assertEqual(self.same("bash", "-c", script), "once\nboth\n")

    def test_links_in_sticky_directories(self):
        os.chmod(os.path.join(self.work, "dir"), 0o1777)
        os.symlink("../which", os.path.join(self.work, "dir/own-link"))
        self.assertEqual(self.run_in("cat", "dir/own-link").stdout, "work")
        if os.geteuid() == 0:
            os.lchown(os.path.join(self.work, "dir/own-link"), 65534, 65534)
            for name in ("dir/own-link", "/proc/self/cwd/dir/own-link"):
                # The kernel's own rule, where its administrator has not switched it off.
                if self.plain("cat", name).returncode != 0:
                    self.assertNotEqual(self.run_in("cat", name).returncode, 0)

    def test_many_runs_in_one_place(self):
        """Two hundred at once; each sees the same rules and nobody leaves anything."""
        os.chmod(os.path.join(self.work, "secret"), 0o600)
        before = self.snapshot()
        commands = [subprocess.Popen(self.argv(["sh", "-c", "cat which; cat .env"]), cwd=self.work,
                                     env=self.environment(), stdin=subprocess.DEVNULL, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for _ in range(200)]
        for command in commands:
            out, err = command.communicate(timeout=LIMIT)
            self.assertEqual((command.returncode, out), (1, "work"), err)
        self.assertEqual(self.snapshot(), before)


class Crowd(Escape):
    """What the broker's threads do beside each other."""

    def test_pipes(self):
        os.mkfifo(os.path.join(self.work, "pipe"))
        script = ("for i in $(seq 100); do cat pipe & echo $i > pipe; wait $!; done; "
                  "for i in $(seq 100); do echo $i > pipe & cat pipe; wait $!; done")
        done = in_a_crowd(self, "bash", "-c", script)
        self.assertEqual(done.stdout.split(), [str(i) for i in (*range(1, 101), *range(1, 101))])

    def test_changes(self):
        script = ("for p in a b c d; do (for i in $(seq 50); do echo $p$i > $p$i; mv $p$i $p$i.txt; "
                  "mkdir $p$i; rmdir $p$i; done) & done; wait; cat *.txt | sort | uniq | wc -l")
        self.assertEqual(in_a_crowd(self, "bash", "-c", script).stdout, "201\n")

    def test_modes_of_new_files(self):
        script = ("for m in 022 027 077 002; do (umask $m; for i in $(seq 50); do > $m.$i; done) & done; "
                  "wait; stat -c '%n %a' 0* | sed 's/[.][0-9]*//' | sort | uniq -c | xargs")
        self.assertEqual(in_a_crowd(self, "bash", "-c", script).stdout,
                         "50 002 664 50 022 644 50 027 640 50 077 600\n")

    KEPT = """
import os, sys, time
ours = len(os.sched_getaffinity(0))
def kept():
    return [thread for thread in sys.argv[1:] if len(os.sched_getaffinity(int(thread))) < ours]
until = time.monotonic() + 10
while len(kept()) > 1 and time.monotonic() < until:
    for _ in range(100):
        open("own.txt").close()
print(len(sys.argv) > 3, len(kept()) > 1)
"""

    def test_processors_of_its_threads(self):
        """They keep off each other's processors while there is a crowd; then one keeps its own."""
        for _ in range(3):
            done = in_a_crowd(self, "python3", "-c", self.KEPT, when="go")
            self.assertEqual(done.stdout, "True False\n", done.stderr)

    NEW_PROGRAMS = """
import os, sys
def write_and_start(name):
    for _ in range(300):
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
        os.write(fd, b"#!/bin/true\\n")
        os.close(fd)
        pid = os.fork()
        if pid == 0:
            try:
                os.execv("./" + name, [name])
            except OSError as e:
                os._exit(e.errno)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status != 0:
            return status
    return 0
children = []
for number in range(3):
    children.append(os.fork())
    if children[-1] == 0:
        os._exit(write_and_start("program%d" % number))
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""

    def test_programs_that_were_just_written(self):
        """Nobody has them open for writing any more, the broker included."""
        done = in_a_crowd(self, "python3", "-c", self.NEW_PROGRAMS)
        self.assertEqual(done.stdout, "[0, 0, 0]\n")

    LATE = """
import fcntl, os, signal, time
def give_way():
    signal.sigwait({signal.SIGIO})
    for _ in range(20):
        open("own.txt").close()
    time.sleep(0.05)
    fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_UNLCK)
def take_lease():
    try:
        fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        return True
    except BlockingIOError:
        return False  # the broker is about to close its own
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGIO})
open("file", "w").close()
for _ in range(20):
    held = os.open("file", os.O_RDONLY)
    while not take_lease():
        time.sleep(0.01)
    child = os.fork()
    if child == 0:
        os.open("file", os.O_WRONLY | os.O_TRUNC)
        os._exit(0)
    give_way()
    os.waitpid(child, 0)
    os.close(held)
print("done")
"""

    def test_what_waits_when_nobody_calls(self):
        done = in_a_crowd(self, "python3", "-c", self.LATE, when="go")
        self.assertEqual(done.stdout, "done\n", done.stderr)

    def test_secrets(self):
        script = "for i in $(seq 300); do cat .env alias ./sub/../.env; done"
        done = in_a_crowd(self, "bash", "-c", script)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("Permission denied"), 900)


in_both_modes(globals(), Callers)


if __name__ == "__main__":
    totals.main()
