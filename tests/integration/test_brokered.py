"""A command with a network where there are no namespaces: the broker connects its sockets, and nothing
else does. What it reaches and what not is the same as elsewhere; servers of its own it has none."""
import os
import socket
import threading

from sandbox import AMBIT, WithoutNamespaces

import internet
import test_network_tools
import test_proxied
from test_proxied import FETCH, SOCKET, python


def setUpModule():
    test_proxied.NAMES = internet.start()


class Brokered(WithoutNamespaces):
    def argv(self, command, profile="p", options=()):
        return super().argv(command, profile, ["--engine", self.engine, *options])


class Reached(Brokered, test_proxied.Reached):
    # There are no datagrams and no listeners of its own.
    test_own_loopback = None
    test_own_loopback_with_nothing_allowed = None
    test_usual_ports_are_free = None
    test_a_blocked_connect_disturbs_nobody = None

    def test_a_stream_keeps_the_kernels_answers(self):
        done = self.run_in(*python("""
import errno, select, socket
there = socket.gethostbyname("example.com")
for waits in (True, False):
    s = socket.socket(); s.setblocking(waits)
    assert s.connect_ex(("127.0.0.1", 1)) == errno.ECONNREFUSED
    assert s.connect_ex((there, 80)) == 0
    assert s.connect_ex((there, 80)) == errno.EISCONN
    assert s.getblocking() == waits
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert s.getpeername()[0] == "127.0.0.1"
a = socket.socket(); b = a.dup()
e = select.epoll(); e.register(a.fileno(), select.EPOLLIN)
a.connect((there, 22)); b.send(b"")
assert e.poll(100)
assert socket.socket(socket.AF_INET6).connect_ex(("::1", 1)) == errno.ECONNREFUSED
assert socket.socket(socket.AF_INET6).connect_ex(("2606:2800:220:1::1", 80)) == 0
"""))
        self.assert_status(done, 0)

    def test_many_at_once(self):
        done = self.run_in(*python("""
import socket, threading, sys
got = []
def one():
    s = socket.create_connection(("example.com", 80), 100)
    s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    data = b""
    while True:
        more = s.recv(4096)
        if not more: break
        data += more
    got.append(b" 200 " in data)
all = [threading.Thread(target=one) for _ in range(100)]
for t in all: t.start()
for t in all: t.join()
sys.exit(0 if got == [True] * 100 else 3)
"""))
        self.assert_status(done, 0)

    def test_own_unix_servers(self):
        done = self.run_in(*python("""
import socket, threading
s = socket.socket(socket.AF_UNIX); s.bind("own.sock"); s.listen(3)
def answer(): s.accept()[0].sendall(b"mine")
threading.Thread(target=answer, daemon=True).start()
c = socket.socket(socket.AF_UNIX); c.connect("own.sock")
assert c.recv(9) == b"mine"
"""))
        self.assert_status(done, 0)


