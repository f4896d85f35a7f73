"""With the network off there is no way out: no internet socket, no socket of the host."""
import os
import socket

from sandbox import Sandbox, totals, unique_number


class Network(Sandbox):
    def listen(self, family, kind, address):
        server = socket.socket(family, kind)
        self.addCleanup(server.close)
        server.bind(address)
        if kind == socket.SOCK_STREAM:
            server.listen(8)
        return server

    def test_kinds_of_socket(self):
        for kind in ("inet", "inet-udp", "inet6", "inet6-udp", "raw", "netlink", "packet", "vsock",
                     "kernel-crypto"):
            with self.subTest(kind):
                self.attempt("socket", kind)

    def test_listener_of_the_host_is_not_reached(self):
        server = self.listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.attempt("connect-inet", server.getsockname()[1])

    def test_socket_file_in_the_workspace(self):
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, os.path.join(self.work, "s"))
        self.attempt("connect-unix", "s")

    def test_socket_file_outside(self):
        path = os.path.join(self.outside, "s")
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, path)
        self.attempt("connect-unix", path)

    def test_abstract_socket(self):
        name = "ambit-it-" + unique_number()
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + name)
        self.attempt("connect-unix", "@" + name)

    def test_datagram_socket(self):
        self.listen(socket.AF_UNIX, socket.SOCK_DGRAM, os.path.join(self.outside, "d"))
        for attack in ("send-unix", "send-unix-pair"):
            with self.subTest(attack):
                self.attempt(attack, os.path.join(self.outside, "d"))

    def test_abstract_datagram_socket(self):
        name = "ambit-it-d-" + unique_number()
        self.listen(socket.AF_UNIX, socket.SOCK_DGRAM, "\0" + name)
        for attack in ("send-unix", "send-unix-pair"):
            with self.subTest(attack):
                self.attempt(attack, "@" + name)

    def test_only_loopback_is_there(self):
        self.assertIn("lo:", self.plain("cat", "/proc/net/dev").stdout)
        done = self.run_in("cat", "/proc/net/dev")
        interfaces = [line.split(":")[0].strip() for line in done.stdout.splitlines()[2:]]
        self.assertIn(interfaces, ([], ["lo"]))

    def test_processes_may_talk_among_themselves(self):
        self.attempt("stream-pair", allowed=True)


if __name__ == "__main__":
    totals.main()
