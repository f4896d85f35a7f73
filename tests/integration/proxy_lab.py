"""A network of its own for tests of the proxy: public addresses that lead nowhere but here, origins
on them, and a name server that the tests fill. Nothing leaves this machine.

A test file calls enter() before anything else: it starts itself again in new network and mount
namespaces, where lo carries all of it.
"""
import atexit
import errno
import functools
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import catalogue  # noqa: E402,F401
import totals  # noqa: E402
import waiting  # noqa: E402
from waiting import wait_for  # noqa: E402,F401

AMBIT = os.path.abspath(os.environ.get("AMBIT_BIN", "build/dev/src/cli/ambit"))
LIMIT = waiting.LIMIT
# Routed to this machine without being addresses of an interface (ip-route(8), "local"), so that
# they are public ones to the proxy.
ROUTES = ["93.184.216.0/24"]
ROUTES6 = ["2606:2800:220:1::/64"]
ORIGIN = "93.184.216.34"
OTHER = "93.184.216.66"
NAME_SERVER = "127.0.0.53"
# What they are while the test runs.
FILES = {"/etc/resolv.conf": "nameserver %s\n" % NAME_SERVER, "/etc/hosts": "127.0.0.1 localhost\n"}


def _skip(reason):
    print("SKIP %s: %s" % (os.path.basename(sys.argv[0]), reason))
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


@functools.cache
def enter():
    """Goes into the namespaces, or ends the program saying why it cannot."""
    if not shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        _skip("ip(8) of iproute2 is not installed")
    for path in FILES:
        if not os.path.exists(path):
            _skip("there is no " + path)
    if os.environ.get("AMBIT_LAB") == "1":
        return _prepare()
    new = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    tried = subprocess.run(new + ["true"], capture_output=True, text=True)
    if tried.returncode != 0:
        _skip("this machine allows no user namespaces: " + tried.stderr.strip())
    os.environ["AMBIT_LAB"] = "1"
    os.execvp(new[0], new + [sys.executable, "-B"] + sys.argv)


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True,
                   env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})


def _prepare():
    _ip("link", "set", "lo", "up")
    for route in ROUTES:
        _ip("route", "add", "local", route, "dev", "lo")
    for route in ROUTES6:
        try:
            _ip("-6", "route", "add", "local", route, "dev", "lo")
        except subprocess.CalledProcessError:
            pass  # a kernel without IPv6
    # Kept for as long as we run: nothing can be mounted on a file that is gone.
    folder = tempfile.mkdtemp(prefix="ambit-lab-")
    atexit.register(shutil.rmtree, folder, True)
    for path, content in FILES.items():
        made = os.path.join(folder, os.path.basename(path))
        with open(made, "w", encoding="ascii") as f:
            f.write(content)
        os.chmod(made, 0o644)
        subprocess.run(["mount", "--bind", made, os.path.realpath(path)], check=True)


class NameServer(threading.Thread):
    """Answers from `answers`: name -> addresses, a list of such lists (one for each query, the last
    one for ever), None for no answer at all, or "refused"; other names do not exist. Remembers what
    it was asked."""

    def __init__(self):
        super().__init__(daemon=True)
        self.answers, self.asked, self.ttl = {}, [], 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((NAME_SERVER, 53))
        self.start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            reply = self.reply(query)
            if reply:
                self.socket.sendto(reply, peer)

    def addresses(self, name, kind):
        found = self.answers.get(name, [])
        if found and isinstance(found[0], list):
            turn = sum(1 for asked in self.asked if asked == (name, kind)) - 1
            found = found[min(turn, len(found) - 1)]
        family = socket.AF_INET if kind == 1 else socket.AF_INET6
        out = []
        for text in found:
            if (":" in text) == (family == socket.AF_INET6):
                out.append(socket.inet_pton(family, text))
        return out

    def reply(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
            at += 1 + query[at]
        question = query[12:at + 5]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        name = ".".join(labels)
        self.asked.append((name, kind))
        known = name in self.answers
        if known and self.answers[name] is None:
            return b""
        if known and self.answers[name] == "refused":
            return query[:2] + struct.pack(">HHHHH", 0x8185, 1, 0, 0, 0) + question
        found = self.addresses(name, kind) if kind in (1, 28) else []
        code = 0x8180 if known else 0x8183
        out = query[:2] + struct.pack(">HHHHH", code, 1, len(found), 0, 0) + question
        for address in found:
            out += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, self.ttl, len(address)) + address
        return out


class Origin(threading.Thread):
    """Listens at one address and port and handles each connection with `serve(connection, origin)`.
    `seen` is all that clients have sent, in order of arrival."""

    def __init__(self, address, port, serve):
        super().__init__(daemon=True)
        self.serve, self.seen, self.connections = serve, b"", 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.handle, args=(connection,), daemon=True).start()

    def handle(self, connection):
        with connection:
            connection.settimeout(LIMIT)
            try:
                self.serve(connection, self)
            except OSError:
                pass

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()


def read_head(connection, rest=b""):
    """(head with its empty line, what came after it); ("", …) at the end."""
    while b"\r\n\r\n" not in rest:
        piece = connection.recv(65536)
        if not piece:
            return b"", rest
        rest += piece
    head, _, rest = rest.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def read_body(connection, head, rest):
    """(body as it came on the wire, what came after it) of a request or response with a length or
    in chunks."""
    lower = head.lower()
    if b"\r\ntransfer-encoding: chunked" in lower:
        while b"\r\n0\r\n\r\n" not in b"\r\n" + rest:
            piece = connection.recv(65536)
            if not piece:
                return rest, b""
            rest += piece
        end = (b"\r\n" + rest).index(b"\r\n0\r\n\r\n") + 5
        return rest[:end], rest[end:]
    length = 0
    for line in lower.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(rest) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        rest += piece
    return rest[:length], rest[length:]


