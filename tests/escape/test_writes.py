"""What lies outside, and what is protected inside, stays as it is."""
import os
import re
import shlex
import subprocess

from escape import FILES, LIVE, PROBE, Escape, Host, for_root, in_both_modes, table
import totals
from rows import rows
from sandbox import AMBIT, ENGINE, Adoption


# Commands that end in every way, and make nothing that may stay.
TRACELESS = ("true", "false", "kill -9 $$", "sleep 100 & exit 3", "cat .env; mkdir .git/x")


class Outside(Escape):
    @rows("E93")
    def test_tmpdir_opens_no_other_place(self):
        """The profile that grants $TMPDIR grants that directory, and nothing beside it."""
        os.mkdir(os.path.join(self.top, "tmp"))
        env = {"TMPDIR": os.path.join(self.top, "tmp")}
        self.attempt("create", "../tmp/x", allowed=True, env=env,
                     prepare=lambda: subprocess.run(["rm", "-f", self.top + "/tmp/x"], check=True))
        self.blocked("create", "../outside/x", env=env)
        # A profile without that grant takes nothing from the variable.
        self.configure('[permissions.p]\n[permissions.p.filesystem]\n":root" = "read"\n'
                       '[permissions.p.filesystem.":workspace_roots"]\n"." = "write"\n')
        self.blocked("create", "../outside/x", env={"TMPDIR": self.outside})

    @rows("E93")
    def test_tmpdir_that_holds_what_is_denied(self):
        env = {"TMPDIR": os.path.join(self.home, ".ssh")}
        done = self.run_in("cat", "../home/.ssh/id_rsa", env=env)
        self.assertNotIn("made-up", done.stdout)
        done = self.run_in("ls", "../home/.ssh", env=env)
        self.assertEqual(done.stdout, "")

    @rows("E87")
    def test_move_between_writable_places(self):
        done = self.run_in("bash", "-ec", "d=$(mktemp -d /tmp/ambit-it-XXXXXX); mv own.txt $d/x; "
                           "mv $d/x back.txt; rmdir $d; cat back.txt")
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, "own\n")

    @rows("F1")
    def test_inherited_file(self):
        path = self.put("outside/inherited", "")
        script = "echo written >&%d"
        for start in (lambda argv: argv, self.argv):
            with self.subTest(start=start):
                fd = os.open(path, os.O_WRONLY | os.O_APPEND)
                try:
                    self.run_argv(start(["bash", "-c", script % fd]), pass_fds=[fd])
                finally:
                    os.close(fd)
                with open(path, encoding="utf-8") as f:
                    self.assertEqual(f.read(), "written\n")  # by the first alone

    @rows("F1")
    def test_standard_input_keeps_its_mode_and_times(self):
        """A descriptor from outside goes past our mounts to those of the host."""
        path = self.put("outside/input", "content\n", 0o644)
        attempts = ("os.fchmod(0, 0o777)", "os.chmod('/proc/self/fd/0', 0o777)", "os.utime(0, (1, 1))",
                    "os.fchown(0, os.getuid(), -1)", "os.truncate('/dev/stdin', 0)")
        for attempt in attempts:
            for way, done in self.with_input(path, attempt):
                with self.subTest(attempt=attempt, way=way):
                    self.assertEqual(done, "done" if way is None else "refused")

    def with_input(self, path, attempt):
        """How `attempt` ends without the sandbox (None), and under each profile."""
        script = "import os\ntry:\n  %s\n  print('done')\nexcept OSError:\n  print('refused')" % attempt
        argv = ["/usr/bin/python3", "-c", script]
        for way in (None, "p", ":read-only"):
            with open(path, "rb") as given:
                done = self.run_argv(argv if way is None else self.argv(argv, way), stdin=given)
            yield way, done.stdout.strip() or done.stderr

    @for_root
    @rows("F1")
    def test_devices_keep_their_mode(self):
        for attempt in ("os.fchmod(0, 0o666)", "os.chmod('/dev/null', 0o666)",
                        "os.chmod('/dev/zero', 0o666)", "os.utime('/dev/full')"):
            for way, done in self.with_input("/dev/null", attempt):
                with self.subTest(attempt=attempt, way=way):
                    self.assertEqual(done, "done" if way is None else "refused")

    def test_what_only_the_sandbox_has_may_be_changed(self):
        """Its memory files and terminals, also where changes are decided call by call."""
        if ENGINE == "landlock":
            self.skipTest("without namespaces there is neither")
        path = self.put("outside/input")
        for attempt in ("p = '/dev/shm/ambit-%d' % os.getpid(); open(p, 'w').close(); "
                        "os.chmod(p, 0o600); os.unlink(p)",
                        "os.fchmod(os.openpty()[1], 0o600)"):
            for way, done in self.with_input(path, attempt):
                with self.subTest(attempt=attempt, way=way):
                    self.assertEqual(done, "done")

    @rows("F2", "E38")
    def test_inherited_directory(self):
        fd = os.open(self.top, os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, fd)
        script = "echo written > /proc/self/fd/%d/outside/made; ls /proc/self/fd" % fd
        done = self.plain("bash", "-c", script, pass_fds=[fd])
        self.assertIn("%d\n" % fd, done.stdout)
        os.unlink(os.path.join(self.outside, "made"))
        done = self.run_argv(self.argv(["bash", "-c", script]), pass_fds=[fd])
        self.assertFalse(os.path.exists(os.path.join(self.outside, "made")))
        self.assertLessEqual(set(done.stdout.split()), {"0", "1", "2", "3"})

    @rows("E80")
    def test_nothing_is_left(self):
        before = self.snapshot()
        with Adoption() as adoption:
            for script in TRACELESS:
                self.run_in("bash", "-c", script)
            self.assertEqual(adoption.left(), {})
        self.assertEqual(self.snapshot(), before)


