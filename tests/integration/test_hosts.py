"""Hosts that are not plain: trees mounted twice, no user namespaces, a covered /proc, a sandbox
inside a sandbox. Each is made of namespaces of the test's own and leaves nothing behind."""
import os
import shutil

from sandbox import AMBIT, OWN_MOUNTS, PROBE, OwnMounts, Sandbox, host, totals


class Host(OwnMounts, Sandbox):
    def on_host(self, setup, *command):
        """Runs `command` where `setup`, a shell text, has changed the mounts. "$0" is self.top."""
        script = "set -e\n%s\ncd work\nexec \"$@\"" % setup
        return self.run_argv(OWN_MOUNTS + ["sh", "-c", "cd \"$0\"\n" + script, self.top, *command])


class TwoNames(Host):
    """A file below a directory that is mounted at two places has two names."""

    SETUP = """
mkdir -p names/whole names/parent names/child
mount --bind work names/whole
mount --bind . names/parent
mount --bind work/sub names/child
"""
    NAMES = ("names/whole/sub/x.env", "names/parent/work/sub/x.env", "names/child/x.env")

    def closed(self, config):
        self.put("work/sub/x.env")
        self.put("work/sub/open.txt")
        self.configure(config)
        for name in self.NAMES:
            with self.subTest(name):
                attack = [PROBE, "read", "../" + name]
                self.assert_status(self.on_host(self.SETUP, *attack), 0)
                self.assert_status(self.on_host(self.SETUP, *self.argv(attack)), 1)
                beside = [PROBE, "read", "../" + name.replace("x.env", "open.txt")]
                self.assert_status(self.on_host(self.SETUP, *self.argv(beside)), 0)

    def test_matches_of_a_pattern(self):
        self.closed('[permissions.p]\nextends = ":workspace"\n'
                    '[permissions.p.filesystem.":workspace_roots"]\n"**/*.env" = "deny"\n')

    def test_a_denied_file(self):
        self.closed('[permissions.p]\nextends = ":workspace"\n'
                    '[permissions.p.filesystem.":workspace_roots"]\n"sub/x.env" = "deny"\n')

    def test_read_only_in_another_writable_root(self):
        self.put("work/sub/ro")
        self.configure('[permissions.p]\nextends = ":workspace"\n'
                       '[permissions.p.workspace_roots]\n"%s/names/whole" = true\n'
                       '[permissions.p.filesystem]\n"%s/work/sub/ro" = "read"\n'
                       % (self.top, self.top))
        attack = [PROBE, "append", "../names/whole/sub/ro"]
        self.assert_status(self.on_host(self.SETUP, *attack), 0)
        self.assert_status(self.on_host(self.SETUP, *self.argv(attack)), 1)


