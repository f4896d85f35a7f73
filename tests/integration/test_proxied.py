"""A command with a network: what the profile allows is reached, by programs that know the proxy and
by those that do not; nothing else is."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

from sandbox import AMBIT, LIMIT, PROBE, Sandbox, rows, unique_number, wait_for

import internet

ALLOWED = """
[permissions.p.network]
enabled = true
[permissions.p.network.domains]
"example.com" = "allow"
"*.allowed.test" = "allow"
"denied.test" = "deny"
"localhost:5432" = "allow"
"""
WORKSPACE = '[permissions.p]\nextends = ":workspace"\n'
READ_ONLY = '[permissions.p]\nextends = ":read-only"\n'
PATTERNS = WORKSPACE + '[permissions.p.filesystem.":workspace_roots"]\n"**/*.env" = "deny"\n'
NAMES = None

# Programs that know nothing of proxies.
FETCH = """
import socket, sys
socket.setdefaulttimeout(100)
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(b"GET / HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n" % sys.argv[1].encode())
data = b""
while True:
    more = s.recv(4096)
    if not more: break
    data += more
print(data.decode())
sys.exit(0 if b" 200 " in data else 3)
"""
ASYNC = """
import asyncio, sys
async def go():
    r, w = await asyncio.wait_for(asyncio.open_connection(sys.argv[1], int(sys.argv[2])), 100)
    w.write(b"GET / HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n")
    data = await asyncio.wait_for(r.read(), 100)
    print(data.decode())
    return 0 if b" 200 " in data else 3
sys.exit(asyncio.run(go()))
"""
OWN_SERVER = """
import socket, sys, threading
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.socket(family)
server.bind((sys.argv[1], 0))
server.listen(1)
def answer():
    c, _ = server.accept()
    c.sendall(b"mine")
    c.close()
threading.Thread(target=answer, daemon=True).start()
c = socket.create_connection(server.getsockname()[:2], 100)
assert c.recv(10) == b"mine"
u = socket.socket(family, socket.SOCK_DGRAM)
u.bind((sys.argv[1], 0))
v = socket.socket(family, socket.SOCK_DGRAM)
v.sendto(b"x", u.getsockname())
v.connect(u.getsockname())
v.send(b"y")
assert u.recv(9) == b"x" and u.recv(9) == b"y"
"""
# Every way to the proxy, by a program whose name is none for a terminal; one of them in a thread.
CLIENT = r'''
import ctypes, os, socket, sys, threading, urllib.parse
evil = sys.argv[1]
libc = ctypes.CDLL(None)
libc.prctl(15, b"odd \x1b[31m\xff\"", 0, 0, 0)
def ask(variable, data):
    port = urllib.parse.urlsplit(os.environ[variable]).port
    with socket.create_connection(("127.0.0.1", port), 100) as s:
        s.sendall(data)
        while s.recv(4096): pass
def get():
    libc.prctl(15, b"a thread", 0, 0, 0)
    ask("HTTP_PROXY", b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n")
asking = threading.Thread(target=get)
asking.start()
asking.join()
ask("HTTP_PROXY", b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n")
ask("ALL_PROXY", b"\5\1\0\5\1\0\3\x09evil.test\0\x50")
ask("HTTP_PROXY", b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
if len(sys.argv) < 3:
    try:
        with socket.create_connection((evil, 80), 100) as s:
            while s.recv(4096): pass
    except OSError: pass
    try: socket.getaddrinfo("denied.test", 80)
    except OSError: pass
print(os.getpid())
'''
SOCKET = "import socket, sys; socket.socket(*map(int, sys.argv[1].split(',')))"
UDP = """
import socket, sys, time
u = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
begin = time.monotonic()
try:
    u.sendto(b"x", (sys.argv[1], int(sys.argv[2])))
    print("sent")
except OSError as e:
    print("refused", e.errno)
    sys.exit(0 if time.monotonic() - begin < 60 else 2)
