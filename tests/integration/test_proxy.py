"""`ambit proxy` with raw bytes: the forms of HTTP, CONNECT and SOCKS5, what is passed on, what is
answered, and how everything ends (network.md 5, 7, 12, 14, 16, 18, 20)."""
import hashlib
import json
import os
import signal
import socket
import struct
import threading
import time

import proxy_lab
from proxy_lab import (ORIGIN, OTHER, Lab, catalogue, echo_bytes, echo_http, fixed,
                       read_head)

rows = catalogue.rows

if __name__ == "__main__":
    proxy_lab.enter()


class Http(Lab):
    def test_absolute_form_reaches_the_origin(self):
        origin = self.origin()
        self.proxy()
        url = "http://example.com:%d/p?q" % origin.port
        status, head, body = self.get(url, "X-A: b\r\n")
        self.assertEqual(status, 200)
        self.assertIn(b"X-Origin: yes\r\n", head)
        self.assertEqual(body, b"GET /p?q HTTP/1.1\r\nHost: example.com:%d\r\nX-A: b\r\n\r\n"
                         % origin.port)

    @rows("A-88")
    def test_origin_form_is_decided_by_host(self):
        origin = self.origin()
        self.proxy()
        status, _, body = self.ask(b"GET /p HTTP/1.1\r\nHost: example.com:%d\r\n\r\n" % origin.port)
        self.assertEqual((status, body[:16]), (200, b"GET /p HTTP/1.1\r"))
        status, head, _ = self.ask(b"GET //example.com/ HTTP/1.1\r\nHost: evil.test\r\n\r\n")
        self.assertEqual(status, 403)

    @rows("A-54")
    def test_origin_form_for_the_proxy_itself(self):
        self.proxy(allow=["127.0.0.1"])
        for path in ("/", "/health", "/config"):
            status, _, body = self.ask(("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
                                        % (path, self.http)).encode())
            self.assertEqual((status, body), (400, b"the request is for the proxy itself\n"))

    @rows("A-53")
    def test_no_loop_through_the_proxy(self):
        self.proxy(allow=["127.0.0.1", "localhost"])
        for host in ("127.0.0.1", "localhost"):
            for port in (self.http, self.socks):
                status, head, _ = self.get("http://%s:%d/" % (host, port))
                self.assertEqual(status, 403)
                self.assertEqual(self.tunnel("%s:%d" % (host, port))[0], 403)

    def test_host_says_what_was_decided(self):
        origin = self.origin(port=80)
        self.proxy()
        for target, host in (("http://EXAMPLE.com./", "EXAMPLE.com."),
                             ("http://user:pw@example.com:80/#frag", "example.com")):
            _, _, body = self.get(target, "Host: %s\r\n" % host)
            self.assertEqual(body, b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")

    @rows("A-104", "A-105")
    def test_fields_of_one_hop_stay_here(self):
        origin = self.origin()
        self.proxy()
        _, _, body = self.get(
            "http://example.com:%d/" % origin.port,
            "Connection: X-Foo, Host\r\nX-Foo: 1\r\nKeep-Alive: 1\r\nTE: trailers\r\nTrailer: x\r\n"
            "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nUpgrade: h2c\r\n"
            "X-Forwarded-Host: evil.test\r\nVia: 1.1 x\r\n")
        self.assertEqual(body, b"GET / HTTP/1.1\r\nHost: example.com:%d\r\n"
                         b"X-Forwarded-Host: evil.test\r\nVia: 1.1 x\r\n\r\n" % origin.port)

    def test_response_fields_of_one_hop_stay_here(self):
        origin = self.origin(fixed(b"HTTP/1.1 200 Fine\r\nConnection: X-Foo\r\nX-Foo: 1\r\n"
                                   b"Keep-Alive: 1\r\nContent-Length: 2\r\nX-Bar: 1\r\n\r\nok"))
        self.proxy()
        status, head, body = self.get("http://example.com:%d/" % origin.port)
        self.assertEqual(head, b"HTTP/1.1 200 Fine\r\nX-Bar: 1\r\nContent-Length: 2\r\n"
                         b"Connection: keep-alive\r\n\r\n")
        self.assertEqual(body, b"ok")

    @rows("N-3")
    def test_each_pipelined_request_is_decided(self):
        origin = self.origin()
        self.proxy()
        one = "GET http://%s:" + str(origin.port) + "/%d HTTP/1.1\r\n\r\n"
        made = self.connect()
        made.sendall("".join(one % (host, i) for i, host in enumerate(
            ("example.com", "evil.test", "example.com"))).encode())
        rest, seen = b"", []
        for _ in range(3):
            status, _, body = self.response(made, rest)
            rest = self.after
            seen.append((status, body[:6]))
        self.assertEqual([s for s, _ in seen], [200, 403, 200])
        self.assertEqual((seen[0][1], seen[2][1]), (b"GET /0", b"GET /2"))
        self.assertNotIn(b"GET /1", origin.seen)

    def test_many_refusals_at_once(self):
        self.proxy()
        made = self.connect()
        count = 2000
        threading.Thread(target=made.sendall, daemon=True, args=(
            b"GET http://e/ HTTP/1.1\r\n\r\n" * count + b"GET http://e/ HTTP/1.0\r\n\r\n",)).start()
        self.assertEqual(self.rest(made).count(b"HTTP/1.1 403 "), count + 1)

    def test_one_connection_to_the_origin_serves_many_requests(self):
        origin = self.origin()
        self.proxy()
        for _ in range(5):
            self.assertEqual(self.get("http://example.com:%d/" % origin.port)[0], 200)
        self.assertEqual(origin.connections, 1)

    def test_an_idle_connection_that_the_origin_closed(self):
        def once(connection, origin):
            head, _ = read_head(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        origin = self.origin(once)
        self.proxy()
        for _ in range(4):
            self.assertEqual(self.get("http://example.com:%d/" % origin.port)[0], 200)
        self.assertEqual(origin.connections, 4)

    def test_bodies_with_a_length(self):
        origin = self.origin()
        self.proxy()
        for size in (0, 1, 70000, 3000000):
            body = os.urandom(size)
            made = self.connect()
            threading.Thread(target=made.sendall, daemon=True, args=(
                b"POST http://example.com:%d/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
                % (origin.port, size) + body,)).start()
            status, _, back = self.response(made)
            self.assertEqual(status, 200)
            self.assertTrue(back.endswith(body))
            self.assertIn(b"Content-Length: %d\r\n" % size, back)

    def test_chunked_bodies(self):
        origin = self.origin()
        self.proxy()
        status, _, body = self.ask(
            b"POST http://example.com:%d/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3;x=y\r\nabc\r\n0002\r\nde\r\n0\r\nTrailer: x\r\n\r\n" % origin.port)
        self.assertEqual(status, 200)
        self.assertTrue(body.endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n"
                                      b"0\r\n\r\n"), body)

    def test_chunked_responses(self):
        origin = self.origin(fixed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   b"5;e\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n"))
        self.proxy()
        url = "http://example.com:%d/" % origin.port
        _, head, body = self.get(url)
        self.assertEqual(body, b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")
        old = self.send(b"GET %s HTTP/1.0\r\n\r\n" % url.encode())
        self.assertTrue(old.endswith(b"\r\nConnection: close\r\n\r\nhello!"), old)

    def test_response_that_ends_with_the_connection(self):
        origin = self.origin(fixed(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200000))
        self.proxy()
        got = self.send(b"GET http://example.com:%d/ HTTP/1.1\r\n\r\n" % origin.port)
        self.assertIn(b"\r\nConnection: close\r\n\r\n", got)
        self.assertEqual(got.count(b"x"), 200000)

    def test_large_response_arrives_whole(self):
        size = 20 << 20
        data = os.urandom(1 << 20) * 20
        origin = self.origin(fixed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + data))
        self.proxy()
        _, _, body = self.get("http://example.com:%d/" % origin.port)
        self.assertEqual(hashlib.sha256(body).digest(), hashlib.sha256(data).digest())

    def test_responses_without_a_body(self):
        origin = self.origin(echo_http)
        self.proxy()
        made = self.connect()
        made.sendall(b"HEAD http://example.com:%d/ HTTP/1.1\r\n\r\n" % origin.port)
        status, head, _ = self.response(made, head_only=True)
        self.assertEqual((status, self.after), (200, b""))
        self.assertIn(b"Content-Length: ", head)
        self.assertEqual(self.get("http://example.com:%d/" % origin.port, made=made)[0], 200)

    def test_interim_responses(self):
        origin = self.origin(fixed(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                                   b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        self.proxy()
        made = self.connect()
        made.sendall(b"GET http://example.com:%d/ HTTP/1.1\r\n\r\n" % origin.port)
        self.assertEqual(self.response(made, head_only=True)[0], 103)
        self.assertEqual(self.response(made, self.after)[0], 200)

    def test_expectation_is_answered_by_the_proxy(self):
        origin = self.origin()
        self.proxy()
        made = self.connect()
        made.sendall(b"POST http://example.com:%d/ HTTP/1.1\r\nExpect: 100-continue\r\n"
                     b"Content-Length: 2\r\n\r\n" % origin.port)
        self.assertEqual(self.response(made)[0], 100)
        made.sendall(b"ok")
        status, _, body = self.response(made, self.after)
        self.assertEqual((status, body[-2:]), (200, b"ok"))
        self.assertNotIn(b"Expect", body)
        made = self.connect()
        made.sendall(b"POST http://evil.test/ HTTP/1.1\r\nExpect: 100-continue\r\n"
                     b"Content-Length: 2\r\n\r\n")
        self.assertEqual(self.response(made)[0], 403)

    @rows("A-100", "N-3")
    def test_websocket_goes_both_ways_after_101(self):
        def serve(connection, origin):
            origin.seen += read_head(connection)[0]
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               b"Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nfirst")
            echo_bytes(connection, origin)
        origin = self.origin(serve)
        self.proxy()
        made = self.connect()
        made.sendall(b"GET ws://example.com:%d/ HTTP/1.1\r\nConnection: Upgrade\r\n"
                     b"Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\nearly" % origin.port)
        status, head, _ = self.response(made, head_only=True)
        self.assertEqual(status, 101)
        self.assertIn(b"Connection: Upgrade\r\nUpgrade: websocket\r\n", head)
        made.shutdown(socket.SHUT_WR)
        self.assertEqual(self.after + self.rest(made), b"firstearly<5>")
        self.assertIn(b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", origin.seen)
        _, made, _ = self.tunnel("example.com:%d" % origin.port)
        made.sendall(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self.assertEqual(self.response(made, self.after, head_only=True)[0], 101)
        made.sendall(b"early")
        made.shutdown(socket.SHUT_WR)
        self.assertEqual(self.after + self.rest(made), b"firstearly<5>")

    @rows("A-99")
    def test_without_101_the_next_bytes_are_a_request(self):
        origin = self.origin()
        self.proxy()
        made = self.connect()
        made.sendall(b"GET http://example.com:%d/ HTTP/1.1\r\nConnection: Upgrade\r\n"
                     b"Upgrade: websocket\r\n\r\nGET http://evil.test/ HTTP/1.1\r\n\r\n"
                     % origin.port)
        self.assertEqual(self.response(made)[0], 200)
        self.assertEqual(self.response(made, self.after)[0], 403)

    def test_unasked_101_is_refused(self):
        origin = self.origin(fixed(b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\n"
                                   b"Upgrade: websocket\r\n\r\n"))
        self.proxy()
        self.assertEqual(self.get("http://example.com:%d/" % origin.port)[0], 502)

    def test_malformed_responses(self):
        for reply in (b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 200 OK\n\n", b""):
            origin = self.origin(fixed(reply))
            self.proxy()
            self.assertEqual(self.get("http://example.com:%d/" % origin.port)[0], 502, reply)

    def test_what_it_does_not_do(self):
        self.proxy()
        self.assertEqual(self.get("https://example.com/")[0], 501)
        status, _, body = self.get("http://example.com/", "x-unix-socket: /run/x\r\n")
        self.assertEqual((status, body), (501, b"unix sockets unsupported\n"))

    @rows("A-29")
    def test_the_field_for_unix_sockets_leads_nowhere(self):
        origin = self.origin(port=80)
        path = os.path.join(self.top, "socket")
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen(8)
        server.setblocking(False)
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(path)
            server.accept()[0].close()
        self.proxy(extra="unix_sockets = { '%s' = 'allow' }" % path)
        self.assertEqual(self.get("http://example.com/")[0], 200)
        seen = origin.seen
        for target in (b"http://example.com/", b"http://localhost/", b"/"):
            for name in (b"x-unix-socket", b"X-Unix-Socket"):
                self.ask(b"GET %s HTTP/1.1\r\nHost: example.com\r\n%s: %s\r\n\r\n"
                         % (target, name, path.encode()))
        reply = self.send(b"CONNECT example.com:80 HTTP/1.1\r\nx-unix-socket: %s\r\n\r\n"
                          % path.encode())
        self.assertEqual(reply[9:10] in b"45", True, reply)
        self.assertEqual(origin.seen, seen)
        self.assertRaises(BlockingIOError, server.accept)

    @rows("A-102")
    def test_trace_tells_nothing_of_the_proxy(self):
        origin = self.origin()
        self.proxy()
        url = "http://example.com:%d/" % origin.port
        self.assertEqual(self.get(url)[0], 200)
        made = "TRACE %s HTTP/1.1\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n" % url
        answer = self.ask(made.encode())[2]
        self.assertNotIn(b"c2VjcmV0", answer + origin.seen)
        self.assertNotIn(b"Via", answer)
        self.assertEqual(self.ask(b"TRACE http://evil.test/ HTTP/1.1\r\n\r\n")[0], 403)

    def test_a_client_that_has_finished_sending_gets_its_answer(self):
        origin = self.origin()
        self.proxy()
        got = self.send(b"GET http://example.com:%d/ HTTP/1.1\r\n\r\n" % origin.port, end=True)
        self.assertTrue(got.startswith(b"HTTP/1.1 200 OK\r\n"))


class Refusals(Lab):
    def test_the_answer_explains_itself(self):
        self.proxy(deny=["denied.test"])
        for url, reason, code in (
                ("http://evil.test/", "not_allowed", "blocked-by-allowlist"),
                ("http://denied.test/", "denied", "blocked-by-denylist"),
                ("http://localhost/", "not_allowed_local", "blocked-by-local-guard")):
            status, head, body = self.get(url)
            self.assertEqual(status, 403)
            self.assertIn(b"content-type: application/json\r\n", head)
            self.assertIn(b"x-proxy-error: %s\r\n" % code.encode(), head)
            self.assertIn(b"x-ambit-reason: %s\r\n" % reason.encode(), head)
            found = json.loads(body)
            self.assertEqual((found["status"], found["decision"], found["reason"], found["port"],
                              found["protocol"]), ("blocked", "deny", reason, 80, "http"))
            host = url[7:-1]
            self.assertEqual(found["host"], host)
            status, head2, body2 = self.ask(b"CONNECT %s:80 HTTP/1.1\r\n\r\n" % host.encode())
            self.assertEqual(status, 403)
            self.assertEqual(dict(found, protocol="connect"), json.loads(body2))
        self.assertIn(b"x-ambit-rule: no rule\r\n", self.get("http://evil.test/")[1])
        head = self.get("http://denied.test/")[1]
        self.assertRegex(head, rb"x-ambit-rule: denied.test \([^ ]*config.toml:\d+")
        self.assertRegex(self.get("http://evil.test/")[1], rb"x-ambit-hint: .*evil\.test.*allow")

    def test_a_refusal_keeps_the_connection(self):
        origin = self.origin()
        self.proxy()
        made = self.connect()
        self.assertEqual(self.get("http://evil.test/", made=made)[0], 403)
        self.assertEqual(self.get("http://example.com:%d/" % origin.port, made=made)[0], 200)

    @rows("A-124")
    def test_nothing_is_asked_about_refused_names(self):
        self.proxy()
        for _ in range(2):
            self.assertEqual(self.get("http://secret.attacker.test/")[0], 403)
            self.assertEqual(self.tunnel("secret.attacker.test:443")[0], 403)
            self.assertEqual(self.socks_request("secret.attacker.test", 443)[0], 2)
        self.assertEqual(self.names.asked, [])
        self.get("http://example.com:1/")
        self.assertIn(("example.com", 1), self.names.asked)  # the control

    @rows("A-126")
    def test_a_name_that_leads_nowhere(self):
        self.names.answers.update({"empty.test": [], "refused.test": "refused", "slow.test": None})
        self.proxy(allow=["missing.test", "empty.test", "refused.test", "slow.test"])
        for name in ("missing.test", "empty.test", "refused.test", "slow.test"):
            status, head, _ = self.get("http://%s/" % name)
            self.assertEqual(status, 403, name)
            self.assertIn(b"x-ambit-reason: dns_failed\r\n", head)
            self.assertEqual(self.socks_request(name, 80)[0], 2)

    def test_origins_that_cannot_be_reached(self):
        self.proxy()
        status, head, body = self.get("http://example.com:1/")
        self.assertEqual(status, 502)
        self.assertIn(b"x-ambit-reason: dial_failed\r\n", head)
        self.assertEqual(self.tunnel("example.com:1")[0], 502)
        self.assertEqual(self.socks_request("example.com", 1)[0], 5)

    def test_every_decision_is_an_event(self):
        origin = self.origin()
        process = self.proxy()
        self.get("http://example.com:%d/" % origin.port)
        self.get("http://evil.test/")
        self.socks_request("evil.test", 25)
        self.end(process)
        found = self.records()
        self.assertEqual([(r["protocol"], r["host"], r["port"], r["decision"]) for r in found],
                         [("http", "example.com", origin.port, "allow"),
                          ("http", "evil.test", 80, "deny"), ("socks5", "evil.test", 25, "deny")])
        self.assertEqual(found[0]["address"], ORIGIN)
        self.assertGreater(found[0]["bytes_received"], 0)


class Connect(Lab):
    def test_bytes_pass_both_ways_and_each_way_ends_alone(self):
        origin = self.origin(echo_bytes)
        self.proxy()
        status, made, _ = self.tunnel("example.com:%d" % origin.port)
        self.assertEqual(status, 200)
        data = os.urandom(5 << 20)
        threading.Thread(target=lambda: (made.sendall(data), made.shutdown(socket.SHUT_WR)),
                         daemon=True).start()
        back = self.rest(made)
        self.assertEqual(back[:len(data)] == data, True)
        self.assertEqual(back[len(data):], b"<%d>" % len(data))

    def test_bytes_sent_before_the_answer_are_kept(self):
        origin = self.origin(echo_bytes)
        self.proxy()
        got = self.send(b"CONNECT example.com:%d HTTP/1.1\r\n\r\nearly" % origin.port, end=True)
        self.assertTrue(got.startswith(b"HTTP/1.1 200 "))
        self.assertTrue(got.endswith(b"\r\n\r\nearly<5>"), got)

    def test_a_server_that_speaks_first(self):
        origin = self.origin(fixed(b"SSH-2.0-test\r\n", wait_for_request=False))
        self.proxy()
        status, made, _ = self.tunnel("example.com:%d" % origin.port)
        self.assertEqual(self.after + made.recv(100), b"SSH-2.0-test\r\n")

    def test_host_header_says_nothing(self):
        self.proxy()
        status, _, _ = self.ask(b"CONNECT evil.test:443 HTTP/1.1\r\nHost: example.com\r\n\r\n")
        self.assertEqual(status, 403)

    def test_a_reset_is_passed_on(self):
        def reset(connection, origin):
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        origin = self.origin(reset)
        self.proxy()
        _, made, _ = self.tunnel("example.com:%d" % origin.port)
        made.sendall(b"x")
        with self.assertRaises(ConnectionResetError):
            made.recv(1)


class Socks(Lab):
    def test_names_and_addresses(self):
        origin = self.origin(echo_bytes)
        self.proxy(allow=["example.com", ORIGIN])
        for host, kind in (("example.com", 3), (ORIGIN, 1)):
            reply, made = self.socks_request(host, origin.port, kind)
            self.assertEqual(reply, 0)
            made.sendall(b"hello")
            self.assertEqual(made.recv(5), b"hello")

    def test_refusals(self):
        self.proxy()
        self.assertEqual(self.socks_request("evil.test", 80)[0], 2)
        self.assertEqual(self.socks_request(OTHER, 80, 1)[0], 2)
        self.assertEqual(self.socks_request("::1", 80, 4)[0], 2)
        for name in (b"a\0.example.com", b"a b", b"x\r\ny", b"example.com:80", b"", b"::1"):
            self.assertEqual(self.socks_request(name, 80)[0], None, name)

    def test_other_commands_and_methods(self):
        self.proxy()
        for command in (2, 3, 9):
            got = self.send(b"\x05\x01\x00\x05" + bytes([command]) + b"\x00\x01\0\0\0\0\0\x35",
                            self.socks)
            self.assertEqual(got[:4], b"\x05\x00\x05\x07")
        self.assertEqual(self.send(b"\x05\x01\x02", self.socks), b"\x05\xff")
        self.assertEqual(self.send(b"\x04\x01\x00\x50\x01\x02\x03\x04x\0", self.socks), b"")

    def test_ssh_learns_why(self):
        self.proxy()
        reply, made = self.socks_request("evil.test", 22)
        self.assertEqual(reply, 0)
        made.sendall(b"SSH-2.0-client\r\n")
        got = self.rest(made)
        self.assertTrue(got.startswith(b"SSH-2.0-ambit\r\n"))
        packet = got[15:]
        length, padding, kind, code, size = struct.unpack(">IBBII", packet[:14])
        self.assertEqual((length + 4, kind), (len(packet), 1))
        self.assertEqual((len(packet) % 8, padding >= 4), (0, True))
        self.assertIn(b"evil.test", packet[14:14 + size])

    def test_off(self):
        self.proxy(extra="enable_socks5 = false")
        self.assertIsNone(self.socks)


class Guard(Lab):
    @rows("A-83")
    def test_a_denied_loopback_is_denied_by_every_name(self):
        local = self.origin(address="127.0.0.1")
        for deny, status in (((), 200), (("127.0.0.1",), 403), (("localhost",), 403), (("::1",), 403)):
            self.proxy(allow=["*"], deny=deny, extra="allow_local_binding = true")
            for host in ("localhost", "127.0.0.1", "127.1", "[::ffff:127.0.0.1]"):
                with self.subTest(deny=deny, host=host):
                    self.assertEqual(self.get("http://%s:%d/" % (host, local.port))[0], status)

    @rows("A-84")
    def test_a_denied_name_says_nothing_of_its_address(self):
        """As docs/host-rules.md tells: who means the address denies the address."""
        other = self.origin(address=OTHER, port=80)
        self.proxy(allow=["*"], deny=["evil.test"])
        self.assertEqual(self.get("http://evil.test/")[0], 403)
        self.assertEqual(self.get("http://%s/" % OTHER)[0], 200)
        self.proxy(allow=["*"], deny=["evil.test", OTHER])
        self.assertEqual(self.get("http://%s/" % OTHER)[0], 403)
        self.assertEqual(other.connections, 1)

    @rows("A-70", "A-71", "A-72", "N-2")
    def test_one_answer_is_dialled_and_checked(self):
        local = self.origin(address="127.0.0.1")
        public = self.origin(port=local.port)
        self.names.answers["rebind.test"] = [[ORIGIN], ["127.0.0.1"]]
        self.names.answers["late.test"] = [["127.0.0.1"], [ORIGIN]]
        self.names.answers["mixed.test"] = [ORIGIN, "127.0.0.1"]
        self.proxy(allow=["*.test"])
        place = "rebind.test:%d" % local.port
        self.assertEqual(self.get("http://%s/" % place)[0], 200)
        self.assertEqual(public.connections, 1)
        for _ in range(3):
            self.assertEqual(self.get("http://%s/" % place)[0], 403)
            self.assertEqual(self.tunnel(place)[0], 403)
        for name in ("late.test", "mixed.test"):
            self.assertEqual(self.get("http://%s:%d/" % (name, local.port))[0], 403)
        self.assertEqual(local.connections, 0)
        self.assertEqual(public.connections, 1)

    def test_the_control_for_local_addresses(self):
        local = self.origin(address="127.0.0.1")
        self.names.answers["loop.test"] = ["127.0.0.1"]
        self.proxy(allow=["loop.test", "localhost"], extra="allow_local_binding = true")
        for host in ("loop.test", "localhost"):
            self.assertEqual(self.get("http://%s:%d/" % (host, local.port))[0], 200)

    @rows("A-59", "A-82")
    def test_a_port_of_localhost_alone(self):
        local, other = self.origin(address="127.0.0.1"), self.origin(address="127.0.0.1")
        self.proxy(allow=["localhost:%d" % local.port])
        self.assertEqual(self.get("http://localhost:%d/" % local.port)[0], 200)
        self.assertEqual(self.get("http://localhost:%d/" % other.port)[0], 403)
        self.assertEqual(self.get("http://127.0.0.1:%d/" % local.port)[0], 403)
        self.assertEqual(self.names.asked, [])

    def test_addresses_of_this_host(self):
        self.names.answers["own.test"] = ["127.0.0.53"]
        self.proxy(allow=["own.test"])
        self.assertEqual(self.get("http://own.test/")[0], 403)

    def test_a_denied_address_behind_a_name(self):
        self.names.answers["other.test"] = [OTHER]
        self.proxy(allow=["*"], deny=[OTHER])
        status, head, _ = self.get("http://other.test/")
        self.assertEqual(status, 403)
        self.assertIn(b"x-ambit-reason: policy_denied\r\n", head)

    def test_the_second_address_is_tried(self):
        origin = self.origin()
        self.names.answers["two.test"] = [OTHER, ORIGIN]
        self.proxy(allow=["two.test"])
        self.assertEqual(self.get("http://two.test:%d/" % origin.port)[0], 200)


class Limited(Lab):
    @rows("A-119")
    def test_only_plain_reads(self):
        origin = self.origin()
        self.proxy(extra="mode = 'limited'")
        url = "http://example.com:%d/" % origin.port
        for method, status in (("GET", 200), ("OPTIONS", 200), ("get", 403), ("PUT", 403),
                               ("POST", 403), ("DELETE", 403)):
            got, head, _ = self.ask(("%s %s HTTP/1.1\r\n\r\n" % (method, url)).encode())
            self.assertEqual(got, status, method)
            if got == 403:
                self.assertIn(b"x-ambit-reason: method_not_allowed\r\n", head)
        self.assertEqual(self.get(url, "Content-Length: 1\r\n")[0], 403)
        for name in ("X-HTTP-Method-Override", "x-http-method", "X-Method-Override"):
            self.assertEqual(self.get(url, name + ": PUT\r\n")[0], 403)
        self.assertNotIn(b"PUT", origin.seen)
        _, head, _ = self.ask(b"PUT http://evil.test/ HTTP/1.1\r\n\r\n")
        self.assertIn(b"x-ambit-reason: not_allowed\r\n", head)

    def test_no_tunnels(self):
        origin = self.origin(echo_bytes)
        self.proxy(extra="mode = 'limited'")
        status, made, _ = self.tunnel("example.com:%d" % origin.port)
        self.assertEqual(status, 200)
        made.sendall(b"anything\r\n")
        self.assertEqual(self.rest(made), b"\x15\x03\x03\x00\x02\x02\x70")
        self.assertEqual(origin.seen, b"")
        self.assertEqual(self.socks_request("example.com", origin.port)[0], 2)


def hello(name, extra=b""):
    """A ClientHello for `name`."""
    def vector(content, width):
        return len(content).to_bytes(width, "big") + content
    extensions = extra
    if name:
        extensions += b"\0\0" + vector(vector(b"\0" + vector(name.encode(), 2), 2), 2)
    body = b"\x03\x03" + b"r" * 32 + b"\0" + vector(b"\x13\x01", 2) + b"\1\0" + vector(extensions, 2)
    return b"\x16\x03\x01" + vector(b"\x01" + vector(body, 3), 2)


class ServerName(Lab):
    def through(self, name, place="example.com"):
        origin = self.origin(echo_bytes)
        status, made, _ = self.tunnel("%s:%d" % (place, origin.port))
        self.assertEqual(status, 200)
        made.sendall(hello(name))
        made.shutdown(socket.SHUT_WR)
        return self.rest(made).startswith(hello(name))

    @rows("A-110")
    def test_names_must_match_where_the_profile_says_so(self):
        self.proxy(extra="require_sni_match = true")
        self.assertTrue(self.through("example.com"))
        self.assertTrue(self.through("EXAMPLE.com"))
        self.assertFalse(self.through("evil.test"))
        self.assertFalse(self.through(""))

    def test_without_the_switch_they_need_not(self):
        self.proxy()
        self.assertTrue(self.through("evil.test"))

    def test_other_protocols_pass(self):
        origin = self.origin(fixed(b"220 mail\r\n", wait_for_request=False))
        self.proxy(extra="require_sni_match = true")
        _, made, _ = self.tunnel("example.com:%d" % origin.port)
        self.assertEqual(self.after + made.recv(100), b"220 mail\r\n")


class Parent(Lab):
    def parent(self):
        """A proxy that answers requests itself and, for CONNECT, echoes."""
        def serve(connection, origin):
            head, rest = read_head(connection)
            origin.seen += head
            if head.startswith(b"CONNECT refused"):
                connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            elif head.startswith(b"CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")
                echo_bytes(connection, origin)
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nparent")
        return self.origin(serve, address="127.0.0.1")

    def start(self, parent, resolve):
        url = "http://user:secret@127.0.0.1:%d" % parent.port
        self.proxy(allow=["*.test", "example.com"], extra="upstream = { http = '%s', https = '%s', "
                   "resolve = '%s', no_proxy = ['example.com'] }" % (url, url, resolve))

    def test_every_protocol_takes_the_same_way(self):
        parent = self.parent()
        self.start(parent, "remote")
        self.assertEqual(self.get("http://far.test/x")[2], b"parent")
        self.assertIn(b"GET http://far.test/x HTTP/1.1\r\nHost: far.test\r\n", parent.seen)
        self.assertIn(b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n", parent.seen)
        status, made, _ = self.tunnel("far.test:443")
        self.assertEqual(status, 200)
        made.sendall(b"x")
        self.assertEqual(made.recv(1), b"x")
        self.assertEqual(self.socks_request("far.test", 5432)[0], 0)
        self.assertIn(b"CONNECT far.test:5432 HTTP/1.1\r\n", parent.seen)
        self.assertEqual(self.names.asked, [])

    def test_local_rules_still_hold(self):
        parent = self.parent()
        self.start(parent, "remote")
        for place in ("evil.example:443", "127.0.0.1:443", "[::1]:1"):
            self.assertEqual(self.tunnel(place)[0], 403)
        self.assertEqual(parent.connections, 0)
        self.assertEqual(self.tunnel("refused.test:443")[0], 502)

    def test_local_resolving_checks_the_address(self):
        parent = self.parent()
        self.names.answers.update({"in.test": ["10.0.0.5"], "out.test": [ORIGIN]})
        self.start(parent, "local")
        self.assertEqual(self.tunnel("in.test:443")[0], 403)
        self.assertEqual(self.tunnel("nowhere.test:443")[0], 403)
        self.assertEqual(self.tunnel("out.test:443")[0], 200)

    def test_exceptions_go_directly(self):
        parent, origin = self.parent(), self.origin()
        self.start(parent, "remote")
        self.assertEqual(self.get("http://example.com:%d/" % origin.port)[0], 200)
        self.assertEqual((parent.connections, origin.connections), (0, 1))


class Life(Lab):
    def test_no_network_no_proxy(self):
        for text in ("[permissions.p]\nextends = ':workspace'\n",
                     "[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\n"
                     "enabled = false\n"):
            process = self.proxy(profile=text)
            self.assertEqual(process.returncode, 125)
            self.assertIn("the network is off", self.complaint)

    def test_ends_when_told(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = self.proxy()
            held = self.connect()
            process.send_signal(number)
            self.assertEqual(process.wait(proxy_lab.LIMIT), 0)
            self.assertEqual(held.recv(1), b"")

    def test_listens_on_loopback_only(self):
        self.proxy()
        with open("/proc/net/tcp", encoding="ascii") as f:
            listening = [line.split()[1] for line in f if line.split()[3] == "0A"]
        for port in (self.http, self.socks):
            self.assertEqual([a for a in listening if a.endswith(":%04X" % port)],
                             ["0100007F:%04X" % port])

    def test_a_crowd_is_told(self):
        origin = self.origin()
        self.proxy()
        held = [self.connect() for _ in range(512)]
        self.assertEqual(self.get("http://example.com:%d/" % origin.port)[0], 503)
        for one in held:
            one.close()
        end = time.monotonic() + proxy_lab.LIMIT
        while self.get("http://example.com:%d/" % origin.port)[0] != 200:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    @rows("A-127", "A-128")
    def test_slow_clients_are_cut_off(self):
        """All of them at once, as it takes long."""
        self.proxy()
        head, drops, greeting, silent = (self.connect(port) for port in (
            self.http, self.http, self.socks, self.http))
        began = time.monotonic()
        head.sendall(b"GET http://example.com/ HTTP/1.1\r\nX: ")
        drops.sendall(b"GET http://example.com/ HTTP/1.1\r\n")
        greeting.sendall(b"\x05\x02\x00")
        ended = {}

        def drip():
            try:
                while not ended.get(drops):
                    drops.sendall(b"A: b\r\n")
                    time.sleep(1)
            except OSError:
                pass

        def wait(made):
            made.settimeout(proxy_lab.LIMIT)
            ended[made] = (self.rest(made), time.monotonic() - began)

        threads = [threading.Thread(target=drip, daemon=True)]
        threads += [threading.Thread(target=wait, args=(made,), daemon=True)
                    for made in (head, drops, greeting, silent)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(proxy_lab.LIMIT)
        for made, first, least in ((head, b"HTTP/1.1 408 ", 10), (drops, b"HTTP/1.1 408 ", 10),
                                   (greeting, b"", 5), (silent, b"", 20)):
            answer, seconds = ended[made]
            self.assertTrue(answer.startswith(first), answer)
            self.assertGreater(seconds, least)  # the control: it was not refused at once

    @rows("A-132")
    def test_a_body_that_stands_still(self):
        """It is the origin's to lose patience."""
        def serve(connection, origin):
            head, rest = read_head(connection)
            connection.settimeout(5)
            try:
                while len(rest) < 10:
                    rest += connection.recv(100)
            except TimeoutError:
                connection.sendall(b"HTTP/1.1 408 Late\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        origin = self.origin(serve)
        self.proxy()
        start = b"POST http://example.com:%d/ HTTP/1.1\r\nContent-Length: 10\r\n\r\n" % origin.port
        self.assertEqual(self.ask(start + b"0123456789")[0], 200)
        self.assertEqual(self.ask(start + b"01234")[0], 408)


if __name__ == "__main__":
    proxy_lab.main()
