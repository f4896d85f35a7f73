"""The engine that has bwrap make the sandbox: which bwrap it takes, what it tells it, and that it
does not take what bwrap has made for granted."""
import contextlib
import json
import os
import shutil
import subprocess
import unittest

from sandbox import AMBIT, PROBE, Sandbox, host, totals
from test_kill import family

BUILT = os.path.dirname(PROBE)
OWN_BWRAP = ["unshare", "--mount", "--propagation", "private"]


class Bubblewrap(Sandbox):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reason = host.why_no_bubblewrap_engine()
        if reason:
            raise unittest.SkipTest(reason)

    def inside(self, *command, **kwargs):
        return self.run_in(*command, options=["--engine", "bubblewrap", "--quiet"], **kwargs)

    def with_bwrap(self, setup, *command):
        """Runs `command` where `setup`, a shell text with the real bwrap in /mnt, has changed the
        one in /usr/bin."""
        script = ("set -e\nmount -t tmpfs -o mode=755 none /mnt\ncp /usr/bin/bwrap /mnt/bwrap\n"
                  "%s\ncd work\nexec \"$@\"" % setup)
        return self.run_argv(OWN_BWRAP + ["sh", "-c", "cd \"$0\"\n" + script, self.top, *command])

    def refused(self, done, *words):
        self.assert_status(done, 125)
        self.assertEqual(done.stderr.count("ambit: error: "), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Told(Bubblewrap):
    def plan(self, *options):
        argv = [AMBIT, "plan", "--config-home", self.config, "-P", "p", "--engine", "bubblewrap"]
        done = self.run_argv(argv + list(options))
        self.assert_status(done, 0)
        return done.stdout

    def test_the_plan_shows_what_bwrap_is_told(self):
        self.put("work/.git/config")
        lines = [line.split(None, 1)[1] for line in self.plan().splitlines()
                 if line.startswith("bwrap ")]
        self.assertIn("--unshare-pid", lines)
        self.assertIn("--bind-fd <descriptor of {0}> {0}".format(self.work), lines)
        self.assertIn("--ro-bind-fd <descriptor of {0}/.git> {0}/.git".format(self.work), lines)
        found = json.loads(self.plan("--json"))
        self.assertEqual([" ".join(option) for option in found["bwrap"]], lines)

    def test_nothing_of_it_is_in_the_command_line_of_bwrap(self):
        run = self.start("sh", "-c", "echo up; sleep 60", options=["--engine", "bubblewrap"])
        self.assertEqual(run.stdout.readline(), "up\n")
        lines = []
        for process in family(run.pid):
            with contextlib.suppress(OSError), open("/proc/%d/cmdline" % process, "rb") as f:
                lines.append(f.read())
        lines = [line for line in lines if b"bwrap" in line.split(b"\0")[0]]
        self.assertEqual([line.split(b"\0")[:2] for line in lines], [[b"bwrap", b"--args"]])
        self.assertNotIn(os.fsencode(self.top), lines[0])


class Which(Bubblewrap):
    """Only root may have put it there."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root can put another bwrap there")

    def test_one_that_others_can_write_is_refused(self):
        argv = self.argv(["true"], options=["--engine", "bubblewrap"])
        self.assert_status(self.with_bwrap("mount --bind /mnt/bwrap /usr/bin/bwrap", *argv), 0)
        self.refused(self.with_bwrap("chmod g+w /mnt/bwrap; mount --bind /mnt/bwrap /usr/bin/bwrap",
                                     *argv), "can be written by others than root")

    def test_one_of_somebody_else_is_refused(self):
        argv = self.argv(["true"], options=["--engine", "bubblewrap"])
        self.refused(self.with_bwrap("chown 1 /mnt/bwrap; mount --bind /mnt/bwrap /usr/bin/bwrap",
                                     *argv), "does not belong to root")

    def test_path_does_not_count(self):
        self.put("work/bin/bwrap", "#!/bin/sh\ntouch ran\n", 0o755)
        done = self.inside("true", env={"PATH": self.work + "/bin:/usr/bin:/bin"})
        self.assert_status(done, 0)
        self.assertFalse(os.path.exists(os.path.join(self.work, "ran")))

    def test_without_one_the_package_is_named(self):
        argv = self.argv(["true"], options=["--engine", "bubblewrap"])
        self.refused(self.with_bwrap("mkdir /mnt/bin; mount --bind /mnt/bin /usr/bin",
                                     *argv), "install the package bubblewrap")

    def test_a_set_id_one_works_for_a_user(self):
        # Not nobody, whose number bwrap gives to root.
        user = next((u for u in ("ambit-test", "daemon")
                     if subprocess.run(["id", u], capture_output=True).returncode == 0), None)
        runuser = shutil.which("runuser", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if not user or not runuser:
            self.skipTest("there is no other user")
        program = os.path.join(self.top, "ambit")
        shutil.copy(AMBIT, program)
        os.chmod(self.top, 0o755)
        os.chmod(self.work, 0o777)
        setup = "chmod 4755 /mnt/bwrap; mount --bind /mnt/bwrap /usr/bin/bwrap"
        argv = self.argv(["sh", "-c", "echo x >made && ! cat x.env && grep CapEff: /proc/self/status"],
                         options=["--engine", "bubblewrap", "--quiet"])
        self.put("work/x.env")
        done = self.with_bwrap(setup, runuser, "-u", user, "--", program, *argv[1:])
        self.assert_status(done, 0)
        self.assertIn("0000000000000000", done.stdout)
        self.assertTrue(os.path.exists(os.path.join(self.work, "made")))


class NotAsTold(Bubblewrap):
    """A bwrap that leaves something out or makes something else, as when a path was swapped while
    it followed it: the command is not run."""

    def refused_with(self, name, *words):
        if os.geteuid() != 0:
            self.skipTest("only root can put another bwrap there")
        self.put("work/.git/config")
        self.put("work/secret")
        self.configure(self.settings + '"secret" = "deny"\n')
        other = os.path.join(BUILT, "other_bwrap_" + name)
        setup = "cp %s /mnt/other; mount --bind /mnt/other /usr/bin/bwrap" % other
        marker = self.put("work/marker")
        argv = self.argv(["rm", marker], options=["--engine", "bubblewrap", "--quiet"])
        self.refused(self.with_bwrap(setup, *argv), *words)
        self.assertTrue(os.path.exists(marker))

    def test_a_writable_disk(self):
        self.refused_with("writable", "checking what bwrap has mounted failed: '/' is not what")

    def test_a_shared_network(self):
        self.refused_with("shared", "something is shared or writable")

    def test_switches_of_the_kernel(self):
        self.refused_with("switches", "'/proc/sys' is not what")

    def test_a_mask_that_can_be_written(self):
        self.refused_with("unclosed", "/secret' is not what")

    def test_another_place(self):
        self.refused_with("elsewhere", "'/tmp' is not what")


if __name__ == "__main__":
    totals.main()