table(Outside, PROBE, [
    ("E25", "append", "../outside/file"), ("E25", "create", "../outside/new"),
    ("E25", "mkdir", "../outside/new"), ("E25", "unlink", "../outside/file"),
    ("E25", "truncate", "../outside/file"), ("E25", "create", "../home/.bashrc"),
    ("E25", "rename", "own.txt", "../outside/own.txt"), ("E25", "touch", "../outside/file"),
    ("E25", "rename", "../outside/file", "taken"), ("E25", "symlink", "x", "../outside/new"),
    ("E25", "chmod", "0600", "../outside/file"), ("E25", "link", "own.txt", "../outside/own.txt"),
    ("E26", "append", "way-out"), ("E26", "truncate", "way-out"), ("E26", "chmod", "0600", "way-out"),
    ("E26", "touch", "way-out"), ("E25", "create", "/proc/self/cwd/../outside/new"),
    ("E25", "create", "/proc/thread-self/rootTOP/outside/new"),
    ("E68", "setuid", "own.txt"),
])
table(Outside, FILES, [
    ("E25", "creat", "../outside/new"), ("E25", "pipe", "../outside/new"),
    ("E25", "read-creating", "../outside/new"), ("E25", "link-unnamed", "../outside", "x"),
    ("E25", "set-attribute", "../outside/file"), ("E25", "owner", "../outside/file"),
    ("E25", "times-old", "../outside/file"),
    ("E25", "mode-of-opened", "../outside/file"), ("E25", "owner-of-opened", "../outside/file"),
    ("E25", "times-of-opened", "../outside/file"), ("E25", "attribute-of-opened", "../outside/file"),
    ("E25", "mode-through-place", "../outside/file"),
    ("E73", "reopen-for-writing", "../outside/file"), ("E73", "reopen-for-writing", ".git/config"),
    ("E96", "change-mapped", ".git/config"), ("E96", "change-mapped", "../outside/file"),
    ("E68", "set-group-id", "own.txt"), ("E68", "create-set-id", "tool"),
])


class Protected(Escape):
    @rows("E30")
    def test_git_is_moved_away_and_made_again(self):
        self.makes_nothing("mv .git g2; mkdir .git; echo x > .git/new", ".git/new", "g2")

    @rows("E23")
    def test_git_stores_no_denied_file(self):
        """Where .git is protected, and where the profile opens it."""
        script = ("git init -q . 2>/dev/null; git config user.email a@b; git config user.name a;"
                  "git add -f .env; git show :.env; git stash -u -q; git show stash@{0}^3:.env")
        self.leaks_nothing(script)
        self.configure(self.settings + '".git" = "write"\n')
        self.make_tree()
        self.leaks_nothing(script)

    @rows("E33")
    def test_git_file_in_a_subdirectory(self):
        """Only the top of a writable root is protected by itself; a profile may name the rest."""
        self.configure(self.settings + '"sub/.git" = "read"\n')
        if self.settings == LIVE:
            self.makes_nothing("echo 'gitdir: ../evil' > sub/.git", "sub/.git")
        self.put("work/sub/.git", "gitdir: ../modules/sub\n")
        for attack in (("append", "sub/.git"), ("unlink", "sub/.git"), ("rename", "sub", "sub2")):
            with self.subTest(attack):
                self.blocked(*attack, prepare=self.with_module)

    def with_module(self):
        self.make_tree()
        self.put("work/sub/.git", "gitdir: ../modules/sub\n")

    @rows("G1")
    def test_pointer_of_a_worktree(self):
        def prepare():
            self.make_tree()
            os.rename(os.path.join(self.work, ".git"), os.path.join(self.work, "real-git"))
            self.put("work/.git", "gitdir: real-git\n")
        for attack in (("append", ".git"), ("append", "real-git/config"), ("unlink", ".git"),
                       ("create", "real-git/hooks/post-commit"), ("rename", "real-git", "x")):
            with self.subTest(attack):
                self.blocked(*attack, prepare=prepare)

    @rows("G1")
    def test_link_is_refused_before_the_start(self):
        os.rename(os.path.join(self.work, ".git"), os.path.join(self.work, "real-git"))
        os.symlink("real-git", os.path.join(self.work, ".git"))
        done = self.run_in("rm", "own.txt")
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"\Aambit: error: [^\n]*\.git[^\n]*\n\Z")
        self.assertTrue(os.path.exists(os.path.join(self.work, "own.txt")))

    @rows("E28", "E29")
    def test_git_itself_cannot_set_hooks(self):
        script = "git config -f .git/config core.hooksPath /x; cat .git/config"
        self.assertIn("hooksPath", self.plain("sh", "-c", script).stdout)
        self.make_tree()
        self.assertNotIn("hooksPath", self.run_in("sh", "-c", script).stdout)


