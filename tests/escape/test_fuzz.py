"""Calls that are decided when they are made, with arguments at random, by a program that looks
through all it gets (probes/fuzzer.c): nothing denied is read, nothing outside is changed, every call
comes back and the broker lives.

AMBIT_FUZZ_SECONDS says how long each test runs (default 2), AMBIT_FUZZ_SEED what from."""
import os
import random
import re
import stat
import threading

from escape import BUILT, LIVE, SECRET, SECRETS, Escape
from sandbox import ENGINE, LIMIT, WithoutNamespaces
import totals

FUZZER = os.path.join(BUILT, "escape_fuzzer")
SECONDS = float(os.environ.get("AMBIT_FUZZ_SECONDS", "2"))
SEED = int(os.environ.get("AMBIT_FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 40)

SOCKETS = """[permissions.p.network]
enabled = true
dangerously_allow_all_unix_sockets = true
"""


LIMITED = LIVE + "[permissions.p.limits]\nfile_size = 1048576\n"


class Fuzz(Escape):
    settings = LIMITED
    engine = ENGINE or "native"
    share = 1.0

    def setUp(self):
        super().setUp()
        self.addCleanup(self.unlock)  # before the fixture is removed

    def make_tree(self):
        self.unlock()
        super().make_tree()
        self.put("work/prog", b"\x7fELF\x02" + b"\0" * 200, 0o755)
        self.put("work/script", "#!./prog\n", 0o755)
        os.mkfifo(os.path.join(self.work, "fifo"))
        os.symlink("loop", os.path.join(self.work, "loop"))
        os.symlink("sub/prod.env", os.path.join(self.work, "turning"))
        for name in SECRETS:
            path = os.fsencode(os.path.join(self.work, name))
            try:
                os.setxattr(path, "user.secret", SECRET.encode())
            except OSError:
                pass  # a filesystem without attributes

    def records(self):
        """(device, inode) -> what nobody may change of a file, for all that is not to be changed."""
        found = {}
        for base in (self.outside, self.home, self.config, os.path.join(self.work, ".git")):
            for folder, _, names in os.walk(base):
                for path in [folder] + [os.path.join(folder, name) for name in names]:
                    self.record(path, found)
        for name in SECRETS:
            self.record(os.path.join(self.work, name), found)
        return found

    def record(self, path, found):
        st = os.lstat(path)
        content = b""
        if stat.S_ISREG(st.st_mode):
            self.assertLess(st.st_size, 1 << 24, path)
            if st.st_mode & 0o400 or os.geteuid() == 0:
                with open(path, "rb") as f:
                    content = f.read()
        attributes = {}
        if not stat.S_ISLNK(st.st_mode):
            try:
                attributes = {a: os.getxattr(path, a) for a in os.listxattr(path)}
            except OSError:
                pass
        # A directory of a secret file may be moved, with it, where the file stays closed.
        found[st.st_dev, st.st_ino] = (os.path.basename(path), st.st_mode, st.st_uid, st.st_gid,
                                       st.st_size, st.st_mtime_ns, content, attributes,
                                       st.st_nlink if stat.S_ISREG(st.st_mode) else 0)

    def after(self):
        """The same afterwards, wherever it is, and the names in the workspace that are denied."""
        found, denied = {}, set()
        for folder, folders, names in os.walk(self.top):
            for name in folders + names:
                path = os.path.join(folder, name)
                # Of the protected names only the ones at the top count.
                if path.startswith(self.work) and (name.endswith(".env") or
                                                   path == os.path.join(self.work, ".codex")):
                    denied.add((os.lstat(path).st_ino, name))
                try:
                    self.record(path, found)
                except OSError:
                    pass
            for name in (folder,):
                self.record(name, found)
        return found, denied

    def unlock(self):
        """Opens the directories again whose modes were changed."""
        folders = [folder for folder in (self.work, self.outside) if os.path.isdir(folder)]
        while folders:
            folder = folders.pop()
            os.chmod(folder, stat.S_IMODE(os.stat(folder).st_mode) | 0o700)
            folders += [entry.path for entry in os.scandir(folder)
                        if entry.is_dir(follow_symlinks=False) and entry.name != ".git"]

    def fuzz(self, seed, seconds):
        done = self.start(FUZZER, str(seed), str(int(seconds * 1000)),
                          options=["--engine", self.engine, "--quiet"])
        out, err = done.communicate(timeout=seconds + LIMIT)
        self.assertEqual(done.returncode, 0, "%s%s" % (out, err[-3000:]))
        return out

    def test_fuzz(self):
        for turn in range(20):  # a busy machine comes to few calls
            control = self.plain(FUZZER, str(SEED + turn), str(400 + 300 * turn), "control")
            if control.returncode == 3:
                break
        self.assert_status(control, 3)
        self.make_tree()
        before = self.records()
        denied_before = self.after()[1]
        calls = worked = 0
        for turn in range(20):
            out = self.fuzz(SEED + turn, SECONDS * self.share)
            print("   ", out.strip(), flush=True)
            numbers = map(int, re.search(r"calls (\d+) worked (\d+)", out).groups())
            calls, worked = map(sum, zip((calls, worked), numbers))
            if calls > 100 and worked > 10:
                break
        self.assertGreater(calls, 100)
        self.assertGreater(worked, 10)
        self.unlock()
        after, denied = self.after()
        self.assertEqual(denied - denied_before, set(), "seed %d" % SEED)
        for key, what in before.items():
            self.assertIn(key, after, "seed %d: %s is gone" % (SEED, what[0]))
            self.assertEqual(after[key], what, "seed %d" % SEED)


class Control(Fuzz):
    """Where the profile allows it, everything happens that must not happen elsewhere."""

    def test_fuzz(self):
        self.configure('[permissions.p]\nextends = ":workspace"\nlimits.file_size = 1048576\n'
                       '[permissions.p.filesystem]\n'
                       '"%s" = "write"\n' % self.outside)
        leaked = made = changed = False
        for turn in range(40):  # a busy machine comes to few calls in a second
            self.make_tree()  # one turn may have left the next no way to the files
            before = self.records()
            file = next(key for key, what in before.items() if what[0] == "file")
            done = self.start(FUZZER, str(SEED + turn), str(1000 + 300 * turn), options=["--quiet"])
            out, err = done.communicate(timeout=LIMIT)
            self.assertIn(done.returncode, (0, 3), "%s%s" % (out, err[-3000:]))
            self.unlock()
            after, denied = self.after()
            leaked = leaked or done.returncode == 3
            made = made or any(name == "made.env" or name.endswith("txt.env") for _, name in denied)
            changed = changed or after.get(file) != before[file]
            if leaked and made and changed:
                return
        self.fail("leaked %s, made %s, changed %s" % (leaked, made, changed))


class FuzzLandlock(WithoutNamespaces, Fuzz):
    pass


class FuzzWhileTheHostMoves(Fuzz):
    """Somebody outside replaces and moves the denied files meanwhile."""

    def moves(self, done):
        def at(name):
            return os.path.join(self.work, name)
        step = 0
        while not done.is_set():
            step += 1
            for move in (lambda: os.rename(self.put("outside/next", SECRET), at(".env")),
                         lambda: os.rename(self.put("outside/next", SECRET), at("sub/prod.env")),
                         lambda: os.unlink(at("sub/prod.env")),
                         lambda: self.put("work/a/b/late%d.env" % (step % 9), SECRET),
                         lambda: os.rename(at("a/b"), at("a/b2")),
                         lambda: os.rename(at("a/b2"), at("a/b")),
                         lambda: os.rename(at("secretsdir"), at("sub/secretsdir")),
                         lambda: os.rename(at("sub/secretsdir"), at("secretsdir")),
                         lambda: os.rename(at("own.txt"), self.outside + "/own.txt"),
                         lambda: os.rename(self.outside + "/own.txt", at("own.txt"))):
                try:
                    move()
                except OSError:
                    pass  # the command has moved it as well
        self.steps = step

    def test_fuzz(self):
        done = threading.Event()
        mover = threading.Thread(target=self.moves, args=(done,))
        mover.start()
        try:
            print("   ", self.fuzz(SEED, SECONDS * self.share).strip(), flush=True)
        finally:
            done.set()
            mover.join()
        self.assertGreater(self.steps, 10)


class FuzzWhileTheHostMovesLandlock(WithoutNamespaces, FuzzWhileTheHostMoves):
    pass


class FuzzSockets(Fuzz):
    """Also messages, where the broker sends them."""
    settings = LIMITED + SOCKETS


class FuzzSocketsLandlock(WithoutNamespaces, FuzzSockets):
    pass


class FuzzChanges(Fuzz):
    """Where reading is free and only changes wait."""
    settings = '[permissions.p]\nextends = ":workspace"\nlimits.file_size = 1048576\n'
    share = 0.5

    def test_fuzz(self):
        before = {key: what for key, what in self.records().items()
                  if os.path.lexists(os.path.join(self.outside, what[0])) or
                  os.path.lexists(os.path.join(self.work, ".git", what[0]))}
        done = self.start(FUZZER, str(SEED), str(int(SECONDS * 1000 * self.share)),
                          options=["--quiet"])
        out, err = done.communicate(timeout=SECONDS + LIMIT)
        # Reading is allowed, so it may have met what is closed to it elsewhere.
        self.assertIn(done.returncode, (0, 3), "%s%s" % (out, err[-3000:]))
        self.unlock()
        after, _ = self.after()
        for key, what in before.items():
            self.assertEqual(after.get(key), what, "seed %d" % SEED)


if __name__ == "__main__":
    totals.main()