sys.exit(1)
"""


def setUpModule():
    global NAMES
    NAMES = internet.start()


def python(text, *arguments):
    return [sys.executable, "-c", text, *[str(a) for a in arguments]]


class Proxied(Sandbox):
    settings = WORKSPACE + ALLOWED

    def curl(self, *arguments, **kwargs):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        return self.run_in("curl", "-sS", "-m", "100", *arguments, **kwargs)

    def reach(self, name, port=80, text=FETCH):
        """By a program that knows no proxy; it works outside."""
        self.assert_status(self.plain(*python(text, name, port)), 0)
        return self.run_in(*python(text, name, port))

    def listeners(self):
        found = set()
        for name in ("tcp", "tcp6"):
            with open("/proc/net/" + name, encoding="ascii") as f:
                found |= {line.split()[1] for line in f.readlines()[1:] if line.split()[3] == "0A"}
        return found

    def wait_started(self, *command, **kwargs):
        """Starts a command that prints a line, and waits for it."""
        run = self.start(*command, **kwargs)
        line = run.stdout.readline()
        self.assertTrue(line, "it did not start")
        return run, line


class Reached(Proxied):
    def test_through_the_variables(self):
        for settings in (READ_ONLY, WORKSPACE, PATTERNS):
            self.configure(settings + ALLOWED)
            with self.subTest(settings):
                done = self.curl("http://example.com/")
                self.assert_status(done, 0)
                self.assertIn("host=example.com at=" + internet.EXAMPLE, done.stdout)

    def test_a_refusal_says_why(self):
        done = self.curl("-i", "http://evil.test/")
        self.assertIn("403", done.stdout.splitlines()[0])
        self.assertIn("not_allowed", done.stdout)
        done = self.curl("-i", "http://denied.test/")
        self.assertIn("403", done.stdout.splitlines()[0])
        self.assertIn("denied", done.stdout)

    def test_connect_and_socks(self):
        done = self.curl("-p", "http://example.com/")
        self.assertIn("at=" + internet.EXAMPLE, done.stdout)
        done = self.run_in("sh", "-c", "curl -sS -m 100 -x $ALL_PROXY http://example.com/")
        self.assertIn("at=" + internet.EXAMPLE, done.stdout)

    def test_programs_that_know_no_proxy(self):
        for settings in (READ_ONLY, WORKSPACE, PATTERNS):
            for text in (FETCH, ASYNC):
                self.configure(settings + ALLOWED)
                with self.subTest(settings, text=text):
                    done = self.reach("example.com", text=text)
                    self.assert_status(done, 0)
                    self.assertIn("at=" + internet.EXAMPLE, done.stdout)

    @rows("A-16")
    def test_curl_without_the_proxy(self):
        done = self.curl("--noproxy", "*", "http://api.allowed.test/")
        self.assert_status(done, 0)
        self.assertIn("at=" + internet.EXAMPLE, done.stdout)
        done = self.run_in("env", "-u", "HTTP_PROXY", "-u", "http_proxy", "-u", "ALL_PROXY", "-u",
                           "all_proxy", "curl", "-sS", "-m", "100", "http://evil.test/")
        self.assertNotIn("at=", done.stdout)
        done = self.plain("curl", "-sS", "-m", "100", "http://evil.test/")
        self.assertIn("at=" + internet.EVIL, done.stdout)

    @rows("N-4")
    def test_a_port_of_the_host(self):
        done = self.reach("127.0.0.1", 5432)
        self.assert_status(done, 0)
        self.assertNotEqual(self.reach("127.0.0.1", 8080).returncode, 0)

    def test_ssh_through_ambit_connect(self):
        done = self.run_in(AMBIT, "connect", "example.com", "22")
        self.assertIn("SSH-2.0-here", done.stdout)
        done = self.run_in(AMBIT, "connect", "evil.test", "22")
        self.assert_status(done, 1)
        self.assertIn("evil.test:22", done.stderr)
        self.assertRegex(done.stderr, r"\Aambit: error: [^\n]+\n")

    @rows("N-8")
    def test_git_by_ssh(self):
        """It comes as far as the server's greeting, by the command and by capture."""
        for unset in ([], ["env", "-u", "GIT_SSH_COMMAND"]):
            done = self.run_in("timeout", "100", *unset, "git", "ls-remote", "git@example.com:x")
            self.assertNotIn("resolve", done.stderr)
            self.assertNotIn("refused", done.stderr)
            done = self.run_in("timeout", "100", *unset, "git", "ls-remote", "git@evil.test:x")
            self.assertIn("refused 'evil.test", done.stderr)

    @rows("A-43")
    def test_own_loopback(self):
        for address in ("127.0.0.1", "::1", "127.0.0.7"):
            for settings in (READ_ONLY, WORKSPACE, PATTERNS):
                self.configure(settings + ALLOWED)
                with self.subTest(address, settings=settings):
                    self.assert_status(self.run_in(*python(OWN_SERVER, address)), 0)

    def test_own_loopback_with_nothing_allowed(self):
        self.configure(WORKSPACE + "[permissions.p.network]\nenabled = true\n")
        self.assert_status(self.run_in(*python(OWN_SERVER, "127.0.0.1")), 0)
        done = self.curl("-i", "http://example.com/")
        self.assertIn("403", done.stdout.splitlines()[0])

    @rows("A-41")
    def test_usual_ports_are_free(self):
        for port in (3128, 1080, 8080, 8081):
            done = self.run_in(*python(
                "import socket, sys; socket.socket().bind(('127.0.0.1', int(sys.argv[1])))", port))
            self.assert_status(done, 0)

    def test_a_blocked_connect_disturbs_nobody(self):
        done = self.run_in(*python("""
import socket, threading, time
full = socket.socket(); full.bind(("127.0.0.1", 0)); full.listen(0)
waiting = [socket.socket() for _ in range(6)]
def connect(s):
    s.settimeout(None)
    try: s.connect(full.getsockname())
    except OSError: pass
for s in waiting: threading.Thread(target=connect, args=(s,), daemon=True).start()
time.sleep(0.3)
other = socket.socket(); other.bind(("127.0.0.1", 0)); other.listen(1)
c = socket.create_connection(other.getsockname(), 100)
print("connected", flush=True)
import os; os._exit(0)
"""))
        self.assert_status(done, 0)
        self.assertIn("connected", done.stdout)

    def test_a_stream_keeps_the_kernels_answers(self):
        done = self.run_in(*python("""
import errno, select, socket
s = socket.socket(); s.setblocking(False)
free = socket.socket(); free.bind(("127.0.0.1", 0)); port = free.getsockname()[1]; free.close()
r = s.connect_ex(("127.0.0.1", port))
if r == errno.EINPROGRESS:
    select.select([], [s], [], 100)
    r = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
assert r == errno.ECONNREFUSED, r
s = socket.socket(); s.setblocking(True)
assert s.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(5)
s = socket.socket(); s.connect(l.getsockname())
assert s.connect_ex(l.getsockname()) == errno.EISCONN
assert s.getblocking()
import os
assert socket.socket().connect_ex(("127.0.0.1", 1)) == errno.ECONNREFUSED
"""))
        self.assert_status(done, 0)


