"""A file system that hangs: its server, which is a thread of the test, and the program that mounts
it for one command, in the mount namespace in which it was started.

In its only directory, "quick" is answered at once. That "slow" is opened, that "lost" is found and
that "new-slow" is made is answered when the test says so. A request that was taken cannot be taken
back, as on a server that is gone: whoever waits for it cannot be killed. When the test ends, the
descriptor of the server is closed, and with that all who wait get an error.
"""
import ctypes
import os
import select
import socket
import stat
import struct
import subprocess
import sys
import threading

# The requests and structures of linux/fuse.h.
(LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR,
 ACCESS, CREATE, INTERRUPT, BATCH_FORGET) = (1, 2, 3, 14, 15, 17, 18, 25, 26, 27, 28, 29, 34, 35,
                                             36, 42)
HEADER = struct.Struct("=IIQQIIIHH")  # length, request, number, node, user, group, process …
ANSWER = struct.Struct("=IiQ")  # length, error, number
PARALLEL_DIROPS = 1 << 18  # one name that is looked up for long does not lock the directory
MAX_WRITE = 1 << 16

ROOT, QUICK, SLOW, LOST, NEW_SLOW = range(1, 6)
NAMES = {b"quick": QUICK, b"slow": SLOW, b"lost": LOST, b"new-slow": NEW_SLOW}
CONTENT = {QUICK: b"quick\n", SLOW: b"slow\n", LOST: b"lost\n", NEW_SLOW: b""}
HELD = {(OPEN, SLOW): "open slow", (LOOKUP, LOST): "look up lost",
        (CREATE, NEW_SLOW): "make new-slow"}

MS_NOSUID, MS_NODEV = 2, 4


class Unmountable(Exception):
    """Why there can be no such file system here."""


def attributes(node):
    mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o644
    return struct.pack("=6Q10I", node, len(CONTENT.get(node, b"")), 0, 0, 0, 0, 0, 0, 0, mode, 1,
                       os.getuid(), os.getgid(), 0, 4096, 0)


def entry(node):
    """What a name stands for; it is asked for again each time."""
    return struct.pack("=4Q2I", node, 0, 0, 0, 0, 0) + attributes(node)


def listing():
    found = b""
    for number, (name, node) in enumerate([(b".", ROOT), (b"..", ROOT), *NAMES.items()], 1):
        if node != NEW_SLOW:
            kind = 4 if node == ROOT else 8
            found += struct.pack("=QQII", node, number, len(name), kind) + name
            found += bytes(-len(found) % 8)
    return found


class Server(threading.Thread):
    def __init__(self, device):
        super().__init__(daemon=True)
        self.device = device
        self.end, self.ending = os.pipe()
        self.lock = threading.Lock()
        self.waiting = []  # what is held back: its name, the answer
        self.is_released = False
        self.is_made = False
        os.set_blocking(device, False)
        self.start()

    def held(self):
        """The names of what is held back."""
        with self.lock:
            return [name for name, _ in self.waiting]

    def release(self):
        """Answers what is held back; from now on nothing is."""
        with self.lock:
            self.is_released = True
            for _, answer in self.waiting:
                self.send(answer)
            self.waiting.clear()

    def stop(self):
        """Ends the file system. Whoever waits for it gets an error."""
        os.close(self.ending)
        self.join()
        os.close(self.device)
        os.close(self.end)

    def run(self):
        while self.end not in select.select([self.device, self.end], [], [])[0]:
            try:
                self.take(os.read(self.device, MAX_WRITE + 4096))
            except (BlockingIOError, FileNotFoundError):
                pass  # who asked has gone
            except OSError:
                break  # it is mounted no longer

    def send(self, answer):
        try:
            os.write(self.device, answer)
        except OSError:
            pass  # who asked has gone, or it is mounted no longer

    def take(self, request):
        _, kind, number, node = HEADER.unpack_from(request)[:4]
        body = request[HEADER.size:]
        if kind in (FORGET, BATCH_FORGET, INTERRUPT):
            return
        if kind == LOOKUP:
            node = NAMES.get(body.rstrip(b"\0"))
        elif kind == CREATE:
            node = NAMES.get(body[16:].rstrip(b"\0"))
        with self.lock:
            error, text = 0, self.answer(kind, node, body)
            if isinstance(text, int):
                error, text = text, b""
            answer = ANSWER.pack(ANSWER.size + len(text), -error, number) + text
            if (kind, node) in HELD and not self.is_released:
                self.waiting.append((HELD[kind, node], answer))
            else:
                self.send(answer)

    def answer(self, kind, node, body):
        """The text, or the number of an error."""
        if kind == INIT:
            _, minor, read_ahead, flags = struct.unpack_from("=4I", body)
            return struct.pack("=4I2H2I28x", 7, min(minor, 31), read_ahead,
                               flags & PARALLEL_DIROPS, 16, 12, MAX_WRITE, 1)
        if kind == LOOKUP:
            is_here = node and (node != NEW_SLOW or self.is_made)
            return entry(node) if is_here else 2  # ENOENT
        if kind == GETATTR:
            return bytes(16) + attributes(node)
        if kind == CREATE:
            if node != NEW_SLOW:
                return 30  # EROFS
            self.is_made = True
            return entry(node) + bytes(16)
        if kind in (OPEN, OPENDIR):
            return bytes(16)
        if kind in (READ, READDIR):
            _, offset, size = struct.unpack_from("=QQI", body)
            if kind == READ:
                return CONTENT[node][offset:offset + size]
            return listing() if offset == 0 else b""
        if kind == STATFS:
            return struct.pack("=5Q4I24x", 0, 0, 0, 0, 0, 4096, 255, 4096, 0)
        if kind in (FLUSH, RELEASE, RELEASEDIR, ACCESS):
            return b""
        return 38  # ENOSYS


def start(namespace, directory, argv, **kwargs):
    """Starts `argv` where `directory` is the file system, in the mount namespace that the command
    line `namespace` makes. -> (Popen, Server)"""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                [*namespace, sys.executable, os.path.abspath(__file__), str(theirs.fileno()),
                 directory, *argv], pass_fds=[theirs.fileno()], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)
        devices = socket.recv_fds(ours, 1, 1, socket.MSG_CMSG_CLOEXEC)[1]
    if not devices:
        raise Unmountable(process.communicate()[1].strip())
    return process, Server(devices[0])


def main(channel, directory, *command):
    """Mounts it, hands the descriptor of its server over, and becomes the command."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        device = os.open("/dev/fuse", os.O_RDWR)
    except OSError as e:
        sys.exit("no file system of the test's own: %s" % e)
    options = "fd=%d,rootmode=40000,user_id=%d,group_id=%d" % (device, os.getuid(), os.getgid())
    if libc.mount(b"slow", os.fsencode(directory), b"fuse", MS_NOSUID | MS_NODEV,
                  options.encode()) != 0:
        sys.exit("no file system of the test's own: mount: " + os.strerror(ctypes.get_errno()))
    with socket.socket(fileno=int(channel)) as to_the_test:
        socket.send_fds(to_the_test, [b"."], [device])
    os.stat(directory)  # until then it is root's, and nobody makes files where root is not known
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
