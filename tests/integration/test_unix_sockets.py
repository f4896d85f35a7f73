"""Sockets of the host, one by one: exactly those that the profile names, by what they are."""
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

from sandbox import AMBIT, LIMIT, Sandbox, WithoutNamespaces, totals

PROFILE = """[permissions.p]
extends = ":workspace"
[permissions.p.filesystem.":workspace_roots"]
"**/*.env" = "deny"
[permissions.p.network]
enabled = true
%s
[permissions.p.network.unix_sockets]
%s
"""

# What a command tries with a socket; prints "ok" with what came back, or the error's name.
CLIENT = r"""
import array, errno, os, socket, sys
how, path = sys.argv[1:3]
def stream(kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_UNIX, kind)
    s.connect(path)
    return s
try:
    if how == "stream":
        s = stream(); s.sendall(b"ping"); print("ok", s.recv(100).decode())
    elif how == "seqpacket":
        s = stream(socket.SOCK_SEQPACKET); s.send(b"ping"); print("ok", s.recv(100).decode())
    elif how == "get":
        s = stream(); s.sendall(b"GET /_ping HTTP/1.0\r\n\r\n"); print("ok", s.recv(1000).decode().split()[-1])
    elif how == "sendto":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendto(b"by sendto", path); print("ok")
    elif how == "sendmsg":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendmsg([b"by ", b"sendmsg"], [], 0, path); print("ok")
    elif how == "connected":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(path); s.send(b"connected"); print("ok")
    elif how == "elsewhere":  # connected to one, sent to another
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(path)
        s.sendmsg([b"elsewhere"], [], 0, sys.argv[3]); print("ok")
    elif how == "answered":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("me.sock")
        s.sendto(b"answer", path); print("ok", s.recv(100).decode())
    elif how == "pass":
        s = stream(); fd = os.open("handed", os.O_RDONLY)
        s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        print("ok", s.recv(100).decode())
    elif how == "pass-datagram":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); fd = os.open("handed", os.O_RDONLY)
        s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))], 0, path)
        print("ok")
    elif how == "inherited":
        s = socket.socket(fileno=int(sys.argv[3])); s.sendmsg([b"inherited"], [], 0, path); print("ok")
    elif how == "big":
        s = stream(); s.sendmsg([b"b" * 1000] * 500)
        print("ok")
except OSError as e:
    print(errno.errorcode[e.errno])
"""


def peer(kind, connection):
    """The answer of a server to one connection."""
    data, handed, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
    if handed:
        fd = int.from_bytes(handed[0][2], sys.byteorder)
        with os.fdopen(fd) as f:
            connection.sendall(b"handed " + f.read().encode())
    elif data.startswith(b"GET "):
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nOK")
    else:
        connection.sendall(data + b" of " + kind)


