"""Processes: those outside, the first one inside, and what the command may have of its own."""
import os
import signal
import subprocess
import time

from escape import FILES, KERNEL, LIVE, PROBE, Escape, in_a_crowd
from sandbox import ENGINE, host, processes, unique_number, wait_for
import totals
from rows import rows


class Outside(Escape):
    def setUp(self):
        super().setUp()
        self.victim = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL,
                                       env={"VICTIM": "made-up-value"})
        self.started.append(self.victim)

    def refused(self, program, *attack):
        with self.subTest(attack):
            self.blocked(*attack, program=program, prepare=lambda: None)

    @rows("E40")
    def test_process_outside(self):
        pid = self.victim.pid
        self.refused(PROBE, "trace", pid)
        self.refused(PROBE, "signal", pid)
        for attack in ("get-limit", "set-limit", "set-affinity", "set-scheduler", "set-priority",
                       "take-descriptor"):
            self.refused(KERNEL, attack, pid)
        with open("/proc/%d/maps" % pid, encoding="utf-8") as f:
            address = f.readline().split("-")[0]
        self.refused(KERNEL, "read-memory", pid, address)

    @rows("E42")
    def test_files_of_a_process_outside(self):
        folder = "/proc/%d" % self.victim.pid
        for name in ("environ", "cmdline", "root/etc/passwd", "fd/0", "maps", "comm", "status",
                     "task/%d/cmdline" % self.victim.pid):
            self.refused(PROBE, "read", "%s/%s" % (folder, name))
        self.refused(FILES, "read-creating", folder + "/cmdline")
        self.refused(FILES, "read-from-directory", folder, "cmdline")

    @rows("E40", "E42")
    def test_processes_outside_are_not_seen(self):
        script = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
        self.assertIn("sleep 1000", self.plain("sh", "-c", script).stdout)
        self.assertNotIn("sleep 1000", self.run_in("sh", "-c", script).stdout)

    @rows("E53")
    def test_services_start_nothing(self):
        """systemd, at and cron of the host."""
        ways = (("systemd-run --user -q touch %s", "systemd-run"), ("echo touch %s | at now", "at"),
                ("echo '* * * * * touch %s' | crontab -", "crontab"))
        tried = 0
        for way, program in ways:
            works = self.plain("sh", "-c", way % os.path.join(self.outside, "control"))
            if works.returncode != 0:
                continue
            if program == "crontab":
                self.plain("crontab", "-r")
            tried += 1
            done = self.run_in("sh", "-c", way % os.path.join(self.outside, "made"))
            self.assertNotEqual(done.returncode, 0, program)
        if not tried:
            self.skipTest("this host has no service that starts a command for us")


# The first process of the sandbox, parent of the command, and the broker beside it.
OURS = ["ambit-init", "ambit-broker"]
if ENGINE == "landlock":
    OURS.append("ambit-guard")
# Starts "$@" with the number of the process that is called $0 wherever there is a "%".
WITH_NUMBER = """
for d in /proc/[0-9]*; do
  if read -r name < $d/comm && [ "$name" = "$0" ]; then
    pid=${d#/proc/}; set -- "${@//[%]/$pid}"; exec "$@"
  fi
done 2>/dev/null
exit 99"""


