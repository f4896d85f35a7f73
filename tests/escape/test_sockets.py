"""Sockets, and what processes of one machine share."""
import os
import re
import socket
import tempfile

from escape import KERNEL, PROBE, Escape, in_both_modes, table
from sandbox import ENGINE, unique_number
import totals
from rows import rows


class Sockets(Escape):
    def listen(self, family, kind, address):
        server = socket.socket(family, kind)
        self.addCleanup(server.close)
        server.bind(address)
        if kind == socket.SOCK_STREAM:
            server.listen(8)
        return server

    def refused(self, program, *attack):
        with self.subTest(attack):
            self.blocked(*attack, program=program, prepare=lambda: None)

    def services(self, folder):
        """A stream and a datagram socket in `folder`, and the attempts to reach them."""
        stream, datagram = os.path.join(folder, "s"), os.path.join(folder, "d")
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, stream)
        receiver = self.listen(socket.AF_UNIX, socket.SOCK_DGRAM, datagram)
        receiver.setblocking(False)
        self.refused(PROBE, "connect-unix", stream)
        for program, attack in ((PROBE, "send-unix"), (PROBE, "send-unix-pair"),
                                (KERNEL, "send-descriptor")):
            self.refused(program, attack, datagram)
            self.assertEqual(receiver.recv(10), b"x")  # from the control run, and no second one
            self.assertRaises(BlockingIOError, receiver.recv, 10)
        self.refused(KERNEL, "connect-pair", datagram)

    @rows("E50", "E50c", "E52")
    def test_socket_files(self):
        """An agent's, a bus's and a journal's socket are like these."""
        self.services(self.outside)

    @rows("E50", "E50c")
    def test_socket_files_in_the_workspace(self):
        self.services(self.work)

    @rows("E51")
    def test_socket_files_in_tmp(self):
        with tempfile.TemporaryDirectory(prefix="ambit-it-", dir="/tmp") as folder:
            self.services(folder)

    @rows("E52")
    def test_sockets_of_services(self):
        found = [path for path in ("/run/dbus/system_bus_socket", "/run/systemd/notify", "/dev/log",
                                   "/run/systemd/journal/socket", "/var/run/docker.sock",
                                   "/tmp/.X11-unix/X0", "/run/user/%d/bus" % os.getuid(),
                                   "/run/user/%d/wayland-0" % os.getuid())
                 if self.plain(PROBE, "connect-unix", path).returncode == 0]
        if not found:
            self.skipTest("this host runs none of the usual services")
        for path in found:
            self.refused(PROBE, "connect-unix", path)

    @rows("E49")
    def test_abstract_sockets(self):
        name = "ambit-it-" + unique_number()
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + name)
        self.listen(socket.AF_UNIX, socket.SOCK_DGRAM, "\0" + name + "-d")
        self.refused(PROBE, "connect-unix", "@" + name)
        self.refused(PROBE, "send-unix", "@" + name + "-d")
        self.refused(PROBE, "send-unix-pair", "@" + name + "-d")

    @rows("E54b")
    def test_listener_of_the_host(self):
        server = self.listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        port = server.getsockname()[1]
        self.refused(PROBE, "connect-inet", port)
        self.refused(KERNEL, "send-fast", port)

    @rows("E48")
    def test_shared_memory(self):
        made = self.plain(KERNEL, "make-shared").stdout
        number = re.match(r"id (\d+)", made).group(1)
        self.addCleanup(self.plain, KERNEL, "remove-shared", number)
        self.refused(KERNEL, "read-shared", number)

    @rows("E48")
    def test_message_queues(self):
        key = str(int(unique_number()) % (1 << 31))
        self.assert_status(self.plain(KERNEL, "make-messages", key), 0)
        self.addCleanup(self.plain, KERNEL, "remove-messages", key)
        self.refused(KERNEL, "open-messages", key)

    @rows("E48")
    def test_posix_queues(self):
        name = "/ambit-it-" + unique_number()
        made = self.plain(KERNEL, "make-queue", name)
        if made.returncode != 0:
            self.skipTest("no POSIX queue here: " + made.stdout.strip())
        self.addCleanup(self.plain, KERNEL, "remove-queue", name)
        self.refused(KERNEL, "open-queue", name)

    @rows("E48")
    def test_shared_memory_files(self):
        name = "/dev/shm/ambit-it-s-" + unique_number()
        with open(name, "w", encoding="utf-8") as f:
            f.write("made-up")
        self.addCleanup(os.unlink, name)
        self.refused(PROBE, "read", name)
        if ENGINE != "landlock":  # which tells names, there as everywhere
            self.assertNotIn(os.path.basename(name), self.run_in("ls", "/dev/shm").stdout)


table(Sockets, PROBE, [("E54", "socket", kind) for kind in (
    "inet", "inet-udp", "inet6", "inet6-udp", "raw", "netlink", "packet", "vsock", "kernel-crypto")])
# Family, type and protocol: Bluetooth, express data path, CAN, key management, RDS, TIPC, NFC,
# multi-path TCP, netlink for the device events.
table(Sockets, KERNEL, [("E54", "socket-of", *map(str, numbers)) for numbers in (
    (31, 3, 1), (44, 3, 0), (29, 3, 1), (15, 3, 2), (21, 5, 0), (30, 5, 0), (39, 5, 0),
    (2, 1, 262), (16, 3, 15), (1, 2, 0))])

in_both_modes(globals(), Sockets)


if __name__ == "__main__":
    totals.main()
