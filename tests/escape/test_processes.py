"""Processes: those outside, the first one inside, and what the command may have of its own."""
import os
import signal
import subprocess
import time

from escape import KERNEL, LIVE, PROBE, Escape
from sandbox import host, processes, wait_for
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
        for name in ("environ", "cmdline", "root/etc/passwd", "fd/0", "maps"):
            self.refused(PROBE, "read", "/proc/%d/%s" % (self.victim.pid, name))

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
OURS = {"1": "ambit-init", "3": "ambit-broker"}


class Ours(Escape):
    """Our own processes inside."""

    @rows("E41", "E78")
    def test_they_are_not_touched(self):
        for pid, name in OURS.items():
            self.assertEqual(self.run_in("cat", "/proc/%s/comm" % pid).stdout, name + "\n")
            for program, *attack in (
                    (PROBE, "append", "mem"), (PROBE, "read", "mem"), (PROBE, "read", "environ"),
                    (PROBE, "read", "root/etc/passwd"), (PROBE, "read", "cwd/own.txt"),
                    (PROBE, "read", "maps"), (PROBE, "read", "fd/0"), (PROBE, "read", "../%s/auxv" % pid),
                    (PROBE, "read", "task/%s/mem" % pid), (PROBE, "append", "task/%s/mem" % pid),
                    (PROBE, "append", "oom_score_adj"), (PROBE, "append", "attr/current"),
                    (PROBE, "append", "uid_map"), (PROBE, "append", "clear_refs"),
                    (PROBE, "read", "syscall"), (PROBE, "read", "stack"), (PROBE, "read", "io")):
                with self.subTest((pid, *attack)):
                    attack[1] = "/proc/%s/%s" % (pid, attack[1])
                    self.assert_status(self.run_in(program, *attack), 1)
            for program, attack in ((PROBE, "trace"), (PROBE, "signal"),
                                    (KERNEL, "take-descriptor")):
                with self.subTest((pid, attack)):
                    self.assert_status(self.run_in(program, attack, pid), 1)
        # The same of an ordinary process of one's own.
        for name in ("environ", "maps", "root/etc/passwd", "cwd/own.txt"):
            done = self.run_in("sh", "-c", "sleep 9 & cat /proc/$!/%s" % name)
            self.assertNotEqual(done.stdout, "", name)

    @rows("E41", "E95")
    def test_their_limits_are_not_changed(self):
        for pid in OURS:
            self.assert_status(self.run_in(KERNEL, "set-limit", pid), 1)

    @rows("E41", "E95")
    def test_their_priority_is_not_changed(self):
        for attack in ("set-priority", "set-affinity", "set-scheduler"):
            for pid in OURS:
                self.assert_status(self.run_in(KERNEL, attack, pid), 1)

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
        for script in ("sleep 9 & renice -n 5 -p $! && taskset -p 1 $!",
                       "nice -n 5 true && taskset 1 chrt --idle 0 true",
                       "ionice -c 3 true && ionice -c 3 -p $$"):
            with self.subTest(script):
                self.assert_status(self.plain("sh", "-c", script), 0)
                self.assert_status(self.run_in("sh", "-c", script), 0)

    @rows("E78", "E41")
    def test_their_descriptors_are_not_seen(self):
        self.assertIn("0", self.plain("sh", "-c", "ls /proc/$PPID/fd").stdout)
        for folder in ("fd", "fdinfo", "map_files", "task/1/fd"):
            done = self.run_in("sh", "-c", "ls -l /proc/1/%s /proc/$PPID/%s /proc/3/%s" % (
                folder, folder, folder))
            self.assertNotIn("->", done.stdout)

    @rows("E41")
    def test_signals_do_not_stop_them(self):
        done = self.run_in("sh", "-c", "for p in 1 3; do for s in STOP KILL SEGV TERM; do "
                           "kill -$s $p; done; done; sleep 0.05; cat own.txt; exit 6")
        self.assertEqual((done.returncode, done.stdout), (6, "own\n"))

    @rows("E79")
    def test_they_tell_nothing_of_the_start(self):
        options = ["-c", 'permissions.p.description="made-up"']
        for name in ("cmdline", "environ", "comm", "status", "stat"):
            done = self.run_in("sh", "-c", "cat /proc/[13]/%s | tr '\\0' '\\n'" % name,
                               env={"SOME_VALUE": "made-up"}, options=options)
            self.assertNotIn("made-up", done.stdout)
            self.assertNotIn(self.config, done.stdout)


class Own(Escape):
    @rows("E65", "E95")
    def test_number_of_processes(self):
        self.configure(LIVE + "[permissions.p.limits]\nprocesses = 20\n")
        if os.geteuid() == 0:
            done = self.run_in(KERNEL, "processes", "100")
            if done.returncode == 125:
                self.assertRegex(done.stderr, r"\Aambit: error: [^\n]*processes[^\n]*\n\Z")
                self.skipTest("the kernel counts no processes of root, and ambit refuses the limit")
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
        sleeper = "1%09d" % os.getpid()
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
