"""Finds what a program leaves running, whoever else is at work on this machine: while we adopt
orphans, each descendant that outlives its parent becomes our child (PR_SET_CHILD_SUBREAPER(2const)).
"""
import ctypes
import os
import signal

import waiting
from process_tree import name

_SET_CHILD_SUBREAPER = 36


def _children():
    """Process -> its state, a letter of proc_pid_stat(5)."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry, encoding="latin-1") as f:
                state, parent = f.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if int(parent) == os.getpid():
            found[int(entry)] = state
    return found


class Adoption:
    """A context in which orphans are adopted. Start nothing in it that is still there at the end of
    it, and nothing in another thread."""

    def __enter__(self):
        self._adopt(1)
        self._before = set(_children())
        return self

    def __exit__(self, *_):
        while self.orphans():  # the end of one may leave others
            for pid in self.orphans():
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        self._adopt(0)

    @staticmethod
    def _adopt(on):
        if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, on, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    def orphans(self):
        """Process -> its name, of all that were left to us, also when they have ended since."""
        return {pid: name(pid) for pid in _children() if pid not in self._before}

    def left(self, seconds=waiting.LIMIT):
        """The same of those that do not end by themselves within this time."""
        waiting.wait_for(lambda: not self._living(), seconds)
        return self._living()

    def _living(self):
        for pid, state in _children().items():
            if pid not in self._before and state == "Z":
                os.waitpid(pid, 0)
        return self.orphans()
