"""What the integration tests share: a fixture directory, the program, and the attempts of probe.c."""
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import host  # noqa: E402
from adoption import Adoption  # noqa: E402,F401
from catalogue import rows  # noqa: E402,F401
import totals  # noqa: E402,F401
import waiting  # noqa: E402
from waiting import wait_for  # noqa: E402,F401

AMBIT = os.path.abspath(os.environ.get("AMBIT_BIN", "build/dev/src/cli/ambit"))
PROBE = os.path.abspath(os.environ.get("AMBIT_PROBE", "build/dev/tests/integration/probe"))
OWN_MOUNTS = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]
# The engine that the tests are for, where they are not about another one; "" is the best there is.
ENGINE = os.environ.get("AMBIT_TEST_ENGINE", "")
LIMIT = waiting.LIMIT

# A user's profile, as in the README.
PROFILE = """[permissions.p]
extends = ":workspace"
[permissions.p.filesystem.":workspace_roots"]
"**/*.env" = "deny"
"""
# The same, with what exists at the start looked up and masked instead of decided call by call.
SNAPSHOT = PROFILE + """[permissions.p.filesystem]
deny_mode = "snapshot"
"""


def unique_number():
    """Digits that nobody else on this machine uses, for a name; as a length of sleep(1) in seconds,
    longer than any test, they tell the processes of one test from those of all others."""
    return "1%012d" % random.SystemRandom().randrange(10 ** 12)


def processes(*argv):
    """The ids of the living processes on this machine whose whole command line is `argv`, which has
    to have something that is of this test alone, as unique_number()."""
    wanted = b"".join(os.fsencode(a) + b"\0" for a in argv)
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/cmdline" % name, "rb") as f:
                if f.read() == wanted:
                    found.append(int(name))
        except OSError:
            pass  # it ended meanwhile
    return found


def state(pid):
    """The letter of /proc/PID/stat: R, S, T, Z …, or "" when there is no such process."""
    try:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as f:
            return f.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


class OwnMounts:
    """For tests whose commands start where the test has changed the mounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if ENGINE == "bubblewrap" and os.geteuid() != 0:
            raise unittest.SkipTest("where root is not known, nobody can tell whose program bwrap is")
        done = subprocess.run(OWN_MOUNTS + ["true"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("no mount namespace of the test's own: " + done.stderr.strip())


class WithoutNamespaces:
    """For the tests of another class, under the engine that needs no namespaces."""
    engine = "landlock"

    def setUp(self):
        if host.why_no_landlock_engine():
            self.skipTest(host.why_no_landlock_engine())
        super().setUp()


class Sandbox(unittest.TestCase):
    """One fixture per test, not below /tmp because :workspace makes that writable.

    self.work is the workspace, self.outside a directory beside it, self.home the user's home.
    """

    settings = PROFILE

    @classmethod
    def setUpClass(cls):
        if not os.access(AMBIT, os.X_OK):
            raise RuntimeError("AMBIT_BIN: '%s' is not a program" % AMBIT)
        reason = host.why_no_engine(ENGINE)
        if ENGINE not in ("", "native") and cls.__name__.startswith("Snapshot"):
            reason = "the engine '%s' refuses snapshots" % ENGINE
        if ENGINE and issubclass(cls, WithoutNamespaces):
            reason = "these are for another engine"
        if reason:
            raise unittest.SkipTest(reason)

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="ambit-it-", dir="/var/tmp")
        self.addCleanup(self.remove)
        for name in ("work", "outside", "home", "config"):
            os.mkdir(os.path.join(self.top, name))
            setattr(self, name, os.path.join(self.top, name))
        self.configure(self.settings)
        self.started = []

    def remove(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        shutil.rmtree(self.top, ignore_errors=True)
        shutil.rmtree(self.top + "-state", ignore_errors=True)

    def configure(self, text):
        self.put("config/config.toml", text)

    def put(self, name, content="content\n", mode=0o644):
        """Writes a file below the fixture and returns its path."""
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path

    def environment(self, extra=None):
        # The record of denials lies beside the fixture, so that a snapshot is of the command's doing.
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.home, "LANG": "C.UTF-8",
               "TERM": "xterm", "XDG_STATE_HOME": self.top + "-state"}
        env.update(extra or {})
        return env

    def argv(self, command, profile="p", options=()):
        named = ["-P", profile] if profile else []
        if ENGINE and "--engine" not in options:
            named += ["--engine", ENGINE]
        return [AMBIT, "run", "--config-home", self.config, *named, *options, "--", *command]

    def plain(self, *command, **kwargs):
        """Runs `command` without the sandbox, otherwise just like run()."""
        return self.run_argv(list(command), **kwargs)

    def run_in(self, *command, profile="p", options=(), **kwargs):
        """Runs `command` in the sandbox of `profile`, started in the workspace."""
        return self.run_argv(self.argv(command, profile, options), **kwargs)

    def run_argv(self, argv, env=None, text=True, stdin=subprocess.DEVNULL, **kwargs):
        if "input" not in kwargs:
            kwargs["stdin"] = stdin
        if text:  # what a listing of the host says about others need not be UTF-8
            kwargs.setdefault("errors", "surrogateescape")
        return subprocess.run(argv, cwd=self.work, env=self.environment(env), text=text,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT,
                              start_new_session=True, **kwargs)

    def start(self, *command, profile="p", options=(), **kwargs):
        """Starts `command` in the sandbox and returns the Popen; it is ended with the test."""
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(self.argv(command, profile, options), cwd=self.work, text=True,
                                   env=self.environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True, **kwargs)
        self.started.append(process)
        return process

    def assert_status(self, finished, status):
        self.assertEqual(finished.returncode, status,
                         "stdout: %s\nstderr: %s" % (finished.stdout, finished.stderr))

    def assert_gone(self, *argv):
        """No process with this command line is left, at the latest after a while."""
        self.assertTrue(wait_for(lambda: not processes(*argv)),
                        "still running: %s" % (argv,))

    def snapshot(self):
        """Path -> (mode, link text or content) of everything in the fixture."""
        found = {}
        for folder, folders, files in os.walk(self.top):
            for name in folders + files:
                path = os.path.join(folder, name)
                st = os.lstat(path)
                if os.path.islink(path):
                    content = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as f:
                        content = hashlib.sha256(f.read()).hexdigest()
                else:
                    content = ""
                found[os.path.relpath(path, self.top)] = (st.st_mode, content)
        return found

    def attempt(self, *attack, allowed=False, env=None, prepare=None, program=PROBE, **kwargs):
        """Runs an attempt of probe.c (or a `program` like it) without the sandbox, where it has to
        work, and on a fresh fixture inside, where it has to fail and to change nothing. `prepare`
        makes the fixture. With `allowed`, it has to work inside too."""
        attack = [str(a) for a in attack]
        if prepare:
            prepare()
        control = self.plain(program, *attack, env=env, **kwargs)
        if control.returncode == 1:
            self.skipTest("'%s' does not work without the sandbox either: %s" % (
                " ".join(attack), control.stdout.strip()))
        self.assert_status(control, 0)
        if prepare:
            prepare()
        before = self.snapshot()
        inside = self.run_in(program, *attack, env=env, **kwargs)
        if allowed:
            self.assert_status(inside, 0)
            return inside
        self.assert_status(inside, 1)
        self.assertRegex(inside.stdout, r"(?m)^%s E[A-Z]+$" % attack[0])
        self.assertEqual(self.snapshot(), before)
        return inside