class Refused(Proxied):
    """What the proxy cannot do keeps the command from being run."""

    def test_what_there_is_no_proxy_for(self):
        for setting in ('publish = ["0.0.0.0:3000"]',
                        'publish = ["10.0.0.5:3000"]',
                        'publish = ["localhost.evil.test:3000"]',
                        'mitm = { version = 1 }',
                        'upstream = { http = "socks5://127.0.0.1:1" }'):
            with self.subTest(setting):
                self.configure(self.settings.replace("enabled = true", "enabled = true\n" + setting))
                done = self.run_in("echo", "ran")
                self.assert_status(done, 125)
                self.assertNotIn("ran", done.stdout)
                self.assertRegex(done.stderr, r"ambit: error: [^\n]+\n\Z")


class Published(Proxied):
    """Ports of the sandbox that are reached from the host."""

    PORTS = '"127.0.0.1:3000", "localhost:3002:3000", "[::1]:3003:3000", "127.0.0.1:3004"'
    settings = Proxied.settings.replace("enabled = true", "enabled = true\npublish = [%s]" % PORTS)
    # Sends back what it gets when the other end has said all, and how many there were before.
    ECHO = """
import socketserver, sys, threading
class Echo(socketserver.BaseRequestHandler):
    count = 0
    def handle(self):
        Echo.count += 1
        self.request.sendall(b"%d " % Echo.count)
        data = b""
        while True:
            more = self.request.recv(65536)
            if not more: break
            data += more
        self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 200
server = Server(("127.0.0.1", 3000), Echo)
print("on", flush=True)
server.serve_forever()
"""

    def begin(self, **kwargs):
        return self.wait_started(*python(self.ECHO), **kwargs)[0]

    @staticmethod
    def talk(text, address=("127.0.0.1", 3000)):
        with socket.create_connection(address, LIMIT) as s:
            s.sendall(text)
            s.shutdown(socket.SHUT_WR)
            data = b""
            while True:
                more = s.recv(65536)
                if not more:
                    return data.partition(b" ")[2]
                data += more

    def assert_not_answered(self, address):
        try:
            with socket.create_connection(address, LIMIT) as s:
                self.assertEqual(s.recv(10), b"")
        except ConnectionError:
            pass

    def wait_free(self):
        """Until no port is taken by a run that is about to end."""
        def taken():
            return {int(one.rpartition(":")[2], 16) for one in self.listeners()} & set(range(3000, 3005))
        self.assertTrue(wait_for(lambda: not taken()), taken())

    def setUp(self):
        super().setUp()
        self.wait_free()

    def test_reached_from_the_host(self):
        for settings in (self.settings, self.settings.replace(WORKSPACE, READ_ONLY),
                         self.settings.replace("enabled = true", "enabled = true\ncapture = false")):
            self.configure(settings)
            with self.subTest(settings):
                run = self.begin()
                for address in (("127.0.0.1", 3000), ("127.0.0.1", 3002), ("::1", 3003)):
                    self.assertEqual(self.talk(b"hello", address), b"hello", address)
                big = os.urandom(1 << 20) * 8
                self.assertEqual(self.talk(big), big)
                run.terminate()
                run.wait(LIMIT)
                self.wait_free()

    def test_nothing_else_is(self):
        before = self.listeners()
        self.begin()
        self.assertEqual(len(self.listeners() - before), 4)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 3001), LIMIT)
        for address in (("127.0.0.2", 3000), (internet.LAN, 3000)):
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(address, LIMIT)
        self.assert_not_answered(("127.0.0.1", 3004))  # nobody listens inside
        self.assertEqual(self.talk(b"still"), b"still")

    def test_more_connections_than_there_are_sockets(self):
        self.begin()
        for i in range(300):
            self.assertEqual(self.talk(b"%d" % i), b"%d" % i)

        def crowd():
            many, answered = [], 0
            for _ in range(140):
                try:
                    many.append(socket.create_connection(("127.0.0.1", 3000), LIMIT))
                except ConnectionError:
                    pass
            for i, s in enumerate(many):
                try:
                    answered += s.recv(10) != b""
                except ConnectionError:
                    pass
                if i % 2:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            for s in many:
                s.close()
            return answered

        for _ in range(3):  # those of before may be about to end
            self.assertTrue(wait_for(lambda: crowd() == 128))

    def test_a_port_that_is_taken(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 3000))
            other.listen(1)
            done = self.run_in("echo", "ran")
        self.assert_status(done, 125)
        self.assertNotIn("ran", done.stdout)
        # The proof may be the first to see that the proxy has ended.
        self.assertRegex(done.stderr, r"\Aambit: error: [^\n]*config.toml:(6:12: [^\n]*"
                         r"'127\.0\.0\.1:3000'|5:11: [^\n]*the proxy can be reached)[^\n]*\n\Z")
        self.assert_status(self.run_in("true"), 0)

    def test_free_after_the_run(self):
        for end in (signal.SIGTERM, signal.SIGKILL):
            run = self.begin()
            self.assertEqual(self.talk(b"x"), b"x")
            run.send_signal(end)
            run.wait(LIMIT)
            self.wait_free()

    def test_two_runs(self):
        self.begin()
        self.assert_status(self.run_in("true"), 125)
        # What only looks does not open them.
        done = self.run_argv([AMBIT, "verify", "-P", "p", "--config-home", self.config])
        self.assert_status(done, 0)
        self.assertEqual(self.talk(b"x"), b"x")

    def test_events(self):
        path = os.path.join(self.outside, "events")
        run = self.begin(options=["--events", path])
        self.assertEqual(self.talk(b"hello"), b"hello")
        self.assert_not_answered(("127.0.0.1", 3004))
        run.terminate()
        run.wait(LIMIT)
        with open(path, encoding="utf-8") as f:
            made = [e for e in map(json.loads, f) if e["type"] == "connection"]
        self.assertEqual([(e["protocol"], e["host"], e["port"], e["decision"], e["reason"], e["rule"])
                          for e in made],
                         [("publish", "127.0.0.1", 3000, "allow", "allowed", "127.0.0.1:3000"),
                          ("publish", "127.0.0.1", 3004, "allow", "dial_failed", "127.0.0.1:3004")])
        self.assertEqual(made[0]["bytes_sent"], 5)

    def test_without_a_network_namespace(self):
        self.configure(WORKSPACE + '[permissions.p.network]\nenabled = true\n'
                       'publish = ["127.0.0.1:3000"]\n')
        done = self.run_in("echo", "ran", options=["--engine", "landlock"])
        self.assert_status(done, 125)
        self.assertNotIn("ran", done.stdout)

    def test_without_a_sandbox(self):
        done = self.run_argv([AMBIT, "proxy", "-P", "p", "--config-home", self.config])
        self.assert_status(done, 125)
        self.assertIn("network.publish", done.stderr)