class NotReached(Brokered, test_proxied.NotReached):
    test_the_name_server_cannot_be_replaced = None
    test_first_process = None  # the host's; what may be done with it, test_processes.py has

    def test_datagrams(self):
        for kind in ("2,2,0", "2,2,17", "10,2,0"):
            self.assert_status(self.plain(*python(SOCKET, kind)), 0)
            self.assertIn("PermissionError", self.run_in(*python(SOCKET, kind)).stderr)

    def test_without_capture(self):
        self.configure(self.settings.replace("enabled = true", "enabled = true\ncapture = false"))
        self.assertIn("unreachable", self.run_in(*python(FETCH, internet.EXAMPLE, 80)).stderr)
        self.assertIn("refused", self.run_in(*python(FETCH, "127.0.0.1", 8080)).stderr)
        self.assertIn("at=" + internet.EXAMPLE, self.curl("http://example.com/").stdout)

    def test_ports_of_the_host(self):
        """With and without an address of its own, a listener would be one of the host's."""
        listen = "import socket, sys; s = socket.socket(getattr(socket, sys.argv[1]))\n%s\ns.listen(1)"
        for family, address in (("AF_INET", "127.0.0.1"), ("AF_INET", ""), ("AF_INET6", "::1")):
            for bind in ("", "s.bind((%r, 0))" % address, "s.bind((%r, 3128))" % address):
                with self.subTest(family, bind=bind):
                    before = self.listeners()
                    self.assert_status(self.plain(*python(listen % bind, family)), 0)
                    done = self.run_in(*python(listen % bind, family))
                    self.assertIn("PermissionError", done.stderr)
                    self.assertEqual(self.listeners(), before)

    def test_a_port_alone(self):
        """Nor is one taken that a service of the host may want."""
        bind = "import socket, sys; socket.socket(getattr(socket, sys.argv[1])).bind((sys.argv[2], 0))"
        for family, address in (("AF_INET", "127.0.0.1"), ("AF_INET", ""), ("AF_INET6", "::1")):
            with self.subTest(address):
                self.assert_status(self.plain(*python(bind, family, address)), 0)
                self.assertIn("PermissionError", self.run_in(*python(bind, family, address)).stderr)

    def test_connections_without_connect(self):
        """TCP fast open connects with the first bytes (tcp(7)), where Landlock does not look."""
        fast = """
import os, socket, sys
to, how = (sys.argv[1], int(sys.argv[2])), sys.argv[3]
s = socket.socket()
if how == "option":
    s.setsockopt(socket.IPPROTO_TCP, 30, 1)
    s.connect(to)
    s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
elif how == "sendto":
    s.sendto(b"GET / HTTP/1.0\\r\\n\\r\\n", 0x20000000, to)
elif how == "sendmsg":
    s.sendmsg([b"GET / HTTP/1.0\\r\\n\\r\\n"], [], 0x20000000, to)
else:
    import ctypes, struct
    data = ctypes.create_string_buffer(b"GET / HTTP/1.0\\r\\n\\r\\n", 18)
    name = ctypes.create_string_buffer(struct.pack("=H", 2) + struct.pack(">H", to[1]) +
                                       socket.inet_aton(to[0]) + bytes(8), 16)
    part = struct.pack("QQ", ctypes.addressof(data), 18)
    part = ctypes.create_string_buffer(part, 16)
    header = struct.pack("QIxxxxQQQQixxxxIxxxx", ctypes.addressof(name), 16, ctypes.addressof(part), 1,
                         0, 0, 0, 0)
    header = ctypes.create_string_buffer(header, 64)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.sendmmsg(s.fileno(), header, 1, 0x20000000) < 0:
        raise OSError(ctypes.get_errno(), "sendmmsg")
s.settimeout(100)
print(s.recv(4096))
"""
        sockets = '[permissions.p.network.unix_sockets]\n"%s" = "allow"\n'
        path = os.path.join(self.outside, "log")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind(path)
            # Where there are datagram sockets of files the broker sends the messages itself.
            for settings in (self.settings, self.settings + sockets % path):
                self.configure(settings)
                for how in ("option", "sendto", "sendmsg", "sendmmsg"):
                    with self.subTest(how):
                        words = python(fast, "127.0.0.1", 8080, how)
                        self.assertIn(" 200 ", self.plain(*words).stdout)
                        del internet.SEEN[:]
                        done = self.run_in(*words)
                        self.assertNotEqual(done.returncode, 0)
                        self.assertEqual(internet.SEEN, [])

    def test_a_socket_that_is_exchanged(self):
        """While the broker looks at the address, another thread writes another one."""
        race = """
import ctypes, os, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def place(port): return struct.pack("=H", 2) + struct.pack(">H", port) + socket.inet_aton("127.0.0.1") + bytes(8)
room = ctypes.create_string_buffer(place(5432), 16)
stop = False
def turn():
    while not stop:
        room[:16] = place(8080)
        room[:16] = place(5432)
threading.Thread(target=turn, daemon=True).start()
end = time.monotonic() + float(sys.argv[1])
reached = 0
while time.monotonic() < end:
    s = socket.socket()
    s.settimeout(None)
    if libc.connect(s.fileno(), room, 16) == 0:
        s.sendall(b"GET /%d HTTP/1.0\\r\\n\\r\\n" % (reached + 1))
        if s.recv(100): reached += 1
    s.close()
stop = True
print(reached)
"""
        seen = []

        class Told(internet.Answer):
            def do_GET(self):
                seen.append(self.path)
                super().do_GET()

        # The one that is denied, beside the one of the fixture that is allowed.
        other = internet.serve(internet.Server, "127.0.0.1", 8088, Told)
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        race = race.replace("8080", "8088")
        for _ in range(60):  # where there is much else to do the race may be won late
            self.assert_status(self.plain(*python(race, 1)), 0)
            if seen:
                break
        self.assertNotEqual(seen, [])
        del seen[:]
        reached = 0
        for _ in range(60):
            done = self.run_in(*python(race, 2))
            self.assert_status(done, 0)
            self.assertEqual(seen, [])
            reached += int(done.stdout)
            if reached:
                break
        self.assertGreater(reached, 0)

    def test_nobody_else_gets_through_the_port_of_a_moment(self):
        """Somebody on the host connects to every port that appears; none of it arrives at the proxy."""
        stop, strangers = threading.Event(), []

        def hunt():
            known = {int(one.rpartition(":")[2], 16) for one in self.listeners()}
            while not stop.is_set():
                for one in self.listeners():
                    port = int(one.rpartition(":")[2], 16)
                    if port in known:
                        continue
                    try:
                        with socket.create_connection(("127.0.0.1", port), 1) as s:
                            s.sendall(b"GET http://example.com/stranger HTTP/1.0\r\n\r\n")
                            strangers.append(s.recv(100))
                    except OSError:
                        pass

        hunter = threading.Thread(target=hunt)
        hunter.start()
        try:
            del internet.SEEN[:]
            done = self.run_in(*python("""
import os, socket
port = int(os.environ["HTTP_PROXY"].rpartition(":")[2])
for i in range(300):
    s = socket.create_connection(("127.0.0.1", port), 100)
    s.sendall(b"GET http://example.com/own HTTP/1.0\\r\\n\\r\\n")
    assert b" 200 " in s.recv(100)
"""))
        finally:
            stop.set()
            hunter.join()
        self.assert_status(done, 0)
        self.assertEqual([s for s in strangers if s], [])
        self.assertEqual({path for _, path in internet.SEEN}, {"/own"})