def echo_http(connection, origin):
    """Answers every request with what it was: the request's head and body are the body."""
    rest = b""
    while True:
        head, rest = read_head(connection, rest)
        if not head:
            return
        body, rest = read_body(connection, head, rest)
        origin.seen += head + body
        reply = head + body
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Origin: yes\r\n\r\n"
                           % len(reply) + (b"" if head.startswith(b"HEAD") else reply))


def echo_bytes(connection, origin):
    """Sends back what comes, until the client ends; then says how much it was."""
    count = 0
    while True:
        piece = connection.recv(65536)
        if not piece:
            break
        count += len(piece)
        origin.seen += piece
        connection.sendall(piece)
    connection.sendall(b"<%d>" % count)


def fixed(reply, wait_for_request=True):
    """Answers each connection with these bytes, then closes it."""
    def serve(connection, origin):
        if wait_for_request:
            origin.seen += read_head(connection)[0]
        connection.sendall(reply)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    return serve


class Lab(unittest.TestCase):
    """Each test has its own proxy; the name server is one for all."""

    names = None

    @classmethod
    def setUpClass(cls):
        if not os.access(AMBIT, os.X_OK):
            raise RuntimeError("AMBIT_BIN: '%s' is not a program" % AMBIT)
        if Lab.names is None:
            Lab.names = NameServer()

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="ambit-lab-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        self.names.answers = {"example.com": [ORIGIN], "www.example.com": [ORIGIN],
                              "evil.test": [OTHER]}
        self.names.asked = []
        self.connections = []
        self.addCleanup(self.hang_up)

    def origin(self, serve=echo_http, address=ORIGIN, port=0):
        made = Origin(address, port, serve)
        self.addCleanup(made.close)
        return made

    def proxy(self, allow=("example.com",), deny=(), extra="", env=None, profile=None):
        """Starts `ambit proxy` and notes where it listens."""
        home = tempfile.mkdtemp(dir=self.top)
        text = profile
        if text is None:
            text = "[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\n"
            text += "enabled = true\n%s\n[permissions.p.network.domains]\n" % extra
            for word, names in (("allow", allow), ("deny", deny)):
                text += "".join("%s = '%s'\n" % (json.dumps(n, ensure_ascii=False), word)
                                for n in names if word == "allow" or n not in allow)
        with open(os.path.join(home, "config.toml"), "w", encoding="utf-8") as f:
            f.write(text)
        self.events = os.path.join(home, "events")
        environment = {"PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"}
        environment.update(env or {})
        process = subprocess.Popen(
            [AMBIT, "proxy", "--config-home", home, "-P", "p", "-C", home, "--json", "--quiet",
             "--events", self.events], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(self.end, process)
        line = process.stdout.readline()
        if not line:
            process.wait(LIMIT)
            self.complaint = process.stderr.read()
            return process
        places = json.loads(line)
        self.http = int(places["http"].rpartition(":")[2])
        self.socks = int(places["socks"].rpartition(":")[2]) if places["socks"] else None
        self.certificate = places["certificate"]
        self.complaint = None
        return process

    def end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()
        process.stderr.close()

    def records(self):
        with open(self.events, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def connect(self, port=None):
        made = socket.create_connection(("127.0.0.1", port or self.http), LIMIT)
        self.connections.append(made)
        return made

    def hang_up(self):
        """Closes every connection to the proxy."""
        for made in self.connections:
            made.close()
        self.connections.clear()

    def send(self, data, port=None, end=False):
        """Sends `data` on a new connection and returns all that comes until it is closed."""
        made = self.connect(port)
        try:
            made.sendall(data)
            if end:
                made.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused, and closed, before all of it was sent
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
        return self.rest(made)

    def rest(self, made):
        out = b""
        while True:
            try:
                piece = made.recv(65536)
            except ConnectionResetError:
                return out
            if not piece:
                return out
            out += piece

    def ask(self, data, made=None):
        """(status, head, body) of the next response on a connection."""
        if made is None:
            made = self.connect()
        made.sendall(data)
        return self.response(made)

    def response(self, made, rest=b"", head_only=False):
        head, rest = read_head(made, rest)
        if not head:
            return 0, b"", rest
        body, self.after = (b"", rest) if head_only else read_body(made, head, rest)
        return int(head[9:12]), head, body

    def get(self, url, fields="", made=None):
        return self.ask(("GET %s HTTP/1.1\r\n%s\r\n" % (url, fields)).encode("latin-1"), made)

    def tunnel(self, place):
        """(status, connection, head) of a CONNECT."""
        made = self.connect()
        made.sendall(("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (place, place)).encode("latin-1"))
        head, rest = read_head(made)
        self.after = rest
        return int(head[9:12]) if head else 0, made, head

    def socks_request(self, host, port, kind=3):
        """(reply or None when closed, connection) of a SOCKS5 CONNECT."""
        made = self.connect(self.socks)
        made.sendall(b"\x05\x01\x00")
        if made.recv(2) != b"\x05\x00":
            return None, made
        if kind == 3:
            name = host if isinstance(host, bytes) else host.encode()
            place = bytes([3, len(name)]) + name
        else:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            place = bytes([kind]) + socket.inet_pton(family, host)
        made.sendall(b"\x05\x01\x00" + place + struct.pack(">H", port))
        try:
            reply = made.recv(4)
            if len(reply) < 4:
                return None, made
            made.recv(6 if reply[3] == 1 else 18)
        except ConnectionResetError:
            return None, made
        return reply[1], made


def main():
    totals.main()
