"""Sockets of the host where a profile opens one of them: the others stay as closed as ever."""
import json
import os
import socket
import sys

from escape import KERNEL, LIVE, PROBE, SNAPSHOT, Escape
from rows import rows
from sandbox import ENGINE, WithoutNamespaces, unique_number
import totals

# Connects through a link that another thread turns round and round between an allowed and a denied
# socket; prints how often the denied one was reached.
RACER = r"""
import os, socket, sys, threading, time
allowed, denied, link = sys.argv[1:4]
stop = False
def turn():
    i = 0
    while not stop:
        for target in (allowed, denied):
            try: os.symlink(target, "new"); os.rename("new", link)
            except OSError: pass
thread = threading.Thread(target=turn); thread.start()
reached = 0
end = time.monotonic() + float(sys.argv[4])
while time.monotonic() < end:
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(link); s.settimeout(100); reached += s.recv(1) == b"d"
    except OSError: pass
    s.close()
stop = True; thread.join(); print("reached", reached)
sys.exit(0 if reached else 1)
"""
# The same with the bytes of a message's address, which another thread rewrites all the time.
MESSAGE_RACER = r"""
import ctypes, os, socket, sys, threading, time
allowed, denied = (os.fsencode(a).ljust(108, b"\0") for a in sys.argv[1:3])
libc = ctypes.CDLL(None, use_errno=True)
class Iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p),
                ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]
name = ctypes.create_string_buffer(socket.AF_UNIX.to_bytes(2, sys.byteorder) + allowed, 110)
data = ctypes.create_string_buffer(b"raced", 5)
iov = Iovec(ctypes.addressof(data), 5)
header = Msghdr(ctypes.addressof(name), 110, ctypes.addressof(iov), 1, None, 0, 0)
stop = False
def turn():
    while not stop:
        ctypes.memmove(ctypes.addressof(name) + 2, denied, 108)
        ctypes.memmove(ctypes.addressof(name) + 2, allowed, 108)
thread = threading.Thread(target=turn); thread.start()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.setblocking(False)
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end: libc.sendmsg(s.fileno(), ctypes.byref(header), 0)
stop = True; thread.join(); print("done")
"""
RACE_SECONDS = "2"