class NotReached(Proxied):
    """Rows A-02 to A-16 and A-58 of the catalogue of attacks on the network."""

    def assert_refused(self, name, port=80):
        done = self.reach(name, port)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("at=", done.stdout)

    @rows("A-02")
    def test_host_loopback(self):
        self.assert_refused("127.0.0.1", 8080)

    @rows("A-03")
    def test_lan_address(self):
        self.assert_refused(internet.LAN)

    @rows("A-04")
    def test_ipv6_literal(self):
        self.assert_refused(internet.EXAMPLE6)

    @rows("A-58")
    def test_address_of_an_allowed_name(self):
        self.assert_refused(internet.EXAMPLE)

    @rows("A-06", "A-124")
    def test_name_that_is_not_allowed(self):
        self.assert_status(self.plain(*python(FETCH, "evil.test", 80)), 0)
        del NAMES.asked[:]
        done = self.run_in(*python(FETCH, "evil.test", 80))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("gaierror", done.stderr)
        self.curl("http://secret.evil.test/")
        self.assertEqual([n for n in NAMES.asked if "evil" in n], [])

    @rows("A-68", "A-69")
    def test_allowed_names_that_lead_inside(self):
        self.assert_refused("lan.allowed.test")
        self.assert_refused("loop.allowed.test", 8080)

    @rows("A-08", "N-8")
    def test_datagrams(self):
        for address, port in ((internet.EXAMPLE, 443), ("224.0.0.251", 5353), ("10.0.0.5", 53),
                              (internet.EXAMPLE6, 443), ("198.18.0.1", 443)):
            with self.subTest(address):
                if address != "198.18.0.1":  # which is nowhere but inside
                    self.assertEqual(self.plain(*python(UDP, address, port)).stdout, "sent\n")
                done = self.run_in(*python(UDP, address, port))
                self.assert_status(done, 0)

    @rows("A-09", "A-10", "A-12", "A-13", "A-15")
    def test_kinds_of_socket(self):
        # raw ICMP, ping, netlink, vsock, MPTCP, UDP-Lite, SCTP, DCCP, packet, kernel crypto, XDP,
        # unix datagrams
        there = 0
        for kind in ("2,3,1", "2,2,1", "16,3,0", "40,1,0", "2,1,262", "2,2,136", "2,1,132", "2,6,33",
                     "17,3,768", "38,5,0", "44,3,0", "1,2,0", "10,3,58"):
            with self.subTest(kind):
                # Not every host has every kind; what it does not have is refused by another word.
                there += self.plain(*python(SOCKET, kind)).returncode == 0
                done = self.run_in(*python(SOCKET, kind))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("PermissionError", done.stderr)
        self.assertGreater(there, 3)

    @rows("A-21")
    def test_pairs_of_datagram_sockets(self):
        pair = python("import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)")
        self.assert_status(self.plain(*pair), 0)
        done = self.run_in(*pair)
        self.assertIn("PermissionError", done.stderr)
        self.assert_status(self.run_in(*python("import socket; socket.socketpair()")), 0)

    @rows("A-17", "A-18")
    def test_sockets_of_the_host(self):
        path = os.path.join(self.outside, "s")
        for name, address in ((path, path), ("@ambit-proxied-%d" % os.getpid(),
                                             "\0ambit-proxied-%d" % os.getpid())):
            server = socket.socket(socket.AF_UNIX)
            self.addCleanup(server.close)
            server.bind(address)
            server.listen(8)
            for settings in (READ_ONLY, WORKSPACE, PATTERNS):
                self.configure(settings + ALLOWED)
                with self.subTest(name, settings=settings):
                    self.attempt("connect-unix", name)

    def test_the_name_server_cannot_be_replaced(self):
        done = self.run_in(*python("""
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    for port in (53, int(__import__("os").environ["HTTP_PROXY"].rsplit(":", 1)[1])):
        s = socket.socket(socket.AF_INET, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if kind == socket.SOCK_DGRAM and port != 53: continue
        try:
            s.bind(("127.0.0.1", port))
            s.listen(1) if kind == socket.SOCK_STREAM else None
            print("taken", kind, port)
        except OSError:
            pass
"""))
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, "")

    def test_without_capture(self):
        self.configure(self.settings.replace("enabled = true", "enabled = true\ncapture = false"))
        done = self.run_in(*python(FETCH, internet.EXAMPLE, 80))
        self.assertIn("unreachable", done.stderr)
        done = self.run_in("cat", "/etc/resolv.conf")
        self.assertEqual(done.stdout, self.plain("cat", "/etc/resolv.conf").stdout)
        done = self.curl("http://example.com/")
        self.assertIn("at=" + internet.EXAMPLE, done.stdout)

    @rows("A-32", "A-33", "A-35")
    def test_first_process(self):
        steal = python("""
import ctypes, os, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
for name in ("fd", "mem", "environ", "maps"):
    try:
        if name == "fd": got = [os.readlink("/proc/%d/fd/%s" % (pid, f)) for f in os.listdir("/proc/%d/fd" % pid)]
        else: got = open("/proc/%d/%s" % (pid, name), "r+b" if name == "mem" else "rb")
        if got: print("opened", name)
    except OSError: pass
p = os.pidfd_open(pid)
if any(libc.syscall(438, p, fd, 0) >= 0 for fd in range(64)): print("taken")
""")
        control = self.plain(*steal, str(os.getpid()))
        self.assertEqual(control.stdout, "opened fd\nopened mem\nopened environ\nopened maps\ntaken\n")
        done = self.run_in(*steal, "1")
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, "")

    @rows("A-37", "A-38", "A-39")
    def test_namespaces(self):
        packet = python(SOCKET, "17,3,768")
        for attempt in (["unshare", "-Ur", "-n", *packet], ["unshare", "-n", "true"]):
            self.assert_status(self.plain(*attempt), 0)
            self.assertNotEqual(self.run_in(*attempt).returncode, 0)
        enter = ["sh", "-c", "nsenter --net=/proc/$0/ns/net true"]
        self.assert_status(self.plain(*enter, str(os.getpid())), 0)
        for pid in ("1", "self"):
            self.assertNotEqual(self.run_in(*enter, pid).returncode, 0)

    @rows("A-53", "A-54")
    def test_the_proxy_itself(self):
        done = self.run_in("sh", "-c", "curl -sS -i -m 100 --noproxy '' -x $HTTP_PROXY $HTTP_PROXY/")
        self.assertRegex(done.stdout, r"\AHTTP/1.1 40[03] ")
        for path in ("health", "config", "mode -X POST -d full"):
            done = self.run_in("sh", "-c",
                               "curl -sS -i -m 100 --noproxy '*' $HTTP_PROXY/" + path)
            self.assertRegex(done.stdout, r"\AHTTP/1.1 4\d\d ")
        self.assertIn("at=", self.curl("http://example.com/").stdout)


