"""Rules hold for what appears later: made inside, renamed, linked, or put there by the host."""
import os
import shutil
import subprocess

from escape import FILES, LIVE, PROBE, SECRET, SNAPSHOT, Escape, table
import totals
from rows import rows


class MadeInside(Escape):
    @rows("E10")
    def test_parent_is_renamed_and_made_again(self):
        self.makes_nothing("mv sub sub3; mkdir sub; echo planted > sub/prod.env", "sub/prod.env")

    @rows("E10")
    def test_parent_of_a_pinned_path(self):
        self.configure(LIVE + '"deep/er/file" = "deny"\n')

        def prepare():
            self.make_tree()
            self.put("work/deep/er/file", SECRET)
        for script in ("mv deep x; cat x/er/file", "mv deep/er deep/x; cat deep/x/file",
                       "mv deep/er/file x; cat x", "ln deep/er/file x; cat x", "cat deep/er/file"):
            with self.subTest(script):
                prepare()
                self.leaks_nothing(script, prepare)

    @rows("E07", "E10")
    def test_directory_that_makes_the_match(self):
        """A pattern may look at more than the last name; moving a directory must not undo it, even
        when its owner lets nobody list it for the moment."""
        self.configure(LIVE + '"**/conf/*.key" = "deny"\n')

        def prepare():
            self.make_tree()
            self.put("work/p/conf/a.key", SECRET)
        for script in ("mv p/conf p/x; cat p/x/a.key", "mv p/conf/a.key x; cat x",
                       "chmod 0333 p/conf; mv p/conf p/x; chmod 755 p/x p/conf; cat p/x/a.key",
                       "chmod 0 p/conf; mv p/conf p/x; chmod 755 p/x p/conf; cat p/x/a.key",
                       "mkdir p/y; python3 -c 'import ctypes; ctypes.CDLL(None).renameat2(-100, "
                       "b\"p/y\", -100, b\"p/conf\", 2)'; cat p/y/a.key"):
            with self.subTest(script):
                prepare()
                self.leaks_nothing(script, prepare)

    @rows("E13")
    def test_new_directories(self):
        self.makes_nothing("mkdir -p new/er; echo x > new/er/y.env", "new/er/y.env")

    @rows("E74", "E12")
    def test_copies_onto_denied_names(self):
        for script in ("cp own.txt t.env", "mv own.txt t.env", "ln own.txt t.env",
                       "ln -s own.txt t.env", "mkdir t.env", "mkfifo t.env", "tee t.env < own.txt",
                       "mkdir d; mv d t.env", "tar -cf x.tar own.txt --transform 's/own.txt/t.env/';"
                       "tar -xf x.tar", "mkdir d; touch d/f; cp -r d t.env",
                       "touch d.tmp; mv -T d.tmp t.env", "python3 -c 'import os; os.mknod(\"t.env\")'",
                       "git init -q --bare t.env", "sqlite3 t.env 'create table t(x)'"):
            with self.subTest(script):
                if script.startswith("sqlite3") and not shutil.which("sqlite3"):
                    continue
                self.makes_nothing(script, "t.env")

    @rows("E14", "E13")
    def test_a_directory_that_a_pattern_names_is_not_made(self):
        self.makes_nothing("mkdir -p sub/secretsdir", "sub/secretsdir")

    @rows("E16")
    def test_path_longer_than_any_call_takes(self):
        done = self.plain(FILES, "beyond-longest-path", ".", "x.env")
        self.assertIn("content made", done.stdout)
        self.make_tree()
        done = self.run_in(FILES, "beyond-longest-path", ".", "x.env")
        self.assertNotIn("content", done.stdout)
        self.assertNotIn(" ok", done.stdout)

    @rows("E16")
    def test_denied_file_of_the_host_beyond_the_longest_path(self):
        self.assert_status(self.plain(FILES, "beyond-longest-path", ".", "x.env"), 0)
        enter = "for i in $(seq 25); do cd -P d* || exit 3; done 2>/dev/null; cat x.env"
        self.assertIn("made", self.plain("bash", "-c", enter).stdout)
        self.assertNotIn("made", self.run_in("bash", "-c", enter).stdout)

    @rows("E84b")
    def test_missing_path(self):
        self.configure(LIVE + '"future.txt" = "deny"\n"later/secret.txt" = "deny"\n')
        self.makes_nothing("echo x > future.txt; mkdir later; echo x > later/secret.txt",
                           "future.txt", "later/secret.txt")
        self.assert_status(self.run_in("sh", "-c", "echo x > future.txt2; echo x > futur"), 0)
        def prepare():
            self.put("work/future.txt", SECRET)
            self.put("work/later/secret.txt", SECRET)
        prepare()
        self.leaks_nothing("cat future.txt later/secret.txt", prepare)

    @rows("E10")
    def test_missing_directory_where_a_pattern_starts(self):
        """A link in its place would make the pattern mean another directory, for what the host puts
        there later."""
        self.configure(LIVE + '"late/er/**/*.key" = "deny"\n')
        for script in ("ln -s sub late", "ln -s sub l; mv l late", "ln -s sub l; ln -P l late",
                       "mkdir late; ln -s ../sub late/er", "ln -s sub l; mkdir late; mv l late/er"):
            with self.subTest(script):
                self.make_tree()
                name = "late/er" if "late/er" in script else "late"
                self.assert_status(self.plain("sh", "-c", script), 0)
                self.assertTrue(os.path.islink(os.path.join(self.work, name)))
                self.make_tree()
                self.assertNotEqual(self.run_in("sh", "-c", script).returncode, 0)
                self.assertFalse(os.path.islink(os.path.join(self.work, name)))
        self.make_tree()
        self.assert_status(self.run_in("sh", "-c", "mkdir -p late/er/x; echo x > late/er/x/y; "
                                       "! echo x > late/er/x/y.key; rm -r late; mkdir late"), 0)

    @rows("E32")
    def test_missing_protected_names(self):
        os.rename(os.path.join(self.work, ".git"), os.path.join(self.top, "kept"))
        names = (".git", ".codex", ".agents", ".aws")
        for make in ("mkdir %s", "echo x > %s", "ln -s sub %s", "mkfifo %s", "mv sub %s",
                     "mkdir d; mv d %s", "ln own.txt %s"):
            for name in names:
                with self.subTest(make % name):
                    self.assert_status(self.plain("sh", "-c", make % name), 0)
                    self.make_tree()
                    os.rename(os.path.join(self.work, ".git"), os.path.join(self.top, "kept"))
                    done = self.run_in("sh", "-c", make % name)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertFalse(os.path.lexists(os.path.join(self.work, name)))

    @rows("E32")
    def test_names_that_the_profile_protects(self):
        """The settings of other tools are a line each in the profile."""
        self.configure(LIVE + '".vscode" = "read"\n".claude" = "read"\n')
        self.makes_nothing("mkdir .vscode .claude; echo x > .vscode/tasks.json", ".vscode/tasks.json",
                           ".claude")