class UnixSockets(Sandbox):
    engine = "native"

    def setUp(self):
        super().setUp()
        # Outside of every writable place, and short enough for the address of a socket.
        folder = tempfile.TemporaryDirectory(prefix="ambit-us-", dir="/var/tmp")
        self.addCleanup(folder.cleanup)
        self.run_dir = folder.name

    def allow(self, *paths, more="", rules=""):
        lines = "".join("%s = \"allow\"\n" % json.dumps(path) for path in paths)
        self.configure(PROFILE % (more, lines + rules))

    def path(self, name):
        return os.path.join(self.run_dir, name)

    def serve(self, path, kind=socket.SOCK_STREAM, word=b"server"):
        """A server that answers every connection; returns it."""
        server = socket.socket(socket.AF_UNIX, kind)
        server.bind(path)
        server.listen(16)
        self.addCleanup(server.close)

        def loop():
            with contextlib.suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    with connection, contextlib.suppress(OSError):
                        peer(word, connection)
        threading.Thread(target=loop, daemon=True).start()
        return server

    def receive(self, path):
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.bind(path)
        receiver.setblocking(False)
        self.addCleanup(receiver.close)
        return receiver

    def ask(self, how, *arguments, options=(), **kwargs):
        done = self.run_in(sys.executable, "-c", CLIENT, how, *map(str, arguments),
                           options=["--engine", self.engine, "--quiet", *options], **kwargs)
        self.assert_status(done, 0)
        return done.stdout.strip()

    def assert_empty(self, receiver):
        self.assertRaises(BlockingIOError, receiver.recv, 1000)

    def test_exactly_the_named_one(self):
        """A daemon's socket works by its path; the one beside it does not."""
        named, sibling = self.path("docker.sock"), self.path("other.sock")
        self.serve(named)
        self.serve(sibling)
        self.allow(rules='%s = { access = "allow", acknowledge_risk = true }\n' % json.dumps(named))
        self.assertEqual(self.ask("get", named), "ok OK")
        self.assertEqual(self.ask("get", sibling), "EACCES")

    def test_risk_has_to_be_acknowledged(self):
        named = self.path("docker.sock")
        self.serve(named)
        self.allow(named)
        done = self.run_in("true")
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"\Aambit: error: .*config\.toml:\d+:\d+: '.*docker\.sock' gives "
                                      r"control of the host [^\n]*acknowledge_risk = true[^\n]*\n\Z")
        self.allow(rules='%s = { access = "allow", acknowledge_risk = true }\n' % json.dumps(named))
        done = self.run_in("true")
        self.assert_status(done, 0)
        self.assertRegex(done.stderr, r"\Aambit: warning: [^\n]*gives the command control of the host")

    def test_kinds(self):
        self.serve(self.path("stream"))
        self.serve(self.path("packets"), socket.SOCK_SEQPACKET)
        self.allow(self.path("stream"), self.path("packets"))
        self.assertEqual(self.ask("stream", self.path("stream")), "ok ping of server")
        self.assertEqual(self.ask("seqpacket", self.path("packets")), "ok ping of server")

    def test_links(self):
        """A link means what it leads to: in the profile as it was at the start, and in the command."""
        self.serve(self.path("real"))
        self.serve(self.path("denied"))
        os.symlink("real", self.path("name"))
        os.symlink(self.path("real"), os.path.join(self.work, "to-real"))
        os.symlink(self.path("denied"), os.path.join(self.work, "to-denied"))
        self.allow(self.path("name"))
        self.assertEqual(self.ask("stream", self.path("name")), "ok ping of server")
        self.assertEqual(self.ask("stream", self.path("real")), "ok ping of server")
        self.assertEqual(self.ask("stream", "to-real"), "ok ping of server")
        self.assertEqual(self.ask("stream", "to-denied"), "EACCES")

    def test_replaced_after_the_start(self):
        """What takes the name of an allowed socket later is another socket."""
        named = self.path("daemon")
        first = self.serve(named, word=b"first")
        self.allow(named)
        script = ("import os, subprocess, sys\n"
                  "def ask(): return subprocess.run([sys.executable, '-c', os.environ['CLIENT'], 'stream', %r],"
                  " stdout=subprocess.PIPE, text=True).stdout\n"
                  "print(ask(), end='', flush=True); sys.stdin.readline(); print(ask(), end='')" % named)
        process = subprocess.Popen(
            self.argv([sys.executable, "-c", script], options=["--engine", self.engine, "--quiet"]),
            cwd=self.work, env=self.environment({"CLIENT": CLIENT}), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.started.append(process)
        self.assertEqual(process.stdout.readline(), "ok ping of first\n")
        os.unlink(named)
        first.close()
        self.serve(named, word=b"second")
        out, err = process.communicate("go\n", timeout=LIMIT)
        self.assertEqual(out, "EACCES\n", err)
        self.assertEqual(self.ask("stream", named), "ok ping of second")

    def test_datagrams(self):
        allowed, denied = self.receive(self.path("log")), self.receive(self.path("other"))
        self.allow(self.path("log"))
        for how, content in (("sendto", b"by sendto"), ("sendmsg", b"by sendmsg"),
                             ("connected", b"connected")):
            with self.subTest(how):
                self.assertEqual(self.ask(how, self.path("log")), "ok")
                self.assertEqual(allowed.recv(100), content)
                self.assertEqual(self.ask(how, self.path("other")), "EACCES")
                self.assert_empty(denied)
        self.assertEqual(self.ask("elsewhere", self.path("log"), self.path("other")), "EACCES")
        self.assert_empty(denied)

    def test_answers_to_datagrams(self):
        server = self.receive(self.path("log"))
        server.setblocking(True)
        server.settimeout(LIMIT)
        self.allow(self.path("log"))

        def answer():
            with contextlib.suppress(OSError):
                data, address = server.recvfrom(100)
                server.sendto(data + b"ed", os.path.join(self.work, os.path.basename(address)))
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        self.assertEqual(self.ask("answered", self.path("log")), "ok answered")
        thread.join(LIMIT)

    def test_datagrams_stay_closed_for_streams(self):
        """Where no allowed socket takes datagrams, no datagram socket is made."""
        self.serve(self.path("stream"))
        receiver = self.receive(self.path("log"))
        self.allow(self.path("stream"))
        self.assertEqual(self.ask("sendto", self.path("log")), "EPERM")
        self.assert_empty(receiver)

    def test_descriptors_go_along(self):
        self.put("work/handed", "content")
        self.serve(self.path("stream"))
        log = self.receive(self.path("log"))
        self.allow(self.path("stream"))
        self.assertEqual(self.ask("pass", self.path("stream")), "ok handed content")
        self.allow(self.path("stream"), self.path("log"))  # now the broker sends
        self.assertEqual(self.ask("pass", self.path("stream")), "ok handed content")
        self.assertEqual(self.ask("pass-datagram", self.path("log")), "ok")
        data, handed, _, _ = log.recvmsg(10, socket.CMSG_SPACE(4))
        with os.fdopen(int.from_bytes(handed[0][2], sys.byteorder)) as f:
            self.assertEqual((data, f.read()), (b"x", "content"))

    def test_messages_that_have_to_wait(self):
        """A message that the other end has no room for yet waits, and nobody else with it."""
        self.receive(self.path("log"))  # what makes the broker send
        self.allow(self.path("log"))
        script = ("import os, socket\n"
                  "a, b = socket.socketpair()\n"
                  "if os.fork() == 0:\n"
                  "    left = 5000000\n"
                  "    while left: left -= a.sendmsg([b'x' * min(left, 100000)])\n"
                  "    os._exit(0)\n"
                  "a.close(); got = 0\n"
                  "while True:\n"
                  "    data = b.recv(1 << 16)\n"
                  "    if not data: break\n"
                  "    got += len(data)\n"
                  "print(got)")
        done = self.run_in(sys.executable, "-c", script, options=["--engine", self.engine])
        self.assertEqual(done.stdout, "5000000\n", done.stderr)

    def test_full_queue_of_a_listener(self):
        """Connections that a listener has no room for yet wait for it."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(self.path("slow"))
        server.listen(0)
        self.addCleanup(server.close)
        self.allow(self.path("slow"))
        script = ("import os, socket, sys\n"
                  "for i in range(6):\n"
                  "    if os.fork() == 0:\n"
                  "        s = socket.socket(socket.AF_UNIX); s.connect(%r); s.sendall(b'x')\n"
                  "        os._exit(0)\n"
                  "print('started', flush=True)\n"
                  "print(sum(os.waitstatus_to_exitcode(os.wait()[1]) for i in range(6)))"
                  % self.path("slow"))
        process = self.start(sys.executable, "-c", script, options=["--engine", self.engine])
        self.assertEqual(process.stdout.readline(), "started\n")
        kept = [server.accept()[0] for _ in range(6)]
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(out, "0\n", err)
        for one in kept:
            self.assertEqual(one.recv(1), b"x")
            one.close()

    def test_deny_beats_allow_all(self):
        self.serve(self.path("open"))
        self.serve(self.path("closed"))
        os.mkdir(self.path("dir"))
        self.serve(self.path("dir/closed"))
        log = self.receive(self.path("closed-log"))
        os.link(self.path("closed"), self.path("second-name"))
        self.allow(more="dangerously_allow_all_unix_sockets = true",
                   rules="".join("%s = \"deny\"\n" % json.dumps(self.path(name))
                                 for name in ("closed", "dir", "closed-log")))
        self.assertEqual(self.ask("stream", self.path("open")), "ok ping of server")
        for name in ("closed", "second-name", "dir/closed"):
            self.assertEqual(self.ask("stream", self.path(name)), "EACCES", name)
        self.assertEqual(self.ask("sendmsg", self.path("closed-log")), "EACCES")
        self.assert_empty(log)

    def test_file_rules_close_sockets(self):
        self.serve(os.path.join(self.work, "x.env"))
        self.serve(os.path.join(self.work, "x.sock"))
        self.allow(more="dangerously_allow_all_unix_sockets = true")
        self.assertEqual(self.ask("stream", "x.sock"), "ok ping of server")
        self.assertIn(self.ask("stream", "x.env"), ("EACCES", "ECONNREFUSED"))

    def test_workspace(self):
        """With the network on and no socket named, the project's own sockets are open."""
        self.serve(os.path.join(self.work, "x.sock"))
        self.serve(os.path.join(self.work, "docker.sock"))
        self.serve(self.path("outside"))
        self.configure("[permissions.p]\nextends = \":workspace\"\n"
                       "[permissions.p.network]\nenabled = true\n")
        self.assertEqual(self.ask("stream", "x.sock"), "ok ping of server")
        self.assertEqual(self.ask("stream", "docker.sock"), "EACCES")
        self.assertEqual(self.ask("stream", self.path("outside")), "EACCES")
        self.allow(self.path("outside"))
        self.assertEqual(self.ask("stream", "x.sock"), "EACCES")
        self.assertEqual(self.ask("stream", self.path("outside")), "ok ping of server")

    def test_network_off(self):
        self.serve(self.path("stream"))
        self.configure((PROFILE % ("", json.dumps(self.path("stream")) + " = \"allow\"\n"))
                       .replace("enabled = true", "enabled = false"))
        done = self.run_in("true")
        self.assertRegex(done.stderr, r"\Aambit: warning: [^\n]*no effect while the network is off")
        self.assertEqual(self.ask("stream", self.path("stream")), "EACCES")

    def test_passed_datagram_socket(self):
        """A descriptor that the caller hands over cannot be used to send elsewhere."""
        receiver = self.receive(self.path("log"))
        handed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(handed.close)
        os.set_inheritable(handed.fileno(), True)
        self.configure("[permissions.p]\nextends = \":workspace\"\n")
        out = self.ask("inherited", self.path("log"), handed.fileno(),
                       options=["--pass-fd", str(handed.fileno())], pass_fds=[handed.fileno()])
        self.assertEqual(out, "EACCES")
        self.assert_empty(receiver)

    def test_events(self):
        self.serve(self.path("stream"))
        self.serve(self.path("other"))
        self.allow(self.path("stream"), rules="%s = \"deny\"\n" % json.dumps(self.path("other")))
        events = os.path.join(self.top, "events")
        self.assertEqual(self.ask("stream", self.path("other"), options=["--events", events]), "EACCES")
        with open(events, encoding="utf-8") as f:
            denied = [json.loads(line) for line in f]
        denied = [event for event in denied if event["type"] == "denied"]
        self.assertEqual(len(denied), 1, denied)
        event = denied[0]
        self.assertEqual((event["layer"], event["operation"], event["object"]),
                         ("unix_socket", "connect", self.path("other")))
        self.assertRegex(event["rule"], r"config\.toml:\d+$")
        self.assertFalse(event["retry_helps"])

    def test_grant_of_an_event_grants(self):
        self.serve(self.path("stream"))
        self.serve(self.path("wanted"))
        self.allow(self.path("stream"))
        events = os.path.join(self.top, "events")
        self.assertEqual(self.ask("stream", self.path("wanted"), options=["--events", events]), "EACCES")
        with open(events, encoding="utf-8") as f:
            grant = [json.loads(line).get("grant") for line in f if '"denied"' in line][0]
        self.assertIn(json.dumps(self.path("wanted")) + " = \"allow\"", grant)
        self.allow(self.path("stream"), rules=grant.split("\n", 1)[1])
        self.assertEqual(self.ask("stream", self.path("wanted")), "ok ping of server")

    def explain(self, *arguments):
        return self.run_argv([AMBIT, "explain", "--config-home", self.config, "-P", "p", *arguments])

    def test_explain(self):
        self.serve(self.path("stream"))
        self.serve(self.path("other"))
        self.allow(self.path("stream"))
        done = self.explain("--unix", self.path("stream"))
        self.assert_status(done, 0)
        self.assertRegex(done.stdout, r"\Aallow +unix +%s\n +decided by +'[^\n]*config\.toml:\d+" %
                         self.path("stream"))
        done = self.explain("--json", "--unix", self.path("other"))
        self.assert_status(done, 1)
        answer = json.loads(done.stdout)["answers"][0]
        self.assertEqual((answer["allowed"], answer["reason"]), (False, "not_allowed"))
        self.assertIn(json.dumps(self.path("other")) + " = \"allow\"", answer["change"]["toml"])

    def test_tests_of_a_profile(self):
        self.serve(self.path("stream"))
        test = "[[permissions.p.tests]]\nexpect = \"%s\"\nunix = %s\n"
        self.allow(self.path("stream"), rules=test % ("allow", json.dumps(self.path("stream"))))
        argv = [AMBIT, "check", "--config-home", self.config, "-P", "p"]
        done = self.run_argv(argv)
        self.assert_status(done, 0)
        self.allow(self.path("stream"), rules=test % ("deny", json.dumps(self.path("stream"))))
        done = self.run_argv(argv)
        self.assert_status(done, 1)
        self.assertIn("to be denied, but it is allowed", done.stdout)


class OwnSockets(Sandbox):
    """What the command's processes make themselves they may use, with the network off too."""
    engine = "native"

    def test_talks_to_itself(self):
        script = ("import os, socket\n"
                  "for name in ('s', 'dir/s', os.path.abspath('t')):\n"
                  "    os.makedirs('dir', exist_ok=True)\n"
                  "    a = socket.socket(socket.AF_UNIX); a.bind(name); a.listen()\n"
                  "    b = socket.socket(socket.AF_UNIX); b.connect(name); b.sendall(b'x')\n"
                  "    c = a.accept()[0]; assert c.recv(1) == b'x'\n"
                  "    assert a.getsockname() == b.getpeername() == name, a.getsockname()\n"
                  "print('ok')")
        done = self.run_in(sys.executable, "-c", script, options=["--engine", self.engine])
        self.assertEqual(done.stdout, "ok\n", done.stderr)

    def test_pool_of_processes(self):
        self.put("work/pool.py", "import multiprocessing\n"
                 "def square(x): return x * x\n"
                 "if __name__ == '__main__':\n"
                 "    multiprocessing.set_start_method('forkserver')\n"
                 "    with multiprocessing.Pool(2) as pool: print(pool.map(square, range(4)))\n")
        done = self.run_in(sys.executable, "pool.py", options=["--engine", self.engine])
        self.assertEqual(done.stdout, "[0, 1, 4, 9]\n", done.stderr)

    def test_name_of_an_own_socket_taken_by_another(self):
        """Only the very file counts that the command made."""
        script = ("import os, socket, sys\n"
                  "a = socket.socket(socket.AF_UNIX); a.bind('s'); a.listen()\n"
                  "print('bound', flush=True); sys.stdin.readline()\n"
                  "b = socket.socket(socket.AF_UNIX)\n"
                  "try: b.connect('s'); print('connected')\n"
                  "except OSError as e: print(e.strerror)")
        process = self.start(sys.executable, "-c", script, stdin=subprocess.PIPE,
                             options=["--engine", self.engine])
        self.assertEqual(process.stdout.readline(), "bound\n", process.poll())
        path = os.path.join(self.work, "s")
        os.unlink(path)
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen()
        out, err = process.communicate("go\n", timeout=LIMIT)
        self.assertEqual(out, "Permission denied\n", err)

    def test_bind_is_a_change_like_others(self):
        script = ("import errno, socket\n"
                  "for name in ('x.env', '.codex', '../outside/s'):\n"
                  "    try: socket.socket(socket.AF_UNIX).bind(name); print('bound')\n"
                  "    except OSError as e: print(errno.errorcode[e.errno])")
        before = self.snapshot()
        control = self.plain(sys.executable, "-c", script)
        self.assertEqual(control.stdout, "bound\n" * 3)
        for name in ("work/x.env", "work/.codex", "outside/s"):
            os.unlink(os.path.join(self.top, name))
        inside = self.run_in(sys.executable, "-c", script, options=["--engine", self.engine])
        self.assertRegex(inside.stdout, r"\A((EACCES|EROFS|EPERM)\n){3}\Z", inside.stderr)
        self.assertEqual(self.snapshot(), before)


class LandlockUnixSockets(WithoutNamespaces, UnixSockets):
    pass


class LandlockOwnSockets(WithoutNamespaces, OwnSockets):
    test_pool_of_processes = None  # its semaphores lie in /dev/shm, which is the host's here


if __name__ == "__main__":
    totals.main()