class OtherDoors(Proxied):
    """What the filter of a command with a network leaves closed."""

    @rows("A-23")
    def test_socket_of_a_32_bit_program(self):
        if self.plain(PROBE, "socket-32-bit").returncode != 0:
            self.skipTest("this kernel runs no 32-bit calls")
        self.assertEqual(self.run_in(PROBE, "socket-32-bit").returncode, 128 + signal.SIGSYS)

    @rows("A-25")
    def test_io_uring(self):
        self.attempt("io-uring")

    @rows("A-30")
    def test_device_node(self):
        self.attempt("mknod", "node", prepare=lambda: self.remove_if_there("work/node"))

    @rows("A-44")
    def test_kernel_settings(self):
        self.attempt("append", "/proc/sys/net/ipv4/ip_forward")

    @rows("A-45")
    def test_keys(self):
        self.attempt("add-key")

    def remove_if_there(self, name):
        path = os.path.join(self.top, name)
        if os.path.lexists(path):
            os.unlink(path)

    @rows("A-26")
    def test_connected_socket_of_the_caller(self):
        words = ["bash", "-c", "printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&$0; cat <&$0"]
        for run, reached in ((self.plain, True), (self.run_in, False)):
            with socket.create_connection(("127.0.0.1", 8080)) as made:
                done = run(*words, str(made.fileno()), pass_fds=[made.fileno()])
                self.assertEqual("at=127.0.0.1" in done.stdout, reached)

    @rows("A-134")
    def test_rules_without_the_switch(self):
        for switch in ("enabled = false", ""):
            self.configure(self.settings.replace("enabled = true", switch))
            done = self.reach("example.com")
            self.assertNotEqual(done.returncode, 0)
            self.assertNotIn("at=", done.stdout)
            self.assertEqual(self.run_in("printenv", "HTTP_PROXY").stdout, "")

    @rows("A-133")
    def test_mistyped_key(self):
        self.configure(self.settings.replace("enabled = true",
                                             "enabled = true\nallow_local_bindng = true"))
        done = self.run_in("echo", "ran")
        self.assert_status(done, 125)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "allow_local_bindng.*allow_local_binding")