table(MadeInside, PROBE, [
    ("E12", "rename", "own.txt", "x.env"), ("E12", "rename", "sub", "x.env"),
    ("E12", "rename", "sub/own.txt", "secretsdir/x"), ("E12", "exchange", "own.txt", "sub/prod.env"),
    ("E12", "link", "own.txt", "x.env"), ("E12", "symlink", "own.txt", "x.env"),
    ("E13", "create", "x.env"), ("E13", "create", "sub/x.env"), ("E13", "mkdir", "x.env"),
    ("E98", "create", "m" * 251 + ".env"), ("E12", "create", "alias.env"),
    ("E74", "rename", "own.txt", "secretsdir/own"), ("E15b", "create", os.fsdecode(b"new\xff.env")),
    ("E15b", "read", os.fsdecode(b"bad\xff.env")), ("E07", "rename", "sub/prod.env", "sub/x"),
])
table(MadeInside, FILES, [
    ("E13", "creat", "x.env"), ("E13", "read-creating", "x.env"), ("E13", "pipe", "x.env"),
    ("E20", "link-unnamed", ".", "x.env"), ("E20", "link-unnamed", "sub", "secretsdir/x"),
    ("E20", "link-unnamed-by-number", ".", "x.env"),
])


class ChangedByTheHost(Escape):
    """A command asks again after each change that the host makes."""

    def setUp(self):
        super().setUp()
        self.shell = None

    def ask(self, script):
        """What `script` prints in the one sandbox of this test."""
        if self.shell is None:
            self.shell = self.start("bash", stdin=subprocess.PIPE, bufsize=1)
        self.shell.stdin.write(script + " 2>&1; echo '<end>'\n")
        self.shell.stdin.flush()
        found = ""
        while "<end>" not in found:
            line = self.shell.stdout.readline()
            self.assertNotEqual(line, "", self.shell.poll())
            found += line
        return found

    def closed(self, *names):
        for name in names:
            with open(os.path.join(self.work, name), encoding="utf-8") as f:
                self.assertIn("made-up", f.read())  # the host itself reads it
            self.assertIn("denied", self.ask("cat '%s'" % name))
            self.assertIn("denied", self.ask("cat '%s/%s'" % (self.work, name)))

    @rows("L1")
    def test_new_file(self):
        self.closed(".env")
        self.put("work/late.env", SECRET)
        self.put("work/sub/late.env", SECRET)
        self.closed("late.env", "sub/late.env")

    @rows("L2")
    def test_replaced_file(self):
        self.closed(".env")
        for _ in range(3):
            os.rename(self.put("work/.env.tmp", SECRET), os.path.join(self.work, ".env"))
            self.closed(".env", "alias")

    @rows("L3")
    def test_removed_and_made_again(self):
        self.closed("sub/prod.env")
        os.unlink(os.path.join(self.work, "sub/prod.env"))
        self.assertIn("No such file", self.ask("cat sub/prod.env"))
        self.put("work/sub/prod.env", SECRET)
        self.closed("sub/prod.env")

    @rows("L4")
    def test_new_directory(self):
        self.closed(".env")
        self.put("work/newdir/x.env", SECRET)
        self.put("work/newdir/secretsdir/x", SECRET)
        self.closed("newdir/x.env", "newdir/secretsdir/x")

    @rows("L5")
    def test_renamed_parent(self):
        self.ask("cd sub; exec 8< .; cd ..")
        self.closed("sub/prod.env")
        os.rename(os.path.join(self.work, "sub"), os.path.join(self.work, "sub9"))
        self.closed("sub9/prod.env")
        self.assertIn("denied", self.ask("cat /dev/fd/8/prod.env"))
        os.rename(os.path.join(self.work, "sub9"), os.path.join(self.work, "a/b/sub"))
        self.closed("a/b/sub/prod.env")
        self.assertIn("denied", self.ask("cat /dev/fd/8/prod.env"))

    @rows("L5")
    def test_renamed_workspace(self):
        """What a pattern is anchored at may move as a whole, with the command in it."""
        for old, new in ((self.work, self.top + "/work9"), (self.top, self.top + "-moved")):
            with self.subTest(old):
                self.assertIn("denied", self.ask("cat .env"))
                os.rename(old, new)
                try:
                    answer = self.ask("{ cat .env; cat $(pwd -P)/sub/prod.env; }")
                finally:
                    os.rename(new, old)
                self.assertNotIn("made-up", answer)
                self.assertEqual(answer.count("denied"), 2, answer)

    @rows("L5")
    def test_file_renamed_onto_and_off_the_rule(self):
        """The rule is about the name: it comes and goes with it."""
        os.rename(self.put("work/plain", SECRET), os.path.join(self.work, "now.env"))
        self.closed("now.env")
        os.rename(os.path.join(self.work, "now.env"), os.path.join(self.work, "plain"))
        self.assertIn("made-up", self.ask("cat plain"))

    @rows("L1")
    def test_link_by_the_host(self):
        self.closed(".env")
        os.symlink("../.env", os.path.join(self.work, "sub/again"))
        self.closed("sub/again")


