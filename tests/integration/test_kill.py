"""Whatever part of a run is killed, at whatever moment, the rest ends and nothing is left.

    AMBIT_KILLS=N        how many runs are killed in each test (default 30)
    AMBIT_KILLS_SEED=N   what the moments and the victims are drawn from (default 7)
    AMBIT_ALONE=1        nobody else is at work in these namespaces, nor in this /tmp and /dev/shm:
                         then all processes, sockets and control groups are compared, and not only
                         what can be told to be ours
"""
import collections
import contextlib
import os
import random
import re
import signal
import subprocess
import time

from sandbox import PROFILE, Sandbox, host, totals, waiting
from process_tree import born, family, name

KILLS = int(os.environ.get("AMBIT_KILLS", "30"))
SEED = int(os.environ.get("AMBIT_KILLS_SEED", "7"))
ALONE = os.environ.get("AMBIT_ALONE", "") == "1"
COMMAND = "sleep 60 & sleep 60 & cat main.c .env; sleep 60"


def is_first(pid):
    """Whether it is PID 1 of a namespace."""
    try:
        with open("/proc/%d/status" % pid, "rb") as f:
            return re.search(rb"^NSpid:.*\t1$", f.read(), re.MULTILINE) is not None
    except OSError:
        return False


def belonging(mark, folder):
    """Processes that have `mark` in their environment, or that work in `folder`."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%s/environ" % entry, "rb") as f:
                if entry.isdigit() and (mark in f.read() or
                                        os.readlink("/proc/%s/cwd" % entry) == folder):
                    found.append(int(entry))
        except OSError:
            pass
    return found


def living():
    """The names of all processes that have not ended."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and born(int(entry)) is not None:
            found.append((int(entry), name(int(entry))))
    return sorted(found)


def sockets():
    """All sockets of this network namespace but for their counters."""
    found = []
    for kind in ("unix", "tcp", "tcp6", "udp", "udp6", "raw", "netlink", "packet"):
        try:
            with open("/proc/net/" + kind, encoding="utf-8", errors="replace") as f:
                found += [(kind, *line.split()[1:4], line.split()[-1]) for line in f.readlines()[1:]
                          if not kind.startswith("tcp") or line.split()[3] != "06"]  # TIME_WAIT
        except OSError:
            pass
    return sorted(found)


def groups():
    """The control groups."""
    return sorted(folder for folder, _, _ in os.walk("/sys/fs/cgroup"))


def shared_memory():
    found = sorted(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else []
    for kind in ("shm", "msg", "sem"):
        with open("/proc/sysvipc/" + kind, encoding="ascii") as f:
            found += f.readlines()[1:]
    return found + sorted(n for n in os.listdir("/tmp") if "ambit" in n or "bwrap" in n)


def gone(check):
    return waiting.wait_for(lambda: not check())


class Kill(Sandbox):
    def setUp(self):
        super().setUp()
        self.put("work/main.c")
        self.put("work/.env", "SECRET=1\n")
        self.put("work/sub/b.env", "SECRET=2\n")
        self.random = random.Random(SEED)

    def state_of_the_host(self):
        """What has to be the same afterwards."""
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
            mounts = sorted(line for line in f if ALONE or self.top in line)
        if not ALONE:
            return mounts, self.snapshot()
        return mounts, self.snapshot(), living(), sockets(), groups(), shared_memory()

    def assert_as_before(self, before):
        """Within moments: the kernel takes sockets and namespaces apart in the background."""
        self.assertTrue(gone(lambda: self.state_of_the_host() != before), [
            (set(map(str, then)) ^ set(map(str, now)))
            for then, now in zip(before, self.state_of_the_host())])

    def begin(self, engine, number):
        """-> the run, and what its processes have in their environment"""
        mark = "%s-%d" % (os.path.basename(self.top), number)
        run = subprocess.Popen(
            self.argv(["sh", "-c", COMMAND], options=["--engine", engine]), cwd=self.work,
            env=self.environment({"MARK": mark}), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return run, b"MARK=" + mark.encode()

    def assert_over(self, run, mark, members, victim):
        """It ends, and with it everybody who was there."""
        try:
            run.wait(waiting.LIMIT)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            self.fail("the supervisor lives on after '%s' was killed" % victim)
        message = "left after '%s' was killed: " % victim
        self.assertTrue(gone(lambda: belonging(mark, self.work)),
                        message + str([(p, name(p)) for p in belonging(mark, self.work)]))
        self.assertTrue(gone(lambda: [p for p, t in members.items() if born(p) == t]), message)

    def kill_one(self, engine, number):
        run, mark = self.begin(engine, number)
        time.sleep(self.random.choice([0, 1 / 200, 1 / 20, 1 / 5]) * self.random.random())
        members = family(run.pid)
        victim = self.random.choice(sorted(members) or [run.pid])
        victim_name = self.kill(run, victim)
        self.assert_over(run, mark, members, victim_name)
        return victim_name

    def kill(self, run, victim):
        """-> the name that it had"""
        victim_name = name(victim)
        is_early = victim_name == "ambit" and victim != run.pid and not is_first(victim)
        with contextlib.suppress(ProcessLookupError):  # it was about to end anyway
            os.kill(victim, signal.SIGKILL)
        # The command may go on without these. The last two have done their work when there is a
        # command, and have the name of the program at first.
        if victim_name in ("sleep", "cat", "sh", "gone", "ambit-holder") or is_early:
            run.kill()
        return victim_name

    def kill_many(self, engine):
        before = self.state_of_the_host()
        victims = collections.Counter(self.kill_one(engine, number) for number in range(KILLS))
        print("    killed:", ", ".join("%s %d" % each for each in victims.most_common()), flush=True)
        self.assert_as_before(before)

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

    def needs_bwrap(self):
        reason = host.why_no_bubblewrap_engine()
        if reason:
            self.skipTest(reason)

    def test_bubblewrap(self):
        self.needs_bwrap()
        self.kill_many("bubblewrap")

    def test_bubblewrap_in_its_first_moments(self):
        """While bwrap's processes are not yet bound to each other."""
        self.needs_bwrap()
        before = self.state_of_the_host()
        victims = collections.Counter()
        for number in range(KILLS):
            run, mark = self.begin("bubblewrap", number)
            members, launched, victim = {}, [], run.pid
            while run.poll() is None and not launched:
                members = family(run.pid)
                launched = [pid for pid in members if name(pid) == "bwrap"]
            if launched:
                victim = self.random.choice([min(launched), *members])
                until = time.monotonic() + self.random.choice([0, self.random.random() / 500])
                while time.monotonic() < until:
                    pass
            victim_name = self.kill(run, victim)
            victims[victim_name] += 1
            self.assert_over(run, mark, members, victim_name)
        print("    killed:", ", ".join("%s %d" % each for each in victims.most_common()), flush=True)
        self.assertGreater(victims["bwrap"], 0)
        self.assert_as_before(before)


if __name__ == "__main__":
    totals.main()