class OtherDoors(Brokered, test_proxied.OtherDoors):
    test_device_node = None


class Told(Brokered, test_proxied.Told):
    def test_resolver(self):
        done = self.run_in(*python("import socket; print(socket.gethostbyname('example.com'))"))
        self.assertTrue(done.stdout.startswith("198.1"), done.stdout + done.stderr)
        self.assertEqual(self.run_in("printenv", "RES_OPTIONS").stdout, "use-vc\n")

    def test_plan_and_verify(self):
        options = ["-P", "p", "--config-home", self.config, "--engine", "landlock"]
        done = self.run_argv([AMBIT, "plan", *options])
        self.assertRegex(done.stdout, r"(?m)^proxied-network +capture=yes ")
        done = self.run_argv([AMBIT, "verify", *options])
        self.assert_status(done, 0)
        for words in ("connect to the proxy", "connect or bind a TCP socket", "without connect(2)"):
            self.assertIn(words, done.stdout)


class OneFailureUnit(Brokered, test_proxied.OneFailureUnit):
    def test_no_port_of_the_host(self):
        before = self.listeners()
        run, _ = self.begin()
        self.assertEqual(self.listeners(), before)
        run.kill()


class Refused(Brokered, test_proxied.Refused):
    def test_published_ports(self):
        self.configure(self.settings.replace("enabled = true",
                                             'enabled = true\npublish = ["127.0.0.1:3000"]'))
        done = self.run_in("echo", "ran")
        self.assert_status(done, 125)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"config.toml:6:12: 'network.publish' [^\n]*namespace")


    def test_inspection(self):
        self.configure(self.settings.replace("enabled = true", 'enabled = true\nmode = "limited"'))
        done = self.run_in("echo", "ran")
        self.assert_status(done, 125)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"config.toml:\d+:\d+: [^\n]*look into TLS[^\n]*--engine native")


class Tools(Brokered, test_network_tools.Tools):
    pass


if __name__ == "__main__":
    internet.main()
