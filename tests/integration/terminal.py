"""An interactive shell on a terminal of its own, driven like a person would."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from sandbox import LIMIT



class Terminal:
    """bash with job control in `cwd`; its prompt is "ready> "."""

    def __init__(self, cwd, env):
        env = dict(env, PS1="ready> ", TERM="dumb", HISTFILE="/dev/null")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], env)
        self.seen = ""
        # Without echo, text that appears was printed by a program.
        self.wait_for(r"ready> ")
        self.line("stty -echo; echo sil''ent")
        self.wait_for(r"silent\r?\n(.*\n)*ready> ")

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.send(text + "\n")

    def wait_for(self, pattern):
        """Reads until `pattern` matches what is not consumed yet; returns the match."""
        end = time.monotonic() + LIMIT
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError("no /%s/ within %d s in: %r" % (pattern, LIMIT, self.seen))
            try:
                self.seen += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:
                raise AssertionError("terminal closed; no /%s/ in: %r" % (pattern, self.seen))

    def resize(self, rows, columns):
        """What a terminal window does; the kernel then signals the foreground group."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self):
        """Hangs up, as when a person closes the window."""
        if self.fd < 0:
            return
        os.close(self.fd)
        self.fd = -1
        end = time.monotonic() + LIMIT
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                break
            time.sleep(0.01)
