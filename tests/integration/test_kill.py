"""Whatever part of a run is killed, at whatever moment, the rest ends and nothing is left.

    AMBIT_KILLS=N   how many runs are killed for each engine (default 30)
"""
import contextlib
import os
import random
import signal
import subprocess
import time

from sandbox import PROFILE, Sandbox, host, totals

KILLS = int(os.environ.get("AMBIT_KILLS", "30"))
COMMAND = "sleep 60 & sleep 60 & cat main.c .env; sleep 60"


def born(pid):
    """When a process was started, which tells it from a later one of the same number."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as f:
            fields = f.read().rpartition(b")")[2].split()
        return None if fields[0] == b"Z" else fields[19]
    except OSError:
        return None


def name(pid):
    try:
        with open("/proc/%d/comm" % pid, encoding="utf-8", errors="replace") as f:
            return f.read().strip()
    except OSError:
        return "gone"


def family(pid):
    """The process and all below it, with the time each was born."""
    found, left = {}, [pid]
    while left:
        one = left.pop()
        time_born = born(one)
        if time_born is None:
            continue
        found[one] = time_born
        try:
            for task in os.listdir("/proc/%d/task" % one):
                with open("/proc/%d/task/%s/children" % (one, task), encoding="ascii") as f:
                    left += [int(child) for child in f.read().split()]
        except OSError:
            pass
    return found


def with_mark(mark):
    """Processes that have `mark` in their environment."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%s/environ" % entry, "rb") as f:
                if entry.isdigit() and mark in f.read():
                    found.append(int(entry))
        except OSError:
            pass
    return found


def gone(check, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not check():
            return True
        time.sleep(0.01)
    return False


class Kill(Sandbox):
    def setUp(self):
        super().setUp()
        self.put("work/main.c")
        self.put("work/.env", "SECRET=1\n")
        self.put("work/sub/b.env", "SECRET=2\n")
        self.random = random.Random(7)

    def mounts(self):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
            return sorted(line for line in f if self.top in line)

    def kill_one(self, engine, number):
        mark = "%s-%d" % (os.path.basename(self.top), number)
        run = subprocess.Popen(
            self.argv(["sh", "-c", COMMAND], options=["--engine", engine]), cwd=self.work,
            env=self.environment({"MARK": mark}), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.choice([0, self.random.random() / 200, self.random.random() / 20]))
        members = family(run.pid)
        victim = self.random.choice(sorted(members) or [run.pid])
        victim_name = name(victim)
        with contextlib.suppress(ProcessLookupError):  # it was about to end anyway
            os.kill(victim, signal.SIGKILL)
        if victim_name in ("sleep", "cat", "sh", "gone"):  # the command may go on without it
            run.kill()
        try:
            run.wait(20)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            self.fail("the supervisor lives on after '%s' was killed" % victim_name)
        message = "left after '%s' was killed" % victim_name
        self.assertTrue(gone(lambda: with_mark(b"MARK=" + mark.encode())), message)
        self.assertTrue(gone(lambda: [p for p, t in members.items() if born(p) == t]), message)

    def kill_many(self, engine):
        tree, mounts = self.snapshot(), self.mounts()
        for number in range(KILLS):
            self.kill_one(engine, number)
        self.assertEqual(self.snapshot(), tree)
        self.assertEqual(self.mounts(), mounts)

    def test_native(self):
        self.kill_many("native")

    def test_with_a_network(self):
        self.configure(PROFILE + """[permissions.p.network]
enabled = true
[permissions.p.network.domains]
"example.com" = "allow"
""")
        self.kill_many("native")

    def test_landlock(self):
        reason = host.why_no_landlock_engine()
        if reason:
            self.skipTest(reason)
        self.kill_many("landlock")


if __name__ == "__main__":
    totals.main()