class Refused(Host):
    """What the host cannot enforce is refused before the command starts, with the step and the
    remedy."""

    def refused(self, setup, *words):
        marker = self.put("work/marker")
        done = self.on_host(setup, *self.argv(["rm", marker], options=["--engine", "native"]))
        self.assert_status(done, 125)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("ambit: error: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assert_status(self.plain("test", "-e", marker), 0)

    def test_without_user_namespaces(self):
        self.refused("echo 0 > /proc/sys/user/max_user_namespaces",
                     "making user, mount, process and network namespaces",
                     "user.max_user_namespaces")

    def test_without_network_namespaces(self):
        self.refused("echo 0 > /proc/sys/user/max_net_namespaces", "namespaces", "sysctl")

    def test_below_a_covered_proc(self):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
            if sum(" - proc " in line for line in f) > 1:
                self.skipTest("another proc mount is in full view, so the kernel gives out more")
        self.refused("mount -t tmpfs none /proc/sys", "mounting a private /proc", "unmasked")


class Otherwise(Host):
    """Where there are no namespaces, the other engine is chosen by itself, and enforces."""

    HOSTS = (("user", "echo 0 > /proc/sys/user/max_user_namespaces"),
             ("network", "echo 0 > /proc/sys/user/max_net_namespaces"))

    def setUp(self):
        reason = host.why_no_landlock_engine()
        if reason:
            self.skipTest(reason)
        super().setUp()

    def test_enforces(self):
        self.put("work/x.env")
        self.put("work/own")
        self.put("outside/file")
        for name, setup in self.HOSTS:
            for attack, status in ((("read", "own"), 0), (("append", "own"), 0),
                                   (("read", "x.env"), 1), (("create", "y.env"), 1),
                                   (("create", ".codex"), 1), (("append", "../outside/file"), 1),
                                   (("chmod", "0600", "../outside/file"), 1),
                                   (("touch", "../outside/file"), 1)):
                with self.subTest((name, attack)):
                    argv = [PROBE, *attack]
                    self.assert_status(self.on_host(setup, *argv), 0)
                    shutil.rmtree(os.path.join(self.work, ".codex"), ignore_errors=True)
                    for left in ("y.env", ".codex"):
                        if os.path.lexists(os.path.join(self.work, left)):
                            os.unlink(os.path.join(self.work, left))
                    self.assert_status(self.on_host(setup, *self.argv(argv)), status)

    def test_refuses_what_needs_mounts(self):
        self.configure(self.settings + '[permissions.p.filesystem]\ndeny_mode = "snapshot"\n')
        done = self.on_host(self.HOSTS[0][1], *self.argv(["true"]))
        self.assert_status(done, 125)
        self.assertIn("user.max_user_namespaces", done.stderr)
        self.assertIn('with the engine \'landlock\': ', done.stderr)
        self.assertIn("snapshot", done.stderr)


class GrantedInClosed(Sandbox):
    """What is granted inside a closed directory can be used, and stays where it is: to take its
    name away or to give it away would change the directory."""

    def attempts(self, engine, closed):
        self.put("work/d/open/kept")
        self.put("work/d/file")
        self.put("work/other")
        self.configure('[permissions.p]\nextends = ":workspace"\n'
                       '[permissions.p.filesystem.":workspace_roots"]\n'
                       '"d" = "%s"\n"d/open" = "write"\n"d/file" = "write"\n' % closed)
        for attempt, status in ((("unlink", "d/file"), 1), (("rename", "d/file", "moved"), 1),
                                (("rename", "other", "d/file"), 1),
                                (("exchange", "other", "d/file"), 1),
                                (("rename", "d/open", "moved"), 1),
                                (("rename", "d/open/kept", "d/file"), 1),
                                (("append", "d/file"), 0), (("create", "d/open/new"), 0),
                                (("rename", "d/open/new", "d/open/newer"), 0),
                                (("unlink", "d/open/kept"), 0)):
            with self.subTest((engine, closed, attempt)):
                self.assert_status(self.run_in(PROBE, *attempt, options=["--engine", engine]),
                                   status)
        self.assertTrue(os.path.exists(os.path.join(self.work, "d/file")))

    def test_native(self):
        self.attempts("native", "deny")

    def test_native_read_only(self):
        self.attempts("native", "read")

    def test_bubblewrap(self):
        reason = host.why_no_bubblewrap_engine()
        if reason:
            self.skipTest(reason)
        for closed in ("deny", "read"):
            self.attempts("bubblewrap", closed)

    def test_landlock(self):
        reason = host.why_no_landlock_engine()
        if reason:
            self.skipTest(reason)
        self.attempts("landlock", "deny")

    def test_landlock_read_only(self):
        reason = host.why_no_landlock_engine()
        if reason:
            self.skipTest(reason)
        self.attempts("landlock", "read")


class WritableDisk(Sandbox):
    """A whole disk that is writable, with exceptions, by every engine: the devices, the processes
    and the kernel's switches are not part of it."""

    SWITCHES = ("/proc/sys/vm/swappiness", "/sys/kernel/mm/transparent_hugepage/khugepaged/defrag")

    def outcome(self, engine, *command):
        done = self.run_in(*command, options=["--engine", engine])
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode

    def test_every_engine(self):
        self.put("work/secret")
        self.put("work/x.env")
        self.put("outside/file")
        self.configure('[permissions.p.filesystem]\n":root" = "write"\n"%s/secret" = "deny"\n'
                       '"%s/**/*.env" = "deny"\n' % (self.work, self.work))
        for engine in ("native", "landlock", "bubblewrap"):
            if host.why_no_engine(engine):
                self.skipTest(host.why_no_engine(engine))
            for attempt, status in ((("read", "secret"), 1), (("append", "secret"), 1),
                                    (("unlink", "secret"), 1), (("read", "x.env"), 1),
                                    (("create", "y.env"), 1), (("append", "../outside/file"), 0),
                                    (("chmod", "0600", "../outside/file"), 0),
                                    (("create", "../outside/%s" % engine), 0),
                                    (("create", ".codex-%s" % engine), 0)):
                with self.subTest((engine, attempt)):
                    self.assertEqual(self.outcome(engine, PROBE, *attempt), status)

    def test_what_is_the_kernels(self):
        if os.getuid() != 0:
            self.skipTest("only root could change these")
        reason = host.why_no_landlock_engine()
        if reason:
            self.skipTest(reason)
        self.configure('[permissions.p.filesystem]\n":root" = "write"\n')
        mode = "%04o" % (os.stat("/dev/null").st_mode & 0o777)
        attempts = [(PROBE, "chmod", mode, "/dev/null")]
        attempts += [("sh", "-c", "value=$(cat %s) && echo $value >%s" % (path, path))
                     for path in self.SWITCHES if os.path.exists(path)]
        for attempt in attempts:
            with self.subTest(attempt):
                self.assert_status(self.plain(*attempt), 0)
                self.assertNotEqual(
                    self.run_in(*attempt, options=["--engine", "landlock"]).returncode, 0)


class Nested(Host):
    def test_inside_other_namespaces(self):
        self.put("work/x.env")
        self.assert_status(self.on_host("", *self.argv([PROBE, "read", "x.env"])), 1)
        self.assert_status(self.on_host("", *self.argv(["true"])), 0)

    def test_inside_itself_is_refused_with_the_way_out(self):
        """Whichever engine is outside and inside; nothing of the remedies for hosts would help."""
        for outer in ("native", "landlock", "bubblewrap"):
            if host.why_no_engine(outer):
                continue
            for inner in (["--engine", "native"], ["--engine", "landlock"],
                          ["--engine", "bubblewrap"], []):
                with self.subTest(outer=outer, inner=inner):
                    command = [AMBIT, "run", "--config-home", self.config, "-P", "p", *inner, "--",
                               "touch", "ran"]
                    done = self.run_in(*command, options=["--engine", outer])
                    self.assert_status(done, 125)
                    self.assertRegex(done.stderr, r"\Aambit: error: cannot start the sandbox: this is "
                                     r"inside of another sandbox of ambit[^\n]*; run the command as it "
                                     r"is[^\n]* or run ambit outside of it\n\Z")
                    self.assertNotIn("work/ran", self.snapshot())


if __name__ == "__main__":
    totals.main()
