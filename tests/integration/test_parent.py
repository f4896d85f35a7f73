"""Parent proxies that speak TLS (network.md 12): they have to show who they are, and hear nothing before."""
import os
import socket
import ssl
import threading

import proxy_lab
from proxy_lab import LIMIT, ORIGIN, Lab, echo_bytes, read_head

proxy_lab.enter()

from authority import Authority  # noqa: E402
from test_inspection import Inspected, over_tls  # noqa: E402

CREDENTIALS = b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"
BIG = 4 << 20


def relay(one, other):
    """Bytes in both directions until both have ended."""
    def go(source, to):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                to.sendall(piece)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    back = threading.Thread(target=go, args=(other, one), daemon=True)
    back.start()
    go(one, other)
    back.join(LIMIT)


def parent_proxy(connection, origin):
    """Answers requests itself; CONNECT leads to port 443 of ORIGIN, or echoes."""
    while True:
        head, _ = read_head(connection)
        if not head:
            return
        origin.seen += head
        if head.startswith(b"CONNECT refused"):
            connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        elif head.startswith(b"CONNECT example.com:443 "):
            connection.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")
            with socket.create_connection((ORIGIN, 443), LIMIT) as far:
                return relay(connection, far)
        elif head.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")
            echo_bytes(connection, origin)
            return connection.unwrap()
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nparent")