class OneSocket(Escape):
    """The profile allows one stream socket and, in the classes below, one for datagrams."""
    engine = ENGINE or "native"
    rules = LIVE
    datagrams = False

    def setUp(self):
        super().setUp()
        self.allowed = self.listen(socket.SOCK_STREAM, "allowed")
        self.denied = self.listen(socket.SOCK_STREAM, "denied")
        self.log = self.listen(socket.SOCK_DGRAM, "log")
        self.closed_log = self.listen(socket.SOCK_DGRAM, "closed-log")
        names = ["allowed"] + ["log"] * self.datagrams
        self.configure(self.rules + "[permissions.p.network]\nenabled = true\n"
                       "[permissions.p.network.unix_sockets]\n" + "".join(
                           "%s = \"allow\"\n" % json.dumps(self.there(name)) for name in names))

    def argv(self, command, profile="p", options=()):
        return super().argv(command, profile, ["--engine", self.engine, "--quiet", *options])

    def there(self, name):
        return os.path.join(self.outside, name)

    def listen(self, kind, name):
        server = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(server.close)
        server.bind(self.there(name) if name[0] != "\0" else name)
        server.setblocking(False)
        if kind == socket.SOCK_STREAM:
            server.listen(64)
        return server

    def refused(self, program, *attack):
        with self.subTest(attack):
            self.blocked(*attack, program=program, prepare=lambda: None)

    def assert_empty(self, receiver):
        self.assertRaises(BlockingIOError, receiver.recv, 10)

    @rows("N-7")
    def test_allowed_one(self):
        """What the others are measured by: this one works."""
        self.attempt("connect-unix", self.there("allowed"), allowed=True)

    @rows("A-17")
    def test_abstract(self):
        name = "ambit-it-" + unique_number()
        self.listen(socket.SOCK_STREAM, "\0" + name)
        log = self.listen(socket.SOCK_DGRAM, "\0" + name + "-d")
        self.refused(PROBE, "connect-unix", "@" + name)
        self.refused(PROBE, "send-unix", "@" + name + "-d")
        self.assertEqual(log.recv(10), b"x")
        self.assert_empty(log)

    @rows("A-18", "N-7")
    def test_other_file(self):
        self.refused(PROBE, "connect-unix", self.there("denied"))

    @rows("A-19")
    def test_link_to_another(self):
        os.symlink("../outside/denied", os.path.join(self.work, "sock"))
        os.symlink("../outside/allowed", os.path.join(self.work, "fine"))
        self.attempt("connect-unix", "fine", allowed=True)
        self.refused(PROBE, "connect-unix", "sock")

    @rows("A-19")
    def test_link_that_turns_round(self):
        words = [sys.executable, "-c", RACER, self.there("allowed"), self.there("denied"), "turning"]
        for server, word in ((self.allowed, b"a"), (self.denied, b"d")):
            self.answer(server, word)
        control = self.run_argv([*words, RACE_SECONDS])
        if control.returncode != 0:
            self.skipTest("without the sandbox the race was never won")
        inside = self.run_in(*words, RACE_SECONDS)
        self.assertEqual((inside.returncode, inside.stdout), (1, "reached 0\n"), inside.stderr)

    def answer(self, server, word):
        import threading
        server.setblocking(True)

        def loop():
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection:
                    try:
                        connection.send(word, socket.MSG_NOSIGNAL)
                    except OSError:
                        pass
        threading.Thread(target=loop, daemon=True).start()

    @rows("A-20")
    def test_datagrams(self):
        self.refused(PROBE, "send-unix", self.there("closed-log"))
        self.assertEqual(self.closed_log.recv(10), b"x")
        self.assert_empty(self.closed_log)

    @rows("A-21")
    def test_datagrams_of_a_pair(self):
        self.refused(PROBE, "send-unix-pair", self.there("closed-log"))
        self.assertEqual(self.closed_log.recv(10), b"x")
        self.refused(KERNEL, "send-descriptor", self.there("closed-log"))
        self.assertEqual(self.closed_log.recv(10), b"x")
        self.assert_empty(self.closed_log)

    @rows("A-22")
    def test_pair_connected_elsewhere(self):
        self.refused(KERNEL, "connect-pair", self.there("closed-log"))
        name = "ambit-it-p-" + unique_number()
        self.listen(socket.SOCK_DGRAM, "\0" + name)
        self.refused(PROBE, "send-unix-pair", "@" + name)

    @rows("A-25")
    def test_io_uring(self):
        self.refused(PROBE, "io-uring")

    @rows("A-26")
    def test_inherited_descriptor(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        ours.setblocking(False)
        words = ["bash", "-c", "printf x >&%d" % theirs.fileno()]
        self.assert_status(self.run_argv(words, pass_fds=[theirs.fileno()]), 0)
        self.assertEqual(ours.recv(10), b"x")
        self.assertEqual(self.run_in(*words, pass_fds=[theirs.fileno()]).returncode, 1)
        self.assert_empty(ours)


class OneSocketForDatagrams(OneSocket):
    datagrams = True

    def test_allowed_datagrams(self):
        self.attempt("send-unix", self.there("log"), allowed=True)

    @rows("A-20")
    def test_address_that_is_rewritten(self):
        words = [sys.executable, "-c", MESSAGE_RACER, self.there("log"), self.there("closed-log")]
        self.assert_status(self.run_argv([*words, RACE_SECONDS]), 0)
        if not self.drain(self.closed_log):
            self.skipTest("without the sandbox the race was never won")
        self.drain(self.log)
        inside = self.run_in(*words, RACE_SECONDS)
        self.assertEqual(inside.stdout, "done\n", inside.stderr)
        self.assertEqual(self.drain(self.closed_log), 0)
        self.assertGreater(self.drain(self.log), 0)

    @staticmethod
    def drain(receiver):
        count = 0
        while True:
            try:
                receiver.recv(100)
            except BlockingIOError:
                return count
            count += 1


class AllSockets(Escape):
    @rows("A-28")
    def test_deny_below_allow_all(self):
        path = os.path.join(self.outside, "x.sock")
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen(8)
        self.configure(self.settings + "[permissions.p.network]\nenabled = true\n"
                       "dangerously_allow_all_unix_sockets = true\n"
                       "[permissions.p.network.unix_sockets]\n%s = \"deny\"\n" % json.dumps(path))
        self.blocked("connect-unix", path, prepare=lambda: None)


class SnapshotOneSocket(OneSocket):
    rules = SNAPSHOT


class SnapshotOneSocketForDatagrams(OneSocketForDatagrams):
    rules = SNAPSHOT


class LandlockOneSocket(WithoutNamespaces, OneSocket):
    pass


class LandlockOneSocketForDatagrams(WithoutNamespaces, OneSocketForDatagrams):
    pass


if __name__ == "__main__":
    totals.main()
