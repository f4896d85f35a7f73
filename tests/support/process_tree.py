"""Processes, and what they have started."""
import os


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


def children(pid):
    found = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task), encoding="ascii") as f:
                found += [int(child) for child in f.read().split()]
    except OSError:
        pass  # it ended meanwhile
    return found


def family(pid):
    """The process and all below it, with the time each was born."""
    found, left = {}, [pid]
    while left:
        one = left.pop()
        time_born = born(one)
        if time_born is None:
            continue
        found[one] = time_born
        left += children(one)
    return found
