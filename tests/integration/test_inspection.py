"""Tunnels that the proxy looks into: what it lets through, and what it is towards both ends."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading

import proxy_lab
from proxy_lab import LIMIT, ORIGIN, OTHER, Lab, echo_http, read_head

proxy_lab.enter()

from authority import Authority  # noqa: E402
from catalogue import rows  # noqa: E402

LIMITED = "mode = 'limited'"
BIG = 3 << 20


def over_tls(context, serve=echo_http):
    """Serves what is inside TLS."""
    def run(connection, origin):
        with context.wrap_socket(connection, server_side=True) as inside:
            inside.settimeout(LIMIT)
            origin.names = getattr(origin, "names", []) + [inside.selected_alpn_protocol()]
            serve(inside, origin)
    return run


def flood(connection, origin):
    """A response that is larger than every buffer."""
    head, _ = read_head(connection)
    origin.seen += head
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG)
    connection.sendall(b"x" * BIG)


def cut_off(connection, origin):
    """Ends in the middle of a response of unknown length, without saying so."""
    origin.seen += read_head(connection)[0]
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    connection.unwrap = lambda: None
    os.close(connection.detach())


class Inspected(Lab):
    extra = LIMITED

    def setUp(self):
        super().setUp()
        missing = Authority.missing()
        if missing:
            self.skipTest(missing)
        self.names.answers["other.test"] = [OTHER]
        self.authority = Authority(os.path.join(self.top, "authority"))

    def tls_origin(self, serve=echo_http, port=443, names=("example.com",), address=ORIGIN,
                   protocols=("http/1.1",)):
        context = self.authority.server_context(*names, protocols=protocols)
        return self.origin(over_tls(context, serve), address, port)

    def start(self, trust=True, **kwargs):
        kwargs.setdefault("extra", self.extra)
        env = {"SSL_CERT_FILE": self.authority.path} if trust else {}
        env.update(kwargs.pop("env", {}))
        self.proxy(env=env, **kwargs)
        self.assertIsNone(self.complaint)
        self.trusting = ssl.create_default_context(cadata=self.certificate)

    def inside(self, place="example.com:443", name="example.com", made=None, context=None):
        """TLS in a tunnel to `place`."""
        if made is None:
            status, made, _ = self.tunnel(place)
            self.assertEqual(status, 200)
        context = context or self.trusting
        wrapped = context.wrap_socket(made, server_hostname=name, suppress_ragged_eofs=False)
        self.connections.append(wrapped)
        return wrapped


class Requests(Inspected):
    def test_one_passes(self):
        origin = self.tls_origin()
        self.start()
        made = self.inside()
        status, head, body = self.ask(b"GET /a?b HTTP/1.1\r\nHost: example.com\r\nX-Mine: 1\r\n\r\n",
                                      made)
        self.assertEqual(status, 200)
        self.assertIn(b"X-Origin: yes", head)
        self.assertTrue(body.startswith(b"GET /a?b HTTP/1.1\r\nHost: example.com\r\n"), body)
        self.assertIn(b"X-Mine: 1", body)
        self.assertEqual(origin.names, ["http/1.1"])

    @rows("A-119")
    def test_each_is_decided_on_its_own(self):
        origin = self.tls_origin()
        self.start()
        made = self.inside()
        answers = [self.ask(b"%s / HTTP/1.1\r\nHost: example.com\r\n\r\n" % method, made)[0]
                   for method in (b"GET", b"DELETE", b"OPTIONS")]
        self.assertEqual(answers, [200, 403, 200])
        self.assertEqual(origin.connections, 1, "they share one connection")
        self.assertNotIn(b"DELETE", origin.seen)
        self.hang_up()
        expected = {("connect", "CONNECT", "allow", "allowed"), ("https", "GET", "allow", "allowed"),
                    ("https", "DELETE", "deny", "method_not_allowed")}

        def missing():
            return expected - {(r["protocol"], r.get("method"), r["decision"], r["reason"])
                               for r in self.records() if r["type"] == "connection"}

        proxy_lab.wait_for(lambda: not missing())
        self.assertEqual(missing(), set())

    def test_a_refusal_says_why(self):
        self.tls_origin()
        self.start()
        status, head, body = self.ask(b"PUT /x HTTP/1.1\r\nHost: example.com\r\n"
                                      b"Content-Length: 3\r\n\r\nabc", self.inside())
        self.assertEqual(status, 403)
        self.assertIn(b"x-proxy-error: blocked-by-method-policy", head)
        self.assertIn(b'"protocol":"https"', body)

    def test_pipelined_and_large(self):
        self.tls_origin(flood)
        self.start()
        made = self.inside()
        made.sendall(b"GET /1 HTTP/1.1\r\nHost: example.com\r\n\r\n")
        status, _, body = self.response(made)
        self.assertEqual((status, len(body)), (200, BIG))

    def test_other_ports_and_addresses(self):
        self.tls_origin(port=8443, names=("example.com", ORIGIN))
        self.start(allow=("example.com", ORIGIN))
        _, _, body = self.ask(b"GET / HTTP/1.1\r\nHost: example.com:8443\r\n\r\n",
                              self.inside("example.com:8443"))
        self.assertIn(b"Host: example.com:8443\r\n", body)
        _, _, body = self.ask(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % ORIGIN.encode(),
                              self.inside(ORIGIN + ":8443", ORIGIN))
        self.assertIn(b"Host: %s:8443\r\n" % ORIGIN.encode(), body)

    def test_over_socks(self):
        self.tls_origin()
        self.start()
        reply, made = self.socks_request("example.com", 443)
        self.assertEqual(reply, 0)
        made = self.inside(made=made)
        self.assertEqual(self.ask(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", made)[0], 200)
        self.assertEqual(self.ask(b"POST / HTTP/1.1\r\nHost: example.com\r\n\r\n", made)[0], 403)
        self.assertEqual(self.socks_request("example.com", 8443)[0], 2)

    def test_origin_that_closes_between_requests(self):
        def one(connection, origin):
            head, _ = read_head(connection)
            origin.seen += head
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        origin = self.tls_origin(one)
        self.start()
        made = self.inside()
        for _ in range(3):
            status, _, body = self.ask(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", made)
            self.assertEqual((status, body), (200, b"ok"))
        self.assertEqual(origin.connections, 3)

    def test_a_response_that_is_cut_off_does_not_look_whole(self):
        self.tls_origin(cut_off)
        self.start()
        made = self.inside()
        made.sendall(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
        with self.assertRaises((ConnectionResetError, ssl.SSLError)):
            while made.recv(4096):
                pass


class Misdirected(Inspected):
    def refused(self, request, **kwargs):
        origin = self.tls_origin()
        self.start(allow=("example.com", "evil.test"))
        status, _, body = self.ask(request, self.inside(**kwargs))
        self.assertEqual(origin.seen, b"")
        self.assertEqual(self.ask(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", self.inside())[0],
                         200, "the control")
        return status, body

    @rows("A-111")
    def test_host_of_another(self):
        status, body = self.refused(b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n")
        self.assertEqual((status, body), (400, b"host mismatch\n"))

    @rows("A-112")
    def test_two_hosts(self):
        status, _ = self.refused(b"GET / HTTP/1.1\r\nHost: example.com\r\nHost: evil.test\r\n\r\n")
        self.assertEqual(status, 421)

    def test_target_of_another(self):
        status, _ = self.refused(b"GET https://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n")
        self.assertEqual(status, 421)

    def test_target_without_tls(self):
        status, _ = self.refused(b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n")
        self.assertEqual(status, 421)

    @rows("A-114")
    def test_connect(self):
        status, _ = self.refused(b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n")
        self.assertEqual(status, 405)

    @rows("A-110", "A-112")
    def test_server_name_of_another(self):
        status, _ = self.refused(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", name="evil.test")
        self.assertEqual(status, 421)

    def test_smuggling(self):
        status, _ = self.refused(b"GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n"
                                 b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        self.assertEqual(status, 400)


class Ends(Inspected):
    def test_what_is_not_tls_is_refused(self):
        origin = self.tls_origin()
        self.start()
        for words in (b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", b"\x16\x03\x01\x00\x05abcde"):
            _, made, _ = self.tunnel("example.com:443")
            made.sendall(words)
            self.assertEqual(self.rest(made), b"\x15\x03\x03\x00\x02\x02\x70")
        self.assertEqual(origin.seen, b"")

    @rows("A-123")
    def test_certificate(self):
        self.tls_origin()
        self.start()
        made = self.inside()
        leaf = os.path.join(self.top, "leaf.der")
        with open(leaf, "wb") as f:
            f.write(made.getpeercert(True))
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-text", "-in", leaf],
                              capture_output=True, text=True, check=True).stdout
        self.assertRegex(text, r"Subject: *\n")
        self.assertIn("prime256v1", text)
        self.assertRegex(text, r"Subject Alternative Name: critical\s+DNS:example\.com\n")
        self.assertIn("CA:FALSE", text)
        ends = [ssl.cert_time_to_seconds(made.getpeercert()[key]) for key in
                ("notBefore", "notAfter")]
        self.assertEqual(ends[1] - ends[0], 25 * 3600)
        serials = {self.inside("example.com:443").getpeercert()["serialNumber"],
                   made.getpeercert()["serialNumber"]}
        self.assertEqual(len(serials), 1, "one certificate per host")
        self.assertGreater(len(serials.pop()), 24)

    @rows("A-122")
    def test_the_authority_is_another_each_time(self):
        self.tls_origin()
        self.start()
        first = self.trusting
        self.start()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.inside(context=first)
        self.inside()

    def test_client_that_does_not_know_us(self):
        self.tls_origin()
        self.start()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.inside(context=ssl.create_default_context(cafile=self.authority.path))
        self.assertTrue(proxy_lab.wait_for(lambda: any(r.get("reason") == "client_tls_failed"
                                                       for r in self.records())))

    def test_old_tls_is_refused(self):
        self.tls_origin()
        self.start()
        context = ssl.create_default_context(cadata=self.certificate)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            self.inside(context=context)
        context = ssl.create_default_context(cadata=self.certificate)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.inside(context=context).version(), "TLSv1.2")

    def upstream_error(self):
        status, _, body = self.ask(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", self.inside())
        self.assertEqual(status, 502)
        self.assertIn(b"mitm upstream error", body)
        return body

    def test_origin_that_nobody_vouches_for(self):
        origin = self.tls_origin()
        self.start(trust=False)
        self.assertRegex(self.upstream_error(), b"certificate|issuer")
        self.assertEqual(origin.seen, b"")

    def test_origin_with_the_certificate_of_another(self):
        origin = self.tls_origin(names=("other.test",))
        self.start()
        self.assertIn(b"mismatch", self.upstream_error())
        self.assertEqual(origin.seen, b"")

    def test_origin_without_tls(self):
        self.origin(echo_http, ORIGIN, 443)
        self.start()
        self.upstream_error()

    def test_silent_client_does_not_keep_an_origin_busy(self):
        origin = self.tls_origin()
        self.start()
        _, made, _ = self.tunnel("example.com:443")
        made.shutdown(socket.SHUT_WR)
        self.assertEqual(self.rest(made), b"")
        self.assertEqual(origin.seen, b"")


HOOKS = """
[permissions.p.network.mitm.hooks.read]
host = "example.com"
methods = ["GET"]
path_prefixes = ["/api/", "pattern:/repos/*/issues"]
query = { state = ["open"] }
action = ["clean"]
[permissions.p.network.mitm.hooks.write]
host = "example.com"
methods = ["POST"]
path_prefixes = ["/upload"]
action = ["clean"]
[permissions.p.network.mitm.actions.clean]
strip_request_headers = ["authorization", "cookie"]
"""


class Hooks(Inspected):
    def start(self, domains='"example.com" = "allow"\n"other.test" = "allow"', hooks=HOOKS):
        super().start(profile="[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\n"
                      "enabled = true\n[permissions.p.network.domains]\n%s\n%s" % (domains, hooks))

    def status(self, method, target, fields="", made=None):
        request = "%s %s HTTP/1.1\r\nHost: example.com\r\n%s\r\n" % (method, target, fields)
        return self.ask(request.encode(), made or self.inside())

    def test_what_a_hook_permits(self):
        origin = self.tls_origin()
        self.start()
        status, _, body = self.status("GET", "/api/x?state=open",
                                      "Authorization: Bearer mine\r\nCookie: a=b\r\nX-Kept: 1\r\n")
        self.assertEqual(status, 200)
        self.assertIn(b"X-Kept: 1", body)
        self.assertNotIn(b"uthorization", body)
        self.assertNotIn(b"ookie", body)
        self.assertEqual(self.status("GET", "/repos/mine/issues?state=open")[0], 200)
        self.assertEqual(self.status("POST", "/upload/1", "Content-Length: 0\r\n")[0], 200)
        self.assertNotIn(b"mine\r\n", origin.seen)
        self.hang_up()

        def rules():
            return {r["rule"] for r in self.records() if r["protocol"] == "https"}

        proxy_lab.wait_for(lambda: len(rules()) == 2)
        self.assertEqual(rules(), {"mitm.hooks.read", "mitm.hooks.write"})

    @rows("A-116")
    def test_what_only_looks_like_it(self):
        origin = self.tls_origin()
        self.start()
        self.assertEqual(self.status("GET", "/api/x?state=open")[0], 200, "the control")
        before = origin.seen
        for method, target in (("GET", "/secret?state=open"), ("GET", "/api/../secret?state=open"),
                               ("GET", "/%61pi/x?state=open"), ("GET", "/api/%2e%2e/x?state=open"),
                               ("GET", "//api/x?state=open"), ("GET", "/API/x?state=open"),
                               ("GET", "/repos/a/b/issues?state=open"), ("GET", "/api/x"),
                               ("GET", "/api/x?state=open&state=closed"), ("DELETE", "/api/x?state=open"),
                               ("GET", "/upload"), ("get", "/api/x?state=open")):
            status, head, _ = self.status(method, target)
            self.assertEqual(status, 403, target)
            self.assertIn(b"x-proxy-error: blocked-by-mitm-hook", head)
        self.assertEqual(origin.seen, before)

    def test_other_ways_to_the_host(self):
        origin = self.tls_origin()
        self.origin(echo_http, ORIGIN, 80)
        self.start()
        status, head, _ = self.get("http://example.com/api/x?state=open")
        self.assertEqual(status, 403)
        self.assertIn(b"x-ambit-reason: mitm_required", head)
        self.assertEqual(self.socks_request("example.com", 80)[0], 2)
        _, made, _ = self.tunnel("example.com:80")
        made.sendall(b"GET /api/x?state=open HTTP/1.1\r\nHost: example.com\r\n\r\n")
        self.assertTrue(self.rest(made).startswith(b"\x15\x03"))
        self.assertEqual(origin.seen, b"")

    def test_hosts_without_hooks_are_left_alone(self):
        self.tls_origin(names=("other.test",), address=OTHER)
        self.start()
        context = ssl.create_default_context(cafile=self.authority.path)
        made = self.inside("other.test:443", "other.test", context=context)
        self.assertEqual(self.ask(b"PUT / HTTP/1.1\r\nHost: other.test\r\nContent-Length: 0\r\n\r\n",
                                  made)[0], 200)

    @rows("A-117")
    def test_an_action_that_does_not_exist(self):
        self.proxy(profile="[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\n"
                   "enabled = true\n[permissions.p.network.domains]\n'example.com' = 'allow'\n" +
                   HOOKS.replace('["clean"]', '["klean"]', 1))
        self.assertIn("klean", self.complaint)


class Frames:
    """A client of HTTP/2 that sends what it is told to."""

    HEADERS, DATA, RESET, SETTINGS, PING, GO_AWAY, CONTINUATION = 1, 0, 3, 4, 6, 7, 9

    def __init__(self, connection):
        self.connection, self.rest = connection, b""
        # Without a table that is kept between answers (SETTINGS_HEADER_TABLE_SIZE).
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
                           self.frame(self.SETTINGS, 0, 0, b"\0\1\0\0\0\0"))

    @staticmethod
    def frame(kind, flags, stream, payload=b""):
        return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") +
                payload)

    @staticmethod
    def text(name, value):
        """A literal field that is not remembered (RFC 7541 6.2.2), shorter than 127 each."""
        return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value

    def request(self, stream, method=b"GET", authority=b"example.com", path=b"/", more=b"", flags=5,
                scheme=b"https"):
        block = (self.text(b":method", method) + self.text(b":scheme", scheme) +
                 self.text(b":path", path) + self.text(b":authority", authority) + more)
        return self.frame(self.HEADERS, flags, stream, block)

    def read(self):
        """(kind, flags, stream, payload), or None at the end."""
        while len(self.rest) < 9 or len(self.rest) < 9 + int.from_bytes(self.rest[:3], "big"):
            try:
                piece = self.connection.recv(65536)
            except (ssl.SSLEOFError, ConnectionResetError):
                return None
            if not piece:
                return None
            self.rest += piece
        size = int.from_bytes(self.rest[:3], "big")
        head, payload, self.rest = self.rest[:9], self.rest[9:9 + size], self.rest[9 + size:]
        return head[3], head[4], int.from_bytes(head[5:9], "big"), payload

    def until(self, kind):
        while True:
            frame = self.read()
            if frame is None or frame[0] == kind:
                return frame


class Http2(Inspected):
    def curl(self, *arguments, urls=("https://example.com/",)):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        path = os.path.join(self.top, "trusted.pem")
        with open(path, "w", encoding="ascii") as f:
            f.write(self.certificate)
        done = subprocess.run(
            ["curl", "-sS", "-m", str(LIMIT), "--http2", "-x", "http://127.0.0.1:%d" % self.http,
             "--cacert", path, *arguments, *urls], capture_output=True, check=False,
            env={"PATH": "/usr/bin:/bin", "HOME": self.top})
        return done.returncode, done.stdout, done.stderr

    def frames(self, name="example.com"):
        context = ssl.create_default_context(cadata=self.certificate)
        context.set_alpn_protocols(["h2"])
        made = self.inside(context=context, name=name)
        self.assertEqual(made.selected_alpn_protocol(), "h2")
        return Frames(made)

    def test_a_request(self):
        origin = self.tls_origin()
        self.start()
        code, out, err = self.curl("-i", "-H", "X-Mine: 1", "-w", "%{http_version}")
        self.assertEqual(code, 0, err)
        self.assertIn(b"\r\nHTTP/2 200", out)
        self.assertIn(b"x-origin: yes", out)
        self.assertIn(b"GET / HTTP/1.1\r\nHost: example.com\r\n", out)
        self.assertIn(b"x-mine: 1", out)
        self.assertTrue(out.endswith(b"2"), out)
        self.assertEqual(origin.names, ["http/1.1"])

    def test_refusals(self):
        origin = self.tls_origin()
        self.start()
        code, out, err = self.curl("-i", "-X", "PUT", "-d", "abc")
        self.assertEqual(code, 0, err)
        self.assertIn(b"\r\nHTTP/2 403", out)
        self.assertIn(b"x-proxy-error: blocked-by-method-policy", out)
        self.assertEqual(origin.seen, b"")

    def test_many_at_once(self):
        origin = self.tls_origin()
        self.start()
        frames = self.frames()
        streams = range(1, 65, 2)
        frames.connection.sendall(b"".join(frames.request(stream, path=b"/%d" % stream)
                                           for stream in streams))
        answers = {stream: b"" for stream in streams}
        left = set(streams)
        while left:
            frame = frames.read()
            self.assertIsNotNone(frame)
            kind, flags, stream, payload = frame
            if kind == frames.HEADERS:
                self.assertEqual(self.status(payload), b"200")
            elif kind == frames.DATA:
                answers[stream] += payload
                if flags & 1:
                    left.remove(stream)
        for stream, answer in answers.items():
            self.assertTrue(answer.startswith(b"GET /%d HTTP/1.1\r\n" % stream), answer)
        self.assertLessEqual(origin.connections, 32)

    def test_one_after_the_other_over_one_connection(self):
        origin = self.tls_origin()
        self.start()
        frames = self.frames()
        for stream in range(1, 41, 2):
            frames.connection.sendall(frames.request(stream))
            self.assertEqual(self.status(frames.until(frames.HEADERS)[3]), b"200")
            while not frames.until(frames.DATA)[1] & 1:
                pass
        self.assertEqual(origin.connections, 1)

    def test_large_bodies_both_ways(self):
        self.tls_origin()
        self.start(profile="[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\n"
                   "enabled = true\n[permissions.p.network.domains]\n'example.com' = 'allow'\n"
                   "[permissions.p.network.mitm.hooks.h]\nhost = 'example.com'\n"
                   "methods = ['POST', 'GET']\npath_prefixes = ['/']\naction = ['a']\n"
                   "[permissions.p.network.mitm.actions.a]\nstrip_request_headers = ['x-no']\n")
        path = os.path.join(self.top, "body")
        body = os.urandom(BIG)
        with open(path, "wb") as f:
            f.write(body)
        for more in ([], ["-H", "Content-Length:"]):  # with and without a length
            code, out, err = self.curl("--data-binary", "@" + path, *more)
            self.assertEqual(code, 0, err)
            if not more:
                self.assertTrue(out.endswith(body))
            else:
                self.assertGreater(len(out), BIG)

    def test_body_of_unknown_length(self):
        def serve(connection, origin):
            origin.seen += read_head(connection)[0]
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nthe whole")
            connection.unwrap()
        self.tls_origin(serve)
        self.start()
        self.assertEqual(self.curl()[:2], (0, b"the whole"))

    def test_body_that_is_cut_off(self):
        self.tls_origin(cut_off)
        self.start()
        self.assertNotEqual(self.curl()[0], 0)

    @rows("A-111", "A-112", "A-114")
    def test_misdirected(self):
        origin = self.tls_origin()
        self.start(allow=("example.com", "evil.test"))
        frames = self.frames()
        host = frames.text(b"host", b"evil.test")
        for stream, (want, request) in enumerate((
                (b"400", dict(authority=b"evil.test")), (b"421", dict(more=host)),
                (b"421", dict(scheme=b"http")), (b"200", {}))):
            frames.connection.sendall(frames.request(2 * stream + 1, **request))
            _, _, _, block = frames.until(frames.HEADERS)
            self.assertIn(want, self.status(block))
        self.assertEqual(origin.seen.count(b"GET"), 1)
        frames = self.frames("evil.test")
        frames.connection.sendall(frames.request(1, authority=b"evil.test"))
        self.assertIn(b"421", self.status(frames.until(frames.HEADERS)[3]))

    @staticmethod
    def status(block):
        """The three digits, as the static table, as they are, or in the code of RFC 7541 B."""
        known = {0x88: b"200", 0x8c: b"400", 0x8d: b"404", 0x8e: b"500"}
        if block[0] in known:
            return known[block[0]]
        if block[0] == 0x20:
            return Http2.status(block[1:])
        size = block[1] & 0x7f
        if not block[1] & 0x80:
            return block[2:2 + size]
        bits = "".join("{:08b}".format(b) for b in block[2:2 + size])
        codes = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4",
                 "011011": "5"}
        out, code = "", ""
        for bit in bits:
            code += bit
            if code in codes:
                out, code = out + codes[code], ""
        return out.encode()

    def test_what_would_be_another_request_in_http1(self):
        origin = self.tls_origin()
        self.start()
        frames = self.frames()
        for stream, request in enumerate((
                dict(path=b"/ HTTP/1.1\r\nHost: evil.test\r\nX:"), dict(path=b"/a b"),
                dict(more=frames.text(b"x-a", b"1\r\nx-b: 2")), dict(method=b"GET /x"),
                dict(authority=b"example.com\r\nx-c: 1"),
                dict(more=frames.text(b"transfer-encoding", b"chunked")),
                dict(more=frames.text(b"X-Upper", b"1")))):
            frames.connection.sendall(frames.request(2 * stream + 1, **request))
            self.assertEqual(frames.until(frames.RESET)[2], 2 * stream + 1, request)
        frames.connection.sendall(frames.request(101))
        self.assertEqual(self.status(frames.until(frames.HEADERS)[3]), b"200", "the control")
        self.assertEqual(origin.seen.count(b"GET"), 1)

    def test_rapid_resets_end_the_connection(self):
        origin = self.tls_origin()
        self.start()
        frames = self.frames()
        sent = 0
        try:
            for stream in range(1, 20000, 2):
                frames.connection.sendall(frames.request(stream) + frames.frame(
                    frames.RESET, 0, stream, b"\0\0\0\x08"))
                sent += 1
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass
        last = frames.until(frames.GO_AWAY)
        if last is not None:
            self.assertEqual(last[3][4:8], b"\0\0\0\x0b")  # ENHANCE_YOUR_CALM
        self.assertTrue(last is not None or sent < 9999)
        self.assertLess(origin.connections, 1000)

    def test_floods_of_empty_frames_end_the_connection(self):
        self.tls_origin()
        self.start()
        frames = self.frames()
        try:
            for _ in range(20000):
                frames.connection.sendall(frames.frame(frames.SETTINGS, 0, 0))
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass
        frame = frames.read()
        while frame is not None:
            last, frame = frame, frames.read()
        self.assertEqual(last[0], frames.GO_AWAY)

    def test_a_head_without_end(self):
        self.tls_origin()
        self.start()
        frames = self.frames()
        piece = b"".join(frames.text(b"x-%03d" % i, b"v" * 100) for i in range(100))
        try:
            frames.connection.sendall(frames.request(1, flags=1))
            for _ in range(200):
                frames.connection.sendall(frames.frame(frames.CONTINUATION, 0, 1, piece))
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass
        last = frames.until(frames.GO_AWAY)
        self.assertTrue(last is None or last[3][4:8] != b"\0\0\0\0")


FILLED = """
[permissions.p.network.mitm.hooks.fill]
host = "example.com"
methods = ["POST"]
path_prefixes = ["/fill"]
action = ["fill"]
[permissions.p.network.mitm.hooks.rest]
host = "example.com"
methods = ["GET", "POST"]
path_prefixes = ["/"]
action = ["clean"]
[permissions.p.network.mitm.actions.clean]
strip_request_headers = ["x-none"]
[permissions.p.network.mitm.actions.fill.body_secret_substitution]
replacements = [{ placeholder = "{{PLACEHOLDER-OF-BODIES}}", secret = { env_var = "KEY" } }]
max_body_bytes = %d
"""
WHOLE = 16 << 20  # of which four may be held at once
ARRIVED = []  # how long the bodies are that came to "/wait"
ANSWERED = threading.Event()


def count_bodies(connection, origin):
    """Answers every request with how long its body is."""
    rest = b""
    while True:
        head, rest = read_head(connection, rest)
        if not head:
            return
        found = re.search(rb"(?i)content-length: (\d+)", head)
        length, left = len(rest), (int(found[1]) if found else 0) - len(rest)
        rest = b""
        while left > 0:
            got = len(connection.recv(min(left, 1 << 20)))
            if got == 0:
                return
            length, left = length + got, left - got
        if b"/wait" in head:
            ARRIVED.append(length)
            ANSWERED.wait(LIMIT)
        reply = b"%d" % length
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(reply), reply))


class HeldBodies(Inspected):
    """Bodies that are needed as a whole before they are sent on have one bound together."""

    def setUp(self):
        super().setUp()
        self.tls_origin(count_bodies)
        self.start(env={"KEY": "a-secret-of-bodies-0123456789"},
                   profile="[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\n"
                   "enabled = true\n[permissions.p.network.domains]\n'example.com' = 'allow'\n" +
                   FILLED % WHOLE)

    def begin(self, length=WHOLE, target="/fill"):
        """A request whose body the proxy waits for."""
        made = self.inside()
        made.sendall(b"POST %s HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n"
                     b"Expect: 100-continue\r\n\r\n" % (target.encode(), length))
        head, _ = read_head(made)
        return int(head[9:12]), made

    def test_more_is_refused_until_some_are_gone(self):
        waiting = [self.begin() for _ in range(4)]
        self.assertEqual([status for status, _ in waiting], [100] * 4)
        made = self.inside()
        status, _, body = self.ask(b"POST /fill HTTP/1.1\r\nHost: example.com\r\n"
                                   b"Content-Length: 1\r\n\r\n", made)
        self.assertEqual(status, 503)
        self.assertIn(b"too many bytes of request bodies are held at once", body)
        self.assertEqual(self.ask(b"POST /other HTTP/1.1\r\nHost: example.com\r\n"
                                  b"Content-Length: 1\r\n\r\nx", self.inside())[0], 200)
        told = proxy_lab.wait_for(lambda: [(r["decision"], r["rule"]) for r in self.records()
                                           if r.get("reason") == "bad_request"])
        self.assertEqual(told, [("deny", "mitm.hooks.fill")])
        waiting[0][1].close()
        self.assertTrue(proxy_lab.wait_for(lambda: self.begin(WHOLE)[0] == 100))

    def test_a_body_of_unknown_length_counts_as_it_comes(self):
        for length in (WHOLE, WHOLE, WHOLE, WHOLE - 100000):
            self.assertEqual(self.begin(length)[0], 100)
        for length, end, expected in ((90000, b"0\r\n\r\n", 200), (110000, b"", 503)):
            made = self.inside()
            chunk = b"%x\r\n%s\r\n" % (length, b"x" * length)
            status, _, body = self.ask(b"POST /fill HTTP/1.1\r\nHost: example.com\r\n"
                                       b"Transfer-Encoding: chunked\r\n\r\n" + chunk + end, made)
            self.assertEqual(status, expected, body)

    def test_what_has_been_sent_on_is_held_no_more(self):
        made = self.inside()
        data = b"x" * WHOLE
        for _ in range(6):
            made.sendall(b"POST /fill HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n"
                         % WHOLE)
            made.sendall(data)
            status, _, body = self.response(made)
            self.assertEqual((status, body), (200, b"%d" % WHOLE))
        self.assertEqual([self.begin()[0] for _ in range(4)], [100] * 4)

    def test_what_the_origin_has_counts_no_more(self):
        """Although it does not answer yet."""
        asked = []
        for _ in range(4):
            status, made = self.begin(target="/fill/wait")
            self.assertEqual(status, 100)
            made.sendall(b"x" * WHOLE)
            asked.append(made)
        self.assertTrue(proxy_lab.wait_for(lambda: len(ARRIVED) == 4))
        self.assertEqual([self.begin()[0] for _ in range(4)], [100] * 4)
        ANSWERED.set()
        self.assertEqual([self.response(made)[0] for made in asked], [200] * 4)

    def test_what_is_refused_is_held_no_more(self):
        """A body of so many placeholders that it becomes too long, then others as long as ever."""
        data = b"{{PLACEHOLDER-OF-BODIES}}" * (WHOLE // 25)
        for _ in range(3):
            made = self.inside()
            made.sendall(b"POST /fill HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n"
                         % len(data))
            made.sendall(data)
            self.assertEqual(self.response(made)[0], 403)
        self.assertEqual([self.begin()[0] for _ in range(4)], [100] * 4)


class Control(Inspected):
    extra = ""

    def test_without_a_reason_nothing_is_looked_into(self):
        self.tls_origin()
        self.proxy()
        self.assertIsNone(self.certificate)
        context = ssl.create_default_context(cafile=self.authority.path)
        made = self.inside(context=context)
        self.assertEqual(self.ask(b"PUT / HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 0\r\n\r\n",
                                  made)[0], 200)


if __name__ == "__main__":
    proxy_lab.main()