class Ours(Escape):
    """Our own processes inside."""

    def against(self, name, *command, **kwargs):
        return self.run_in("bash", "-c", WITH_NUMBER, name, *command, **kwargs)

    @rows("E41", "E78")
    def test_they_are_not_touched(self):
        for name in OURS:
            self.assertEqual(self.against(name, "cat", "/proc/%/comm").stdout, name + "\n")
            for attack, path in (
                    ("append", "mem"), ("read", "mem"), ("read", "environ"),
                    ("read", "root/etc/passwd"), ("read", "cwd/own.txt"),
                    ("read", "maps"), ("read", "fd/0"), ("read", "task/../auxv"),
                    ("read", "task/../mem"), ("append", "task/../mem"),
                    ("append", "oom_score_adj"), ("append", "attr/current"),
                    ("append", "uid_map"), ("append", "clear_refs"),
                    ("read", "syscall"), ("read", "stack"), ("read", "io")):
                with self.subTest((name, attack, path)):
                    self.assert_status(self.against(name, PROBE, attack, "/proc/%/" + path), 1)
            for program, attack in ((PROBE, "trace"), (PROBE, "signal"),
                                    (KERNEL, "take-descriptor")):
                with self.subTest((name, attack)):
                    self.assert_status(self.against(name, program, attack, "%"), 1)
        # The same of an ordinary process of one's own.
        for name in ("environ", "maps", "root/etc/passwd", "cwd/own.txt"):
            done = self.run_in("sh", "-c", "sleep 9 & cat /proc/$!/%s" % name)
            self.assertNotEqual(done.stdout, "", name)

    @rows("E41", "E78")
    def test_threads_of_the_broker_are_not_touched(self):
        script = ('tried=0; for n; do for f in mem environ maps auxv syscall fd/0 root/etc/passwd; do '
                  'tried=$((tried + 1)); "$0" read /proc/$n/$f && echo $n $f; done; '
                  '"$0" append /proc/$n/mem && echo $n; "$0" trace $n && echo trace $n; done; echo $tried')
        done = in_a_crowd(self, "bash", "-c", script, PROBE)
        refused = "(read EACCES\n){7}append EACCES\ntrace EPERM\n"
        self.assertRegex(done.stdout, r"\A(%s){2,}(14|21|28)\n\Z" % refused)

    @rows("E41", "E78")
    def test_they_are_not_read_from_within_their_directories(self):
        script = 'for f in environ maps auxv io; do (cd /proc/$1 && "$0" read $f); done'
        for name in OURS:
            done = self.against(name, "bash", "-c", script, PROBE, "%")
            self.assertRegex(done.stdout, r"\A(read (EACCES|EPERM)\n){4}\Z", name)
        control = self.run_in("bash", "-c", 'sleep 9 & cd /proc/$! && "$0" read environ', PROBE)
        self.assert_status(control, 0)

    @rows("E41", "E95")
    def test_their_limits_are_not_changed(self):
        for name in OURS:
            self.assert_status(self.against(name, KERNEL, "set-limit", "%"), 1)

    @rows("E41", "E95")
    def test_their_priority_is_not_changed(self):
        for attack in ("set-priority", "set-affinity", "set-scheduler"):
            for name in OURS:
                self.assert_status(self.against(name, KERNEL, attack, "%"), 1)

    @rows("E41")
    def test_what_a_program_hides_the_broker_shows_nobody(self):
        """It can read such a program's memory, which lends the others nothing."""
        script = ("import ctypes, os, sys, time\n"
                  "r, w = os.pipe()\n"
                  "child = os.fork()\n"
                  "if child == 0:\n"
                  "    hidden = ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == 0\n"
                  "    os.write(w, b'h' if hidden else b'-')\n"
                  "    time.sleep(60)\n"
                  "if os.read(r, 1) != b'h': sys.exit(9)\n"
                  "for name in ('cwd/own.txt', 'root/etc/passwd', 'environ', 'fd/0'):\n"
                  "    try:\n"
                  "        open('/proc/%d/%s' % (child, name)).read()\n"
                  "        print(name)\n"
                  "    except PermissionError:\n"
                  "        pass\n")
        done = self.run_in("python3", "-c", script)
        if done.returncode == 9:
            self.skipTest("no program can hide its memory here")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    @rows("E41", "E95")
    def test_priority_of_groups_and_users(self):
        """A group may have members outside, and so has a user where all share one host. The attempt
        is one that the kernel refuses by itself in other words than the filter, so that nobody's
        priority is changed where there is no filter."""
        script = ("import ctypes, sys, errno\n"
                  "libc = ctypes.CDLL(None, use_errno=True)\n"
                  "%s\nprint(errno.errorcode[ctypes.get_errno()])")
        attempts = {"libc.setpriority(1, 0, -20)": "EACCES", "libc.setpriority(2, 0, -20)": "EACCES",
                    "libc.syscall(%d, 2, 0, 7 << 13)": "EINVAL",
                    "libc.syscall(%d, 3, 0, 7 << 13)": "EINVAL"}
        ioprio_set = {"x86_64": 251, "aarch64": 30}[os.uname().machine]
        for engine in ("native", "landlock"):
            if engine == "landlock" and host.why_no_landlock_engine():
                self.skipTest(host.why_no_landlock_engine())
            for attempt, otherwise in attempts.items():
                attempt = attempt.replace("%d", str(ioprio_set))
                with self.subTest((engine, attempt)):
                    command = ["python3", "-c", script % attempt]
                    if os.getuid() != 0:
                        self.assertEqual(self.plain(*command).stdout.strip(), otherwise)
                    done = self.run_in(*command, options=["--engine", engine])
                    self.assertEqual(done.stdout.strip(), "EPERM", done.stderr)

    @rows("E95")
    def test_priority_of_ones_own(self):
        scripts = ["nice -n 5 true && taskset 1 chrt --idle 0 true", "ionice -c 3 true"]
        if ENGINE != "landlock":  # any number may be that of a process outside
            scripts += ["sleep 9 & renice -n 5 -p $! && taskset -p 1 $!", "ionice -c 3 -p $$"]
        for script in scripts:
            with self.subTest(script):
                self.assert_status(self.plain("sh", "-c", script), 0)
                self.assert_status(self.run_in("sh", "-c", script), 0)

    @rows("E78", "E41")
    def test_their_descriptors_are_not_seen(self):
        self.assertIn("0", self.plain("sh", "-c", "ls /proc/$PPID/fd").stdout)
        for folder in ("fd", "fdinfo", "map_files", "task/%/fd"):
            for name in OURS:
                done = self.against(name, "ls", "-l", "/proc/%/" + folder)
                self.assertNotIn("->", done.stdout)
            self.assertNotIn("->", self.run_in("sh", "-c", "ls -l /proc/$PPID/fd").stdout)

    @rows("E41")
    def test_signals_do_not_stop_them(self):
        for name in OURS:
            done = self.against(name, "sh", "-c", "for s in STOP KILL SEGV TERM; do kill -$s $0; done; "
                                "sleep 0.05; cat own.txt; exit 6", "%")
            self.assertEqual((done.returncode, done.stdout), (6, "own\n"))

    @rows("E79")
    def test_they_tell_nothing_of_the_start(self):
        options = ["-c", 'permissions.p.description="made-up"']
        for name in ("cmdline", "environ", "comm", "status", "stat"):
            for process in OURS:
                done = self.against(process, "sh", "-c", "cat /proc/$0/%s | tr '\\0' '\\n'" % name, "%",
                                    env={"SOME_VALUE": "made-up"}, options=options)
                self.assertNotEqual(done.returncode, 99, process)
                self.assertNotIn("made-up", done.stdout)
                self.assertNotIn(self.config, done.stdout)