class Secured(Inspected):
    extra = ""

    def parent(self, names=("127.0.0.1",), serve=parent_proxy, authority=None):
        context = (authority or self.authority).server_context(*names)
        return self.origin(over_tls(context, serve), address="127.0.0.1")

    def begin(self, parent, host="127.0.0.1", extra="", trust=True, **kwargs):
        url = "https://user:secret@%s:%d" % (host, parent.port)
        upstream = ("upstream = { http = '%s', https = '%s', resolve = 'remote', "
                    "no_proxy = ['direct.test'] }\n" % (url, url))
        env = {"SSL_CERT_FILE": self.authority.path} if trust else {}
        self.proxy(allow=["*.test", "example.com"], extra=upstream + extra, env=env, **kwargs)
        self.assertIsNone(self.complaint)

    def test_every_protocol_takes_the_same_way(self):
        parent = self.parent()
        self.begin(parent)
        for _ in range(2):
            self.assertEqual(self.get("http://far.test/x")[2], b"parent")
        self.assertIn(b"GET http://far.test/x HTTP/1.1\r\nHost: far.test\r\n" + CREDENTIALS, parent.seen)
        self.assertEqual(parent.connections, 1)  # it is kept
        status, made, _ = self.tunnel("far.test:22")
        self.assertEqual(status, 200)
        made.sendall(b"x")
        self.assertEqual(made.recv(1), b"x")
        self.assertIn(b"CONNECT far.test:22 HTTP/1.1\r\nHost: far.test:22\r\n" + CREDENTIALS, parent.seen)
        self.assertEqual(self.socks_request("far.test", 5432)[0], 0)
        self.assertIn(b"CONNECT far.test:5432 HTTP/1.1\r\n", parent.seen)
        self.assertEqual(self.names.asked, [])

    def test_many_bytes(self):
        self.begin(self.parent())
        _, made, _ = self.tunnel("far.test:22")
        sent = os.urandom(BIG)
        threading.Thread(target=lambda: (made.sendall(sent), made.shutdown(socket.SHUT_WR)),
                         daemon=True).start()
        got = bytearray()
        while piece := made.recv(1 << 16):
            got += piece
        self.assertTrue(bytes(got) == sent + b"<%d>" % BIG, len(got))

    def test_by_name(self):
        parent = self.parent(("parent.example",))
        self.names.answers["parent.example"] = ["127.0.0.1"]
        self.begin(parent, "parent.example")
        self.assertEqual(self.tunnel("far.test:22")[0], 200)
        self.assertEqual(self.tunnel("refused.test:22")[0], 502)

    def test_nobody_else_hears_anything(self):
        """Another name, another authority, no TLS at all."""
        other = Authority(os.path.join(self.top, "other"), "another")
        plain = []

        def eavesdrop(connection, _origin):
            plain.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")

        for name, parent in (("name", self.parent(("10.0.0.1",))),
                             ("authority", self.parent(authority=other)),
                             ("plain", self.origin(eavesdrop, address="127.0.0.1"))):
            with self.subTest(name):
                self.begin(parent)
                self.assertEqual(self.tunnel("far.test:22")[0], 502)
                self.assertEqual(self.get("http://far.test/")[0], 502)
                self.assertNotEqual(self.socks_request("far.test", 5432)[0], 0)
                self.assertEqual(parent.seen, b"")
        self.assertTrue(plain and all(piece[:1] == b"\x16" for piece in plain), plain)
        self.assertFalse(any(b"dXNlcjpzZWNyZXQ" in piece for piece in plain))

    def test_rules_still_hold(self):
        parent = self.parent()
        self.begin(parent)
        for place in ("evil.example:443", "127.0.0.1:443", "[::1]:1"):
            self.assertEqual(self.tunnel(place)[0], 403)
        self.assertEqual(parent.connections, 0)

    def test_one_that_says_nothing_holds_up_no_other(self):
        hold = threading.Event()
        self.addCleanup(hold.set)
        silent = self.origin(lambda connection, origin: hold.wait(LIMIT), address="127.0.0.1")
        self.begin(silent)
        waiting = self.connect()
        waiting.sendall(b"CONNECT far.test:22 HTTP/1.1\r\nHost: far.test:22\r\n\r\n")
        self.names.answers["direct.test"] = [ORIGIN]
        origin = self.origin()
        self.assertEqual(self.get("http://direct.test:%d/" % origin.port)[0], 200)

    def test_names_still_have_to_match(self):
        def hello(name):
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            context = ssl.create_default_context()
            made = context.wrap_bio(incoming, outgoing, server_hostname=name)
            try:
                made.do_handshake()
            except ssl.SSLWantReadError:
                pass
            return outgoing.read()

        parent = self.parent()
        self.begin(parent, extra="require_sni_match = true")
        for name, passes in (("far.test", True), ("evil.test", False)):
            for port in (8443, 9443):
                with self.subTest(name, port=port):
                    status, made, _ = self.tunnel("far.test:%d" % port)
                    self.assertEqual(status, 200)
                    sent = hello(name)
                    made.sendall(sent)
                    got = made.recv(65536)
                    self.assertEqual(got[:1], b"\x16" if passes else b"\x15")
                    self.assertEqual(sent in parent.seen, passes)

    def test_inspected_tls_inside(self):
        """TLS with the origin goes through TLS with the parent."""
        parent = self.parent()
        origin = self.tls_origin()
        self.begin(parent, extra="mode = 'limited'")
        self.trusting = ssl.create_default_context(cadata=self.certificate)
        status, made, _ = self.tunnel("example.com:443")
        self.assertEqual(status, 200)
        inside = self.inside(made=made)
        status, _, _ = self.ask(b"GET /inner HTTP/1.1\r\nHost: example.com\r\n\r\n", inside)
        self.assertEqual(status, 200)
        self.assertIn(b"GET /inner HTTP/1.1", origin.seen)
        self.assertNotIn(b"Proxy-Authorization", origin.seen)
        self.assertIn(b"CONNECT example.com:443 HTTP/1.1\r\n", parent.seen)

    def test_from_the_environment(self):
        parent = self.parent()
        env = {"SSL_CERT_FILE": self.authority.path,
               "HTTPS_PROXY": "https://user:secret@127.0.0.1:%d" % parent.port}
        self.names.answers["far.test"] = [ORIGIN]
        self.proxy(allow=["far.test"], env=env)
        self.assertEqual(self.tunnel("far.test:22")[0], 200)
        self.assertIn(CREDENTIALS, parent.seen)


del Inspected  # its tests run where they are

if __name__ == "__main__":
    proxy_lab.main()
