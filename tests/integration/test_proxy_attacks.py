"""What a program inside may try with names, addresses, and the bytes of HTTP and SOCKS5. Every
attempt is made beside a control: the same request without the trick reaches the origin, so that a
proxy that refuses everything fails here."""
import socket
import time

import proxy_lab
from proxy_lab import ORIGIN, OTHER, Lab, catalogue, fixed

rows = catalogue.rows

if __name__ == "__main__":
    proxy_lab.enter()

HOST = b"Host: example.com\r\n"


class Attack(Lab):
    """`victim` is what must never be reached; `origin` is what may be."""

    def setUp(self):
        super().setUp()
        self.allowed = self.origin(port=80)
        self.victim = self.origin(address=OTHER, port=80)
        self.local = self.origin(address="127.0.0.1", port=80)

    def control(self):
        self.assertEqual(self.get("http://example.com/")[0], 200)

    def refused(self, data, statuses=(400, 403), port=None):
        """The answer is one of these, or none, and nobody else was reached."""
        reply = self.send(data, port, end=True)
        if reply and port is None:
            self.assertIn(int(reply[9:12]), statuses, (data[:200], reply[:300]))
        self.assertEqual((self.victim.connections, self.local.connections), (0, 0), data[:200])
        self.assertNotIn(b"evil", self.allowed.seen)
        return reply


class Names(Attack):
    @rows("A-59", "A-60", "A-61", "A-62", "A-63", "A-64", "A-65", "A-66", "A-67", "N-2")
    def test_other_spellings_of_this_host(self):
        self.proxy(allow=["*"], deny=["evil.test"])
        self.control()
        for host in ("localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.1",
                     "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "[::1]", "[::]", "0.0.0.0",
                     "0", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[::ffff:7f00:1]",
                     "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "[2001::1]", "[2001:db8::1]",
                     "[fec0::1]", "[100::1]", "[64:ff9b:1::7f00:1]", "[::ffff:0:127.0.0.1]",
                     "[fe80::1]", "[fe80::1%25lo]", "[::1%25x.example.com]", "169.254.169.254",
                     "10.0.0.5", "192.168.1.1", "100.100.100.200", "198.18.0.1", "[fd00:ec2::254]"):
            with self.subTest(host):
                self.refused(("GET http://%s/ HTTP/1.1\r\n\r\n" % host).encode())
                self.refused(("CONNECT %s:80 HTTP/1.1\r\n\r\n" % host).encode())

    @rows("A-63", "A-65", "A-66", "A-68", "A-69", "A-70", "N-2")
    def test_names_that_lead_into_the_local_network(self):
        bad = {"private.test": ["10.0.0.5"], "loop.test": ["127.0.0.1"], "loop6.test": ["::1"],
               "meta.test": ["169.254.169.254"], "nat64.test": ["64:ff9b::7f00:1"],
               "sixto4.test": ["2002:7f00:1::1"], "mapped.test": ["::ffff:127.0.0.1"],
               "mixed.test": [ORIGIN, "127.0.0.1"], "mixed6.test": [ORIGIN, "::1"]}
        self.names.answers.update(bad)
        self.proxy(allow=["*"], deny=["evil.test"])
        self.control()
        for name in bad:
            with self.subTest(name):
                self.refused(b"GET http://%s/ HTTP/1.1\r\n\r\n" % name.encode())
                self.refused(b"CONNECT %s:80 HTTP/1.1\r\n\r\n" % name.encode())
                self.assertEqual(self.socks_request(name, 80)[0], 2)

    @rows("A-73", "A-74")
    def test_other_spellings_of_a_denied_name(self):
        self.names.answers["xn--bcher-kva.example"] = [OTHER]
        self.proxy(allow=["*"], deny=["evil.test", "bücher.example"])
        self.control()
        for host in ("evil.test", "EVIL.TEST.", "eViL.test", "xn--bcher-kva.example"):
            self.refused(b"GET http://%s/ HTTP/1.1\r\n\r\n" % host.encode())
            self.refused(b"CONNECT %s:80 HTTP/1.1\r\n\r\n" % host.encode())
            self.assertEqual(self.socks_request(host, 80)[0], 2)

    @rows("A-58", "A-75", "A-80")
    def test_names_that_only_look_allowed(self):
        self.proxy()
        self.control()
        for host in ("example.com.evil.test", "evilexample.com", "example.comx", "example.co",
                     ORIGIN, "www.example.com", "example.com%2eevil.test", "example.com\\.evil.test"):
            self.refused(b"GET http://%s/ HTTP/1.1\r\n\r\n" % host.encode())
        for host in ("evil。test", "ｅvil.test", "ⓛocalhost", "١٢٧.0.0.1"):
            self.refused(b"GET http://%s/ HTTP/1.1\r\n\r\n" % host.encode())
        self.assertEqual(self.names.asked, [("example.com", 1), ("example.com", 28)])

    @rows("A-78")
    def test_user_information(self):
        self.proxy()
        self.control()
        self.refused(b"GET http://example.com@evil.test/ HTTP/1.1\r\n\r\n", (403,))
        self.refused(b"GET http://evil.test\\@example.com/ HTTP/1.1\r\n\r\n", (400,))
        self.refused(b"GET http://example.com:80@evil.test:80/ HTTP/1.1\r\n\r\n", (403,))

    @rows("A-76", "A-109")
    def test_bytes_within_names(self):
        self.proxy()
        self.control()
        for name in (b"evil.test\0.example.com", b"evil.test\r\n.example.com", b"evil.test .example.com",
                     b"evil.test\t.example.com", b"evil.test%00.example.com"):
            self.refused(b"CONNECT " + name + b":80 HTTP/1.1\r\n\r\n", (400,))
            self.assertEqual(self.socks_request(name, 80)[0], None)
        for name in (b"::1", b"[::1]", b"::ffff:127.0.0.1"):
            self.assertIn(self.socks_request(name, 80)[0], (None, 2))

    @rows("A-82", "A-98")
    def test_a_port_that_is_not_allowed(self):
        ssh, mail = self.origin(port=22), self.origin(port=25)
        self.proxy()
        for port in (22, 25):
            self.assertEqual(self.tunnel("example.com:%d" % port)[0], 200)
        # The proxy has a connection before the origin has taken it.
        proxy_lab.wait_for(lambda: ssh.connections and mail.connections)
        self.proxy(allow=["example.com:80"])
        self.control()
        self.refused(b"CONNECT example.com:22 HTTP/1.1\r\n\r\n", (403,))
        self.refused(b"CONNECT example.com:25 HTTP/1.1\r\n\r\n", (403,))
        self.assertEqual((ssh.connections, mail.connections), (1, 1))
        self.refused(b"GET http://example.com:22/ HTTP/1.1\r\n\r\n", (403,))