class Own(Escape):
    @rows("E65", "E95")
    def test_number_of_processes(self):
        self.configure(LIVE + "[permissions.p.limits]\nprocesses = 20\n")
        if os.geteuid() == 0 or ENGINE == "landlock":
            done = self.run_in(KERNEL, "processes", "100")
            if done.returncode == 125:
                self.assertRegex(done.stderr, r"\Aambit: error: [^\n]*processes[^\n]*\n\Z")
                self.skipTest("the kernel counts no processes of root, and none of this sandbox alone "
                              "without namespaces; ambit refuses the limit")
        self.blocked("processes", "100", program=KERNEL)

    @rows("E95")
    def test_core_files_and_sizes(self):
        self.configure(LIVE + "[permissions.p.limits]\nopen_files = 50\nfile_size = 1000000\n")
        done = self.run_in("bash", "-c", "ulimit -c; ulimit -Hn; ulimit -Hf; ulimit -n 51")
        self.assertEqual(done.stdout.split()[0], "0")
        self.assertEqual(done.stdout.split()[1], "50")
        self.assertEqual(done.stdout.split()[2], str(1000000 // 1024))
        self.assertNotEqual(done.returncode, 0)
        self.assert_status(self.plain("bash", "-c", "ulimit -n 51"), 0)
        # Of one that somebody else carries out, too.
        grow = ("python3", "-c", "import os; os.truncate('own.txt', 1000001)")
        self.assert_status(self.plain(*grow), 0)
        self.make_tree()
        self.assertIn("File too large", self.run_in(*grow).stderr)
        self.assertEqual(os.path.getsize(os.path.join(self.work, "own.txt")), 4)
        self.assert_status(self.run_in(*grow[:2], grow[2].replace("1000001", "1000000")), 0)

    @rows("F3")
    def test_killed_launcher_takes_everything_along(self):
        before = self.snapshot()
        sleeper = unique_number()
        for script in ("exec sleep %s" % sleeper, "setsid sleep %s & sleep %s" % (sleeper, sleeper),
                       "while :; do cat own.txt .env; done >/dev/null 2>&1 & sleep %s" % sleeper):
            with self.subTest(script):
                launcher = self.start("bash", "-c", script)
                self.assertTrue(wait_for(lambda: processes("sleep", sleeper)))
                os.kill(launcher.pid, signal.SIGKILL)
                launcher.wait()
                self.assert_gone("sleep", sleeper)
                self.assertEqual(self.snapshot(), before)
        # Without the sandbox it goes on.
        shell = subprocess.Popen(["bash", "-c", "sleep %s; :" % sleeper])
        self.assertTrue(wait_for(lambda: processes("sleep", sleeper)))
        shell.kill()
        shell.wait()
        time.sleep(0.1)
        left = processes("sleep", sleeper)
        self.assertEqual(len(left), 1)
        os.kill(left[0], signal.SIGKILL)


if __name__ == "__main__":
    totals.main()