class Told(Proxied):
    @rows("A-55")
    def test_environment(self):
        done = self.run_in("env", env={"HTTP_PROXY": "http://old", "NO_PROXY": "*", "no_proxy": "x"})
        env = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        http, socks = env["HTTP_PROXY"], env["ALL_PROXY"]
        self.assertRegex(http, r"\Ahttp://127\.0\.0\.1:\d+\Z")
        self.assertRegex(socks, r"\Asocks5h://127\.0\.0\.1:\d+\Z")
        for name in """HTTPS_PROXY http_proxy https_proxy WS_PROXY WSS_PROXY ws_proxy wss_proxy
                YARN_HTTP_PROXY YARN_HTTPS_PROXY npm_config_http_proxy npm_config_https_proxy
                npm_config_proxy NPM_CONFIG_HTTP_PROXY NPM_CONFIG_HTTPS_PROXY NPM_CONFIG_PROXY
                BUNDLE_HTTP_PROXY BUNDLE_HTTPS_PROXY PIP_PROXY DOCKER_HTTP_PROXY DOCKER_HTTPS_PROXY
                GRPC_PROXY grpc_proxy""".split():
            self.assertEqual(env[name], http, name)
        for name in "all_proxy FTP_PROXY ftp_proxy".split():
            self.assertEqual(env[name], socks, name)
        for name in "NO_PROXY no_proxy npm_config_noproxy NPM_CONFIG_NOPROXY BUNDLE_NO_PROXY".split():
            self.assertEqual(env[name], "localhost,127.0.0.1,::1", name)
        port = http.rsplit(":", 1)[1]
        self.assertEqual(env["RSYNC_PROXY"], "127.0.0.1:" + port)
        self.assertEqual((env["CLOUDSDK_PROXY_TYPE"], env["CLOUDSDK_PROXY_ADDRESS"],
                          env["CLOUDSDK_PROXY_PORT"]), ("http", "127.0.0.1", port))
        self.assertIn("-Dhttps.proxyPort=" + port, env["JAVA_TOOL_OPTIONS"])
        self.assertEqual((env["AMBIT_PROXY_ACTIVE"], env["AMBIT_PROFILE"]), ("1", "p"))
        self.assertEqual(env["GIT_SSH_COMMAND"], "ssh -o ProxyCommand='%s connect %%h %%p' "
                         "-o ControlMaster=no -o ControlPath=none" % os.path.realpath(AMBIT))
        done = self.run_in("printenv", "GIT_SSH_COMMAND", env={"GIT_SSH_COMMAND": "ssh -v"})
        self.assertEqual(done.stdout, "ssh -v\n")

    def test_resolver(self):
        before = self.plain("cat", "/etc/resolv.conf").stdout
        done = self.run_in("cat", "/etc/resolv.conf")
        self.assertEqual(done.stdout, "nameserver 127.0.0.1\n")
        self.assertEqual(self.plain("cat", "/etc/resolv.conf").stdout, before)
        done = self.run_in(*python("import socket; print(socket.gethostbyname('example.com'))"))
        self.assertTrue(done.stdout.startswith("198.1"), done.stdout + done.stderr)

    def test_events_and_denials(self):
        path = os.path.join(self.outside, "events")
        done = self.run_in("sh", "-c", "curl -sS http://example.com/; curl -sS http://evil.test/",
                           options=["--events", path])
        with open(path, encoding="utf-8") as f:
            events = [json.loads(line) for line in f]
        self.assertEqual(events[0]["type"], "run.started")
        made = [e for e in events if e["type"] == "connection"]
        self.assertEqual([(e["host"], e["port"], e["decision"]) for e in made],
                         [("example.com", 80, "allow"), ("evil.test", 80, "deny")])
        self.assertEqual(made[0]["address"], internet.EXAMPLE)
        denied = [e for e in events if e["type"] == "denied"]
        self.assertEqual([(e["layer"], e["object"]) for e in denied], [("network", "evil.test:80")])
        self.assertIn("evil.test", denied[0]["grant"])
        self.assertIn("refused 'evil.test:80'", done.stderr)
        if os.stat("/var/tmp").st_uid in (0, os.geteuid()):  # else no record is kept below it
            told = self.run_argv([AMBIT, "denials", "--json"])
            self.assertIn("evil.test:80", told.stdout)

    def test_program_in_events_and_denials(self):
        path = os.path.join(self.outside, "events")
        for capture in (True, False):
            with self.subTest(capture=capture):
                more = () if capture else ("without",)
                self.configure(self.settings.replace(
                    "enabled = true", "enabled = true\ncapture = %s" % str(capture).lower(), 1))
                done = self.run_in(*python(CLIENT, internet.EVIL, *more), options=["--events", path])
                self.assert_status(done, 0)
                with open(path, encoding="utf-8") as f:
                    events = [json.loads(line) for line in f]
                os.unlink(path)
                made = [e for e in events if e["type"] == "connection"]
                protocols = {"http", "connect", "socks5"} | ({"tcp", "dns"} if capture else set())
                self.assertEqual({e["protocol"] for e in made}, protocols)
                for event in made + [e for e in events if e["type"] == "denied"]:
                    self.assertEqual(event["pid"], int(done.stdout), event)
                    self.assertEqual(event["comm"], "odd \x1b[31m\ufffd\"", event)
                    self.assertIn("b2RkIBtbMzFt/yI=", event["comm_base64"])
        if os.stat("/var/tmp").st_uid in (0, os.geteuid()):  # else no record is kept below it
            told = self.run_argv([AMBIT, "denials"])
            self.assertIn("asked for by odd \\x1b[31m\\xff\\\"", told.stdout)
            self.assertNotIn("\x1b", told.stdout)

    def test_members_of_a_connection(self):
        """R17.1."""
        path = os.path.join(self.outside, "events")
        self.run_in(*python(CLIENT, internet.EVIL), options=["--events", path])
        with open(path, encoding="utf-8") as f:
            made = [e for e in map(json.loads, f) if e["type"] == "connection"]
        members = {"v", "time", "run", "type", "profile", "protocol", "host", "port", "method",
                   "decision", "reason", "rule", "from", "address", "address_checked",
                   "client_port", "pid", "comm", "comm_base64", "bytes_sent", "bytes_received",
                   "duration_us"}
        for event in made:
            self.assertEqual(set(event), members)
            self.assertEqual(event["profile"], "p")
            self.assertGreater(event["client_port"], 0)
        served = [e for e in made if e["decision"] == "allow"]
        self.assertEqual([(e["host"], e["rule"], e["address"]) for e in served],
                         [("example.com", "example.com", internet.EXAMPLE)])
        self.assertRegex(served[0]["from"], r"config\.toml:\d+:\d+\Z")
        self.assertGreater(served[0]["bytes_sent"], 0)
        self.assertGreater(served[0]["bytes_received"], 0)
        self.assertGreater(served[0]["duration_us"], 0)
        refused = [e for e in made if e["decision"] == "deny"]
        self.assertTrue(all(e["address"] is None and e["bytes_sent"] == 0 for e in refused))

    def test_nobody_is_looked_up_without_events(self):
        self.run_in(*python(CLIENT, internet.EVIL))
        if os.stat("/var/tmp").st_uid in (0, os.geteuid()):
            told = self.run_argv([AMBIT, "denials"])
            self.assertIn("evil.test", told.stdout)
            self.assertNotIn("asked for by", told.stdout)

    def test_plan_and_verify(self):
        done = self.run_argv([AMBIT, "plan", "-P", "p", "--config-home", self.config])
        self.assertRegex(done.stdout, r"(?m)^proxied-network +capture=yes ")
        self.assertNotIn("no-network", done.stdout)
        done = self.run_argv([AMBIT, "verify", "-P", "p", "--config-home", self.config])
        self.assert_status(done, 0)
        self.assertIn("connect to the proxy", done.stdout)