class Bytes(Attack):
    @rows("A-85", "A-86", "A-87", "A-88", "N-3")
    def test_two_hosts(self):
        self.proxy()
        self.control()
        for fields in (b"Host: evil.test\r\n", HOST + HOST, HOST + b"Host: evil.test\r\n",
                       b"Host: example.com:81\r\n", b"Host: evil.test@example.com\r\n"):
            self.refused(b"GET http://example.com/ HTTP/1.1\r\n" + fields + b"\r\n", (400,))
        self.refused(b"GET http://evil.test/ HTTP/1.1\r\n" + HOST + b"\r\n")
        self.refused(b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", (403,))

    @rows("A-89")
    def test_fields_that_name_another_host(self):
        self.proxy()
        self.control()
        for field in (b"X-Forwarded-Host", b"Forwarded", b"X-Original-Host", b"X-Host"):
            self.refused(b"GET http://evil.test/ HTTP/1.1\r\n%s: example.com\r\n\r\n" % field, (403,))
            self.refused(b"CONNECT evil.test:80 HTTP/1.1\r\n%s: example.com\r\n\r\n" % field, (403,))

    @rows("A-90", "A-91", "A-92", "A-93", "A-103", "N-3")
    def test_smuggled_requests(self):
        self.proxy()
        self.control()
        hidden = b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"
        start = b"POST http://example.com/ HTTP/1.1\r\n" + HOST
        for fields in (b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
                       b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
                       b"Transfer-Encoding: \x0bchunked\r\n", b"Transfer-Encoding: xchunked\r\n",
                       b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding:\r\n chunked\r\n",
                       b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                       b"Transfer-Encoding: chunked, identity\r\n", b"Content-Length: +3\r\n",
                       b"Content-Length: 3\r\nContent-Length: 4\r\n", b"Content-Length: 3, 3\r\n",
                       b"Content-Length: 0x3\r\n", b"Content-Length: 18446744073709551616\r\n",
                       b"Content-Length: -1\r\n", b"X: a\r\n b\r\n", b"X: a\0b\r\n", b"X: a\rb\r\n",
                       b"X\r\n", b"X: a\n"):
            with self.subTest(fields):
                reply = self.refused(start + fields + b"\r\n0\r\n\r\n" + hidden, (400,))
                # The connection is closed: nothing after it is read as a request.
                self.assertEqual(reply.count(b"HTTP/1.1 "), 1)
        for body in (b"3\nabc\r\n0\r\n\r\n", b"3;\n\r\nabc\r\n0\r\n\r\n", b"+3\r\nabc\r\n0\r\n\r\n",
                     b"3\r\nabcd\r\n0\r\n\r\n", b"g\r\n", b"fffffffffffffffff\r\n"):
            with self.subTest(body):
                reply = self.refused(start + b"Transfer-Encoding: chunked\r\n\r\n" + body + hidden,
                                     (400,))
                self.assertEqual(reply.count(b"HTTP/1.1 "), 1)

    @rows("A-95", "A-96", "A-101", "N-3")
    def test_malformed_heads(self):
        self.proxy()
        self.control()
        for data in (b"\r\nGET http://example.com/ HTTP/1.1\r\n\r\n",
                     b"GET http://example.com/ HTTP/1.1\n\n", b"GET example.com HTTP/1.1\r\n" + HOST +
                     b"\r\n", b"GET http://example.com/\r\n\r\n",
                     b"GET http://example.com/ HTTP/1.2\r\n\r\n", b"GET http://example.com/ HTTP/2.0\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x00\x05hello",
                     b"GET  http://example.com/ HTTP/1.1\r\n\r\n", b"connect example.com:80 HTTP/1.1\r\n\r\n"):
            with self.subTest(data):
                seen = self.allowed.seen
                self.refused(data, (400,))
                self.assertEqual(self.allowed.seen, seen)

    @rows("A-97")
    def test_ports_that_are_none(self):
        self.proxy()
        self.control()
        for place in (b"example.com", b"example.com:", b"example.com:0", b"example.com:65536",
                      b"example.com:-1", b"example.com:80x", b"example.com:080000", b":80", b"/foo"):
            self.refused(b"CONNECT " + place + b" HTTP/1.1\r\n" + HOST + b"\r\n", (400,))

    @rows("A-131")
    def test_too_much(self):
        self.proxy()
        self.control()
        start = b"GET http://example.com/ HTTP/1.1\r\n"
        self.refused(start + b"A: b\r\n" * 101 + b"\r\n", (431,))
        self.refused(start + b"A: b\r\n" * 5000 + b"\r\n", (431,))
        self.refused(start + b"A: " + b"b" * (1 << 20) + b"\r\n\r\n", (431,))
        self.refused(b"GET http://example.com/" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n", (414,))

    @rows("A-106")
    def test_a_redirect_is_decided_anew(self):
        made = self.origin(fixed(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n"
                                 b"Content-Length: 0\r\n\r\n"))
        self.proxy()
        status, head, _ = self.get("http://example.com:%d/" % made.port)
        self.assertEqual(status, 302)
        self.assertIn(b"Location: http://127.0.0.1/\r\n", head)
        self.refused(b"GET http://127.0.0.1/ HTTP/1.1\r\n\r\n", (403,))

    @rows("A-101")
    def test_h2c_is_not_spoken(self):
        self.proxy()
        status, _, body = self.get("http://example.com/", "Connection: Upgrade, HTTP2-Settings\r\n"
                                   "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n")
        self.assertEqual(status, 200)
        self.assertNotIn(b"h2c", body)
        self.assertNotIn(b"HTTP2-Settings", body)


class Resources(Attack):
    @rows("A-130")
    def test_a_black_hole_is_given_up(self):
        hole = socket.socket()
        self.addCleanup(hole.close)
        hole.bind((ORIGIN, 0))
        hole.listen(0)
        port = hole.getsockname()[1]
        held = []
        for _ in range(4):  # fills the queue, so that no further connection is answered
            one = socket.socket()
            self.addCleanup(one.close)
            one.setblocking(False)
            one.connect_ex((ORIGIN, port))
            held.append(one)
        self.proxy()
        began = time.monotonic()
        status, _, _ = self.tunnel("example.com:%d" % port)
        self.assertEqual(status, 504)
        self.assertGreater(time.monotonic() - began, 5)
        self.control()

    @rows("A-126")
    def test_one_slow_name_holds_up_nobody(self):
        self.names.answers["slow.test"] = None
        self.proxy(allow=["example.com", "slow.test"])
        waiting = self.connect()
        waiting.sendall(b"GET http://slow.test/ HTTP/1.1\r\n\r\n")
        self.control()
        self.assertEqual(self.response(waiting)[0], 403)

    def test_a_client_that_reads_nothing_fills_no_memory(self):
        size = 64 << 20
        made = self.origin(fixed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                 (b"100000\r\n" + b"x" * (1 << 20) + b"\r\n") * 64 + b"0\r\n\r\n"))
        process = self.proxy()
        held = []
        for _ in range(8):
            one = self.connect()
            one.sendall(b"GET http://example.com:%d/ HTTP/1.1\r\n\r\n" % made.port)
            one.recv(1)
            held.append(one)
        self.control()
        with open("/proc/%d/status" % process.pid, encoding="ascii") as f:
            kilobytes = next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
        self.assertLess(kilobytes, size >> 10)


if __name__ == "__main__":
    proxy_lab.main()
