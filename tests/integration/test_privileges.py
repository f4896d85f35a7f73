"""Ways to more rights, or to processes outside. Each attempt first has to work without the sandbox;
where this machine or this user cannot do it anyway the test says so and is skipped."""
import os
import shlex
import subprocess

from sandbox import ENGINE, PROBE, Sandbox, totals, unique_number
from terminal import Terminal


class Kernel(Sandbox):
    def test_new_namespaces(self):
        for kind in ("user", "mount", "net", "pid"):
            with self.subTest(kind):
                self.attempt("unshare", kind)

    def test_mount(self):
        self.attempt("mount", self.outside)

    def test_uncover_a_denied_file(self):
        self.put("work/.env", "SECRET=made-up\n")
        done = self.run_in("sh", "-c", 'for p in .env . /proc /dev /; do "$0" umount "$p"; done; '
                           "cat .env", PROBE)
        self.assertNotIn(" ok", done.stdout)
        self.assertNotIn("made-up", done.stdout)

    def test_chroot(self):
        self.attempt("chroot", self.outside)

    def test_device_node(self):
        self.attempt("mknod", "node", prepare=self.forget_node)

    def forget_node(self):
        if os.path.lexists(os.path.join(self.work, "node")):
            os.unlink(os.path.join(self.work, "node"))

    def test_setuid_program(self):
        self.attempt("setuid", "tool", prepare=lambda: self.put("work/tool"))

    def test_keyring(self):
        self.attempt("keyring")

    def test_add_key(self):
        self.attempt("add-key")

    def test_io_uring(self):
        self.attempt("io-uring")

    def test_user_fault(self):
        self.attempt("user-fault")

    def test_kernel_settings_for_root(self):
        """Opened for writing only; nothing is written."""
        for name in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness",
                     "/proc/sysrq-trigger"):
            with self.subTest(name):
                self.attempt("append", name)

    def test_no_privilege_is_left(self):
        done = self.run_in("grep", "-E", "^(Cap|NoNewPrivs)", "/proc/self/status")
        values = dict(line.split(":\t") for line in done.stdout.splitlines())
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(values[name], 16), 0, name)
        self.assertEqual(values["NoNewPrivs"], "1")

    def test_character_typed_into_the_terminal(self):
        terminal = Terminal(self.work, self.environment())
        self.addCleanup(terminal.close)
        terminal.line(shlex.join([PROBE, "type-ahead"]))
        if terminal.wait_for(r"type-ahead (\w+)").group(1) != "ok":
            self.skipTest("this kernel lets no ordinary program type into its terminal")
        terminal.line("")  # takes the character away
        terminal.line(shlex.join(self.argv([PROBE, "type-ahead"])))
        self.assertRegex(terminal.wait_for(r"type-ahead (\w+)").group(1), "E[A-Z]+")