class OneFailureUnit(Proxied):
    """Rows A-47 to A-56."""

    def proxies(self):
        found = []
        for entry in os.listdir("/proc"):
            try:
                with open("/proc/%s/comm" % entry, "rb") as f:
                    if f.read() == b"ambit-proxy\n" and self.parent(entry) in self.pids:
                        found.append(int(entry))
            except OSError:
                pass
        return found

    @staticmethod
    def parent(pid):
        with open("/proc/%s/stat" % pid, encoding="latin-1") as f:
            return int(f.read().rpartition(")")[2].split()[1])

    def begin(self):
        self.sleep = ("sleep", unique_number())
        run, _ = self.wait_started("sh", "-c", "echo on; " + " ".join(self.sleep))
        self.pids = [run.pid]
        found = self.proxies()
        self.assertEqual(len(found), 1)
        return run, found[0]

    @staticmethod
    def state(pid):
        with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)

    def test_a_proxy_makes_only_the_calls_that_it_needs(self):
        """The filter itself is tried in the kernel by unit_plan_linux."""
        run, proxy = self.begin()
        ours, its = self.state(run.pid), self.state(proxy)
        self.assertEqual((its["Seccomp"], its["NoNewPrivs"]), ("2", "1"))
        self.assertEqual([its[name] for name in ("CapEff", "CapPrm")], ["0" * 16] * 2)
        if "Seccomp_filters" in its:
            self.assertEqual(int(its["Seccomp_filters"]), int(ours["Seccomp_filters"]) + 1)

    @rows("A-49")
    def test_a_proxy_that_stands_still(self):
        fetch = "curl -sS -m %d -o /dev/null http://example.com/; echo $?; "
        run, line = self.wait_started("sh", "-c", fetch % 100 + "read x; " + fetch % 2 + "read x; " +
                                      fetch % 100,
                                      stdin=subprocess.PIPE)
        self.assertEqual(line, "0\n")
        self.pids = [run.pid]
        proxy = self.proxies()[0]
        os.kill(proxy, signal.SIGSTOP)
        run.stdin.write("\n")
        run.stdin.flush()
        self.assertEqual(run.stdout.readline(), "28\n")  # curl(1): timed out
        os.kill(proxy, signal.SIGCONT)
        run.stdin.write("\n")
        run.stdin.flush()
        self.assertEqual(run.stdout.readline(), "0\n")

    @rows("A-52")
    def test_a_service_of_the_host_on_the_same_port(self):
        run, line = self.wait_started("sh", "-c", "echo $HTTP_PROXY; read x; curl -sS -m 100 --noproxy '*'"
                                      " $HTTP_PROXY/; echo; read x", stdin=subprocess.PIPE)
        port = int(line.rpartition(":")[2])
        server = internet.serve(internet.Server, "127.0.0.1", port, internet.Answer)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        done = self.plain("curl", "-sS", "-m", "100", "http://127.0.0.1:%d/" % port)
        self.assertIn("at=127.0.0.1", done.stdout)
        run.stdin.write("\n")
        run.stdin.flush()
        self.assertNotIn("at=", run.stdout.readline())

    @rows("A-47")
    def test_end_of_the_proxy_ends_the_command(self):
        run, proxy = self.begin()
        os.kill(proxy, signal.SIGKILL)
        self.assertEqual(run.wait(LIMIT), 137)
        self.assert_gone(*self.sleep)
        self.assertIn("proxy was ended", run.stderr.read())

    @rows("A-52", "N-5")
    def test_end_of_the_supervisor_ends_all(self):
        before = self.listeners()
        run, proxy = self.begin()
        self.assertEqual(self.listeners(), before)  # no port of the host was ever opened
        run.kill()
        run.wait(LIMIT)
        self.assert_gone(*self.sleep)
        self.assertTrue(wait_for(lambda: not os.path.exists("/proc/%d/comm" % proxy)))
        self.assertEqual(self.listeners(), before)

    def test_end_of_the_supervisor_ends_a_proxy_that_stands_still(self):
        """It cannot see then that nobody is left."""
        run, proxy = self.begin()
        os.kill(proxy, signal.SIGSTOP)
        run.kill()
        run.wait(LIMIT)
        gone = wait_for(lambda: not os.path.exists("/proc/%d/comm" % proxy))
        if not gone:
            os.kill(proxy, signal.SIGKILL)
        self.assertTrue(gone)

    def test_memory_of_the_proxy(self):
        """Programs of the same user, which may look into each other, cannot look into it."""
        if not shutil.which("setpriv"):
            self.skipTest("setpriv is not installed")
        plain = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        with subprocess.Popen(plain + ["sleep", "62"]) as other:
            self.addCleanup(other.kill)
            _, proxy = self.begin()
            for name in ("environ", "maps"):
                read = plain + ["cat", "/proc/%d/" + name]
                seen = lambda pid: self.plain(*read[:-1], read[-1] % pid)  # noqa: E731
                self.assertTrue(wait_for(lambda: seen(other.pid).returncode == 0), seen(other.pid))
                self.assertEqual(seen(proxy).returncode, 1)
            other.kill()

    @rows("A-56")
    def test_nothing_is_left(self):
        before = self.socket_files()
        run, proxy = self.begin()
        run.terminate()
        run.wait(LIMIT)
        self.assertEqual(self.socket_files(), before)
        self.assertTrue(wait_for(lambda: not os.path.exists("/proc/%d/comm" % proxy)))

    @staticmethod
    def socket_files():
        """Unix sockets with a name, which this network namespace has for itself."""
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as f:
            return [line.split()[7] for line in f if len(line.split()) > 7]

    @rows("N-6")
    def test_another_sandbox_cannot_use_it(self):
        run, line = self.wait_started("sh", "-c", "curl -sS http://example.com/ | grep -q at= && "
                                      "echo $HTTP_PROXY; sleep 61")
        url = line.strip()
        done = self.run_in("curl", "-sS", "-m", "100", "--noproxy", "", "-x", url,
                           "http://example.com/")
        self.assertNotIn("at=", done.stdout)
        done = self.plain("curl", "-sS", "-m", "100", "-x", url, "http://example.com/")
        self.assertNotIn("at=", done.stdout)
        run.kill()

    def test_the_proxy_holds_little(self):
        run, proxy = self.begin()
        with open("/proc/%d/status" % proxy, encoding="utf-8") as f:
            status = f.read()
        self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")
        self.assertRegex(status, r"(?m)^CapEff:\t0+$")
        run.kill()


if __name__ == "__main__":
    internet.main()