table(Protected, PROBE, [
    ("E28", "append", ".git/config"), ("E28", "truncate", ".git/config"),
    ("E28", "rename", "own.txt", ".git/config"), ("E28", "unlink", ".git/config"),
    ("E28", "exchange", "own.txt", ".git/config"), ("E28", "link", ".git/config", "x"),
    ("E28", "chmod", "0666", ".git/config"), ("E28", "touch", ".git/config"),
    ("E29", "create", ".git/hooks/pre-commit"), ("E29", "symlink", "x", ".git/hooks/pre-commit"),
    ("E29", "rename", ".git/hooks", "x"), ("E30", "rename", ".git", "g2"),
    ("E30", "exchange", "sub", ".git"), ("E28", "append", "/proc/self/cwd/.git/config"),
])
table(Protected, FILES, [
    ("E28", "mode-of-opened", ".git/config"), ("E28", "times-of-opened", ".git/config"),
    ("E28", "owner-of-opened", ".git/config"), ("E28", "attribute-of-opened", ".git/config"),
    ("E28", "mode-through-place", ".git/config"), ("E28", "set-attribute", ".git/config"),
    ("E29", "link-unnamed", ".", ".git/hooks/pre-commit"),
])


class SetIdPrograms(Escape):
    """A program with a set-id bit that is there already gives nothing."""

    @rows("E58")
    @for_root
    def test_other_user_is_not_taken_on(self):
        path = self.put("work/tool", b"")
        with open("/usr/bin/id", "rb") as f:
            self.put("work/tool", f.read())
        os.chown(path, 65534, 65534)
        os.chmod(path, 0o6755)
        self.assertIn("euid=65534", self.plain("./tool").stdout)
        done = self.run_in("./tool")
        self.assertNotIn("65534(", re.sub(r"groups=.*", "", done.stdout))

    @rows("E58")
    def test_no_privilege_can_come(self):
        status = self.run_in("cat", "/proc/self/status").stdout
        self.assertIn("NoNewPrivs:\t1\n", status)
        names = ["CapInh", "CapPrm", "CapEff", "CapAmb"]
        if ENGINE != "landlock" or os.geteuid() == 0:  # for others it bounds only what may be inherited
            names.append("CapBnd")
        for name in names:
            self.assertRegex(status, r"(?m)^%s:\t0+$" % name)


class OwnHost(Host, Escape):
    """In namespaces of the test's own, where nobody else makes or removes anything."""

    @rows("E80")
    def test_nothing_is_left(self):
        setup = ("touch ambit; mount --bind '%s' ambit; mount -t tmpfs none /tmp; "
                 "mount -t tmpfs none /dev/shm" % AMBIT)
        look = "cat /proc/self/mountinfo; ls -lA /tmp /dev/shm; echo ====; "
        runs = "".join("%s/ambit %s >&2; echo $?; " % (
            self.top, shlex.join(self.argv(["bash", "-c", script])[1:])) for script in TRACELESS)
        done = self.on_host(setup, "sh", "-c", look + runs + "echo ====; " + look)
        self.assert_status(done, 0)
        before, statuses, after, _ = done.stdout.split("====\n")
        self.assertEqual(statuses.split(), ["0", "1", "137", "3", "1"], done.stderr)
        self.assertIn(" /dev/shm rw", before)
        self.assertEqual(after, before)


in_both_modes(globals(), Outside, Protected, SetIdPrograms, OwnHost)


if __name__ == "__main__":
    totals.main()
