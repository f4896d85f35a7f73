"""What the escape tests share: a tree with secrets, the attacking programs, and the two modes."""
import contextlib
import functools
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
from sandbox import PROBE, Sandbox  # noqa: E402
from test_hosts import Host  # noqa: E402,F401

BUILT = os.path.abspath(os.environ.get("AMBIT_ESCAPE_PROBES", "build/dev/tests/escape"))
FILES, KERNEL, RACER, CALLERS = (os.path.join(BUILT, "escape_" + name)
                                 for name in ("files", "kernel", "racer", "callers"))

LIVE = """[permissions.p]
extends = ":workspace"
[permissions.p.filesystem]
"~/.ssh" = "deny"
[permissions.p.filesystem.":workspace_roots"]
"**/*.env" = "deny"
"**/secretsdir" = "deny"
"""
SNAPSHOT = LIVE.replace('[permissions.p.filesystem]', '[permissions.p.filesystem]\n'
                        'deny_mode = "snapshot"')
SECRET = "SECRET=made-up\n"
SECRETS = (".env", "sub/prod.env", "a/b/c/d/e/deep.env", "secretsdir/key", "sp ace/é.env",
           os.fsdecode(b"bad\xff.env"), "n" * 251 + ".env")


class Escape(Sandbox):
    """self.work has the files of SECRETS, links to them, own files, and a repository's .git."""

    settings = LIVE

    def setUp(self):
        super().setUp()
        self.make_tree()

    def make_tree(self):
        for name in os.listdir(self.top):
            if name != "config":
                shutil.rmtree(os.path.join(self.top, name), ignore_errors=True)
        for name in ("work", "outside", "home"):
            os.mkdir(os.path.join(self.top, name))
        for name in SECRETS:
            self.put("work/" + name, SECRET)
        self.put("home/.ssh/id_rsa", SECRET, 0o600)
        self.put("work/own.txt", "own\n")
        self.put("work/sub/own.txt", "own\n")
        self.put("work/.git/config", "[core]\n")
        self.put("work/.git/HEAD", "ref: refs/heads/main\n")
        self.put("work/.git/hooks/update.sample", "#!/bin/sh\n")
        self.put("outside/file", "content\n")
        os.mkdir(os.path.join(self.outside, "dir"))
        os.symlink(".env", os.path.join(self.work, "alias"))
        os.symlink("../outside/file", os.path.join(self.work, "way-out"))

    def blocked(self, *attack, program=PROBE, **kwargs):
        """The attempt works without the sandbox, fails inside, and changes nothing."""
        kwargs.setdefault("prepare", self.make_tree)
        return self.attempt(*attack, program=program, **kwargs)

    @contextlib.contextmanager
    def open_gap(self, reason):
        """Around a test that is right and fails: the way is open, for `reason`. It is counted as
        skipped; once it is closed, the test fails until this mark is taken away."""
        try:
            yield
        except AssertionError:
            self.skipTest("open: " + reason)
        self.fail("closed now, take the mark away: " + reason)

    def leaks_nothing(self, script, prepare=None):
        """A shell script that shows a secret without the sandbox and, on a tree that `prepare`
        made, none inside."""
        control = self.plain("bash", "-c", script, errors="replace")
        self.assertIn("made-up", control.stdout, control.stderr)
        (prepare or self.make_tree)()
        inside = self.run_in("bash", "-c", script, errors="replace")
        self.assertNotEqual(inside.returncode, 125, inside.stderr)
        self.assertNotIn("made-up", inside.stdout + inside.stderr)
        return inside

    def makes_nothing(self, script, *names):
        """A shell script that makes `names` in the workspace without the sandbox, and none of them
        inside."""
        control = self.plain("bash", "-c", script)
        for name in names:
            self.assertTrue(os.path.lexists(os.path.join(self.work, name)), control.stderr)
        self.make_tree()
        inside = self.run_in("bash", "-c", script)
        self.assertNotEqual(inside.returncode, 125, inside.stderr)
        for name in names:
            self.assertFalse(os.path.lexists(os.path.join(self.work, name)), name)
        return inside


# Has so many processes open files that the broker answers with several threads (and one looks after
# them), or ten seconds are over, prints how many it has, and runs the other arguments, with their numbers: while those
# processes go on ("stay"), or when they are gone ("go").
CROWD = """
import os, subprocess, sys, time
def tasks():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if open("/proc/%s/comm" % name).read() == "ambit-broker\\n":
                return os.listdir("/proc/%s/task" % name)
        except OSError:
            pass
    return []
readers = []
for _ in range(4):
    pid = os.fork()
    if pid == 0:
        while True:
            open("own.txt").close()
    readers.append(pid)
until = time.monotonic() + 10
while len(tasks()) < 3 and time.monotonic() < until:
    time.sleep(0.01)
print(len(tasks()), flush=True)
def end():
    while readers:
        os.kill(readers[-1], 9)
        os.waitpid(readers.pop(), 0)
if sys.argv[1] == "go":
    end()
status = subprocess.run(sys.argv[2:] + tasks()).returncode
end()
sys.exit(status)
"""


def in_a_crowd(test, *command, when="stay"):
    """Runs `command`, with the numbers of the broker's threads after it, when it has several."""
    if len(os.sched_getaffinity(0)) < 2:
        test.skipTest("on one processor one thread of the broker answers")
    done = test.run_in("python3", "-c", CROWD, when, *command)
    threads, _, rest = done.stdout.partition("\n")
    test.assertGreater(int(threads or 0), 2, done.stderr)
    done.stdout = rest
    return done


def table(cls, program, found):
    """One test per line (row, attack...), so that a skip or a failure names the attack."""
    for row, *attack in found:
        # The first words of a long name are enough, as long as the names stay different.
        name = re.sub(r"\W+", "_", "_".join(attack), flags=re.A).strip("_")
        name = "test_%s_%s" % (row, name[:60])
        assert not hasattr(cls, name), name

        def test(self, attack=tuple(attack)):
            self.blocked(*[word.replace("TOP", self.top) for word in attack], program=program)
        test.rows = (row,)
        setattr(cls, name, test)


def in_both_modes(namespace, *cases):
    """Adds a copy of each test case in which what exists at the start is masked instead of decided
    call by call."""
    for case in cases:
        name = "Snapshot" + case.__name__
        namespace[name] = type(name, (case,), {
            "settings": SNAPSHOT, "__module__": namespace["__name__"]})


def for_root(test):
    @functools.wraps(test)
    def run(self, *args):
        if os.geteuid() != 0:
            self.skipTest("without the sandbox this is only for root")
        test(self, *args)
    return run
