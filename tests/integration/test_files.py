"""What a command cannot do to files. Every attack first has to work without the sandbox."""
import os
import re
import shutil
import subprocess

from sandbox import PROBE, SNAPSHOT, Sandbox, totals

SECRETS = (".env", "prod.env", "a/b.env", "a/b/c/d/e/deep.env", ".hidden/x.env", "sp ace/é.env")


class Repository(Sandbox):
    def setUp(self):
        super().setUp()
        self.make_repository()

    def make_repository(self):
        for name in os.listdir(self.top):
            if name != "config":
                shutil.rmtree(os.path.join(self.top, name))
        os.mkdir(self.home)
        self.put("work/main.c", "int main(void) { return 0; }\n")
        self.put("work/.git/config", "[core]\n")
        self.put("work/.git/HEAD", "ref: refs/heads/main\n")
        self.put("work/.git/hooks/update.sample", "#!/bin/sh\n")
        self.put("work/.gitignore", ".env\n")
        self.put("work/sub/own.txt")
        self.put("work/sub/.git/config", "[core]\n")
        for name in SECRETS:
            self.put("work/" + name, "SECRET=made-up\n")
        self.put("outside/file")
        os.mkdir(os.path.join(self.outside, "dir"))
        os.symlink("../outside/file", os.path.join(self.work, "way-out"))
        os.symlink("../outside/dir", os.path.join(self.work, "way-out-dir"))
        os.symlink("a/b.env", os.path.join(self.work, "alias"))

    def assert_fails(self, *attack):
        attack = [word.replace("OUTSIDE", self.outside) for word in attack]
        return self.attempt(*attack, prepare=self.make_repository)


def table(cls, rows):
    """One test per row, so that a skip or a failure names the attack."""
    for row in rows:
        name = "test_" + re.sub(r"\W+", "_", "_".join(row)).strip("_")
        assert not hasattr(cls, name), name
        setattr(cls, name, lambda self, row=row: self.assert_fails(*row))


class Outside(Repository):
    pass


table(Outside, [
    ("append", "../outside/file"),
    ("append", "way-out"),
    ("truncate", "../outside/file"),
    ("truncate", "way-out"),
    ("create", "../outside/new"),
    ("create", "way-out-dir/new"),
    ("create", "/proc/self/cwd/../outside/new"),
    ("create", "/proc/self/rootOUTSIDE/new"),
    ("mkdir", "../outside/new"),
    ("unlink", "../outside/file"),
    ("rename", "main.c", "../outside/main.c"),
    ("rename", "../outside/file", "taken"),
    ("link", "../outside/file", "linked"),
    ("symlink", "x", "../outside/new"),
    ("chmod", "0600", "../outside/file"),
    ("touch", "../outside/file"),
    ("create", "../home/.bashrc"),
    ("create", "../config/added.toml"),
    ("append", "../config/config.toml"),
    ("rename", "../work", "../elsewhere"),
])


class GitMetadata(Repository):
    pass


table(GitMetadata, [
    ("append", ".git/config"),
    ("truncate", ".git/HEAD"),
    ("create", ".git/hooks/pre-commit"),
    ("create", ".git/index.lock"),
    ("mkdir", ".git/x"),
    ("unlink", ".git/config"),
    ("rename", ".git", "git2"),
    ("rename", ".git/config", "config"),
    ("rename", "main.c", ".git/main.c"),
    ("exchange", "sub/.git", ".git"),
    ("link", ".git/config", "config"),
    ("symlink", "x", ".git/hooks/post-commit"),
    ("chmod", "0777", ".git/config"),
    ("chmod", "0777", ".git"),
    ("touch", ".git/config"),
    ("append", "/proc/self/cwd/.git/config"),
])