class SnapshotBeyondLongestPath(Escape):
    """What is looked up at the start may lie deeper than a path can tell (PATH_MAX)."""
    settings = SNAPSHOT

    def make_tree(self):
        super().make_tree()
        os.link(self.put("work/two-names", SECRET), os.path.join(self.work, "two.env"))
        deep = os.open(self.work, os.O_RDONLY)
        for number in range(30):
            name = "d%d" % number + "x" * 200
            os.mkdir(name, dir_fd=deep)
            inside = os.open(name, os.O_RDONLY, dir_fd=deep)
            os.close(deep)
            deep = inside
        for name, text in (("x.env", SECRET), ("plain", "read\n")):
            with open(os.open(name, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=deep), "w",
                      encoding="ascii") as f:
                f.write(text)
        os.link("x.env", os.path.join(self.work, "of-the-deep"), src_dir_fd=deep)
        os.close(deep)

    @rows("E16")
    def test_names_of_denied_files(self):
        script = "cat two-names of-the-deep; for i in $(seq 30); do cd -P d* || exit 3; done; cat plain x.env"
        outside = self.plain("bash", "-c", script)
        self.assertEqual(outside.stdout, SECRET + SECRET + "read\n" + SECRET)
        inside = self.run_in("bash", "-c", script)
        self.assertEqual(inside.stdout, "read\n", inside.stderr)


if __name__ == "__main__":
    totals.main()