class Processes(Sandbox):
    def setUp(self):
        super().setUp()
        self.victim = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL,
                                       env={"VICTIM": "made-up-value"})
        self.started.append(self.victim)

    def test_signal_to_a_process_outside(self):
        self.attempt("signal", self.victim.pid)

    def test_tracing_a_process_outside(self):
        self.attempt("trace", self.victim.pid)

    def test_environment_of_a_process_outside(self):
        self.attempt("read", "/proc/%d/environ" % self.victim.pid)

    def test_files_of_a_process_outside(self):
        self.attempt("read", "/proc/%d/root/etc/passwd" % self.victim.pid)

    def test_only_processes_of_the_sandbox_are_seen(self):
        list_all = ["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]
        self.assertIn("sleep 1000", self.plain(*list_all).stdout)
        self.assertNotIn("sleep 1000", self.run_in(*list_all).stdout)

    def test_first_process_tells_nothing(self):
        """It is ours: what it was started with is not for the command."""
        secret = "made-up-token-value"
        env, options = {"MADE_UP_TOKEN": secret}, ["-c", 'permissions.p.description="%s"' % secret]
        for name in ("environ", "cmdline"):
            with self.subTest(name):
                done = self.run_in("sh", "-c", "cat /proc/1/%s | tr '\\0' '\\n'" % name, env=env,
                                   options=options)
                self.assertNotIn(secret, done.stdout)
        # The control: the very same things are seen of an ordinary process.
        plain = self.plain("sh", "-c", "cat /proc/$$/environ /proc/$$/cmdline; : %s" % secret,
                           env=env)
        self.assertEqual(plain.stdout.count(secret), 2)

    def test_first_process_cannot_be_touched(self):
        """With live decisions and without, where nothing but its own word keeps it from the command."""
        attacks = ("append /proc/PID/mem", "read /proc/PID/mem", "trace PID",
                   "read /proc/PID/root/etc/passwd")
        for profile in ("p", ":read-only"):
            for attack in attacks:
                with self.subTest(attack, profile=profile):
                    first = attack.replace("PID", "1").split()
                    done = self.run_in(PROBE, *first, profile=profile)
                    self.assertRegex(done.stdout, " EACCES| EPERM")
                    # The control: a process of its own. Nothing is at the start of its memory.
                    own = "sleep 100 & exec %s %s" % (PROBE, attack.replace("PID", "$!"))
                    self.assertRegex(self.run_in("sh", "-c", own, profile=profile).stdout, " ok| EIO")

    def test_first_process_shows_none_of_its_descriptors(self):
        """Also where changes are decided call by call and opens are not, and it lends its memory to
        the command's process at first."""
        if os.geteuid() == 0:
            self.skipTest("root owns the directory of a process that hides itself")
        self.assert_status(self.run_in("ls", "/proc/self/fd", profile=":read-only"), 0)
        soon = "for i in $(seq 50); do ls /proc/1/fd || exit 0; sleep 0.1; done; exit 1"
        with open("/etc/passwd", encoding="utf-8") as on_disk:
            for stdin in (on_disk, subprocess.DEVNULL):
                self.assert_status(self.run_in("sh", "-c", soon, profile=":read-only", stdin=stdin), 0)

    def test_first_process_cannot_be_stopped(self):
        self.run_in("sh", "-c", "kill -STOP 1; kill -KILL 1; kill -TERM 1; true")
        done = self.run_in("sh", "-c", "kill -STOP 1; sleep 0.1; kill -TERM 1; exit 6")
        self.assert_status(done, 6)

    def test_debugging_within_the_sandbox_is_not_of_the_outside(self):
        """A process inside may look at another inside: debuggers work."""
        done = self.run_in("sh", "-c", "sleep 100 & cat /proc/$!/environ >/dev/null && echo seen")
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, "seen\n")


class Devices(Sandbox):
    def test_dev_is_small_and_private(self):
        done = self.run_in("ls", "/dev")
        allowed = {"null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "fd", "stdin",
                   "stdout", "stderr", "core", "shm", "console"}
        self.assertLessEqual(set(done.stdout.split()), allowed)

    def test_modes_do_not_depend_on_the_mask_of_the_caller(self):
        """Those of what is made for the sandbox. What the command makes has its mask."""
        script = "stat -c '%a %n' /dev /dev/shm; umask; mkdir new; stat -c %a new; rm -rf new"
        named = ["--engine", ENGINE or "native"]
        for mask, own in ((0o22, "755"), (0o77, "700"), (0o777, "0")):
            expected = ["755 /dev", "1777 /dev/shm", "%04o" % mask, own]
            with self.subTest("%o" % mask):
                self.assertEqual(self.plain("sh", "-c", script, umask=mask).stdout.splitlines()[2:],
                                 expected[2:])
                done = self.run_in("sh", "-c", script, umask=mask, options=named)
                self.assert_status(done, 0)
                self.assertEqual(done.stdout.splitlines(), expected)

    def test_devices_work(self):
        done = self.run_in("sh", "-ec", """
            echo x > /dev/null; head -c 4 /dev/urandom | wc -c; head -c 3 /dev/zero | wc -c
            echo y | cat /dev/stdin; echo z > /dev/shm/f; cat /dev/shm/f""")
        self.assert_status(done, 0)
        self.assertEqual(done.stdout.split(), ["4", "3", "y", "z"])

    def test_shared_memory_is_private(self):
        name = "/dev/shm/ambit-it-" + unique_number()
        with open(name, "w", encoding="utf-8") as f:
            f.write("made-up")
        self.addCleanup(os.unlink, name)
        self.attempt("read", name)


if __name__ == "__main__":
    totals.main()