class Secrets(Repository):
    def test_size_and_identity_are_not_told(self):
        if self.settings != SNAPSHOT:
            self.skipTest("what is decided call by call is not masked; its size and time show")
        for name in SECRETS:
            with self.subTest(name):
                control = self.plain(PROBE, "stat", name)
                self.assert_status(control, 0)
                size, inode = re.match(r"size (\d+) inode (\d+)", control.stdout).groups()
                inside = self.run_in(PROBE, "stat", name)
                self.assertNotIn("size %s " % size, inside.stdout)
                self.assertNotIn("inode %s\n" % inode, inside.stdout)

    def test_names_are_listed(self):
        done = self.run_in("ls", "-A")
        self.assert_status(done, 0)
        self.assertIn(".env\n", done.stdout)

    def test_search_finds_nothing(self):
        self.assertEqual(self.plain("grep", "-rl", "made-up", ".").stdout.count("\n"), len(SECRETS))
        self.assertEqual(self.run_in("grep", "-rl", "made-up", ".").stdout, "")

    def test_link_made_by_the_command_opens_nothing(self):
        steps = "ln -s ../.env sub/again && cat sub/again"
        self.assertIn("made-up", self.plain("sh", "-c", steps).stdout)
        self.make_repository()
        done = self.run_in("sh", "-c", steps)
        self.assertNotIn("made-up", done.stdout + done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_moving_the_directory_opens_nothing(self):
        steps = "mv a moved; cat a/b.env moved/b.env moved/b/c/d/e/deep.env; true"
        self.assertIn("made-up", self.plain("sh", "-c", steps).stdout)
        self.make_repository()
        self.assertNotIn("made-up", self.run_in("sh", "-c", steps).stdout)

    def test_archive_holds_no_secret(self):
        pack = "tar -cf - . 2>/dev/null | grep -ac made-up; true"
        self.assertNotEqual(self.plain("sh", "-c", pack).stdout, "0\n")
        self.assertEqual(self.run_in("sh", "-c", pack).stdout, "0\n")


table(Secrets, [("read", name) for name in SECRETS] + [
    (attack, name)
    for name in (".env", "a/b/c/d/e/deep.env")
    for attack in ("append", "truncate", "unlink", "touch", "reopen")
] + [
    ("chmod", "0777", ".env"),
    ("chmod", "0777", "a/b/c/d/e/deep.env"),
    ("rename", ".env", "taken"),
    ("rename", "a/b/c/d/e/deep.env", "taken"),
    ("rename", "main.c", ".env"),
    ("exchange", "main.c", ".env"),
    ("link", ".env", "linked"),
    ("link", "a/b/c/d/e/deep.env", "linked"),
    ("read", "alias"),
    ("read", "/proc/self/cwd/.env"),
    ("read", "a/../.env"),
])


class Allowed(Repository):
    """The sandbox is of use only if the work can be done in it."""

    def test_workspace_is_writable(self):
        done = self.run_in("sh", "-ec", """
            echo new > made; echo more >> main.c; mkdir -p d/e; mv made d/e/; ln -s d/e/made link
            ln d/e/made hard; chmod 700 hard; rm sub/own.txt; cat link; git2=$(cat .git/HEAD)
            test "$git2" = "ref: refs/heads/main" """)
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, "new\n")
        with open(os.path.join(self.work, "d/e/made"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "new\n")
        self.assertFalse(os.path.exists(os.path.join(self.work, "sub/own.txt")))

    def test_git_directory_further_down_is_not_protected(self):
        self.attempt("append", "sub/.git/config", allowed=True)

    def test_rest_of_the_disk_is_readable(self):
        self.attempt("read", "../outside/file", allowed=True)
        self.attempt("read", "/etc/passwd", allowed=True)

    def test_slash_tmp_is_writable(self):
        done = self.run_in("sh", "-ec", 'f=$(mktemp /tmp/ambit-it-XXXXXX); echo x > "$f"; rm "$f"')
        self.assert_status(done, 0)

    def test_files_belong_to_the_user(self):
        self.assert_status(self.run_in("touch", "made"), 0)
        self.assertEqual(os.stat(os.path.join(self.work, "made")).st_uid, os.getuid())
        self.assertEqual(self.run_in("id", "-u").stdout, "%d\n" % os.getuid())

    def test_two_runs_share_a_workspace(self):
        first = self.start("sh", "-c", "echo up; read x", stdin=subprocess.PIPE)
        self.assertEqual(first.stdout.readline(), "up\n")
        self.attempt("read", "main.c", allowed=True)
        self.assert_status(self.run_in(PROBE, "read", ".env"), 1)
        self.assertIsNone(first.poll())

    def test_nothing_is_left_on_the_host(self):
        before = self.snapshot()
        self.assert_status(self.run_in("true"), 0)
        self.assertEqual(self.snapshot(), before)

    def test_read_only_profile_writes_nothing(self):
        before = self.snapshot()
        for attack in (("create", "new"), ("append", "main.c"), ("unlink", "main.c"),
                       ("touch", "/tmp")):
            with self.subTest(attack):
                self.assert_status(self.run_in(PROBE, *attack, profile=":read-only"), 1)
        self.assertEqual(self.snapshot(), before)


# All of it again with what exists at the start masked instead of decided call by call.
for case in [c for c in globals().values() if isinstance(c, type) and issubclass(c, Repository)]:
    name = "Snapshot" + case.__name__
    globals()[name] = type(name, (case,), {"settings": SNAPSHOT, "__module__": __name__})


if __name__ == "__main__":
    totals.main()
