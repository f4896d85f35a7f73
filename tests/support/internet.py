"""An internet of the test's own: a network namespace in which public addresses are at home, with
servers on them, and a name server that remembers what it was asked.

The addresses belong to no interface (they are local routes), because ambit treats those of the
host's own interfaces as the host itself.
"""
import atexit
import http.server
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading

import totals

EXAMPLE, EXAMPLE6 = "93.184.216.34", "2606:2800:220:1::1"
EVIL = "93.184.216.66"
LAN = "10.0.0.5"
NAMES = {"example.com": EXAMPLE, "api.allowed.test": EXAMPLE, "evil.test": EVIL,
         "denied.test": EVIL, "lan.allowed.test": LAN, "loop.allowed.test": "127.0.0.1"}
MARK = "AMBIT_INTERNET"


def enter():
    """Starts this program again in namespaces of its own, unless it runs in them. Returns why not,
    or nothing."""
    if os.environ.get(MARK):
        return None
    for tool in ("unshare", "ip", "mount"):
        if not shutil.which(tool):
            return "'%s' is not installed" % tool
    options = ["--net", "--mount"]
    if os.geteuid() != 0:
        options += ["--user", "--map-root-user"]
    if subprocess.run(["unshare", *options, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        return "namespaces cannot be made here"
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])


def main():
    """Runs the tests of the calling file in namespaces of their own, or says why it cannot."""
    reason = enter()
    if reason:
        print("SKIP %s: %s" % (os.path.splitext(os.path.basename(sys.argv[0]))[0], reason))
        sys.exit(0)
    totals.main()


class Names(threading.Thread):
    """A name server on 127.0.0.1:53."""

    def __init__(self):
        super().__init__(daemon=True)
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))

    def run(self):
        while True:
            query, sender = self.socket.recvfrom(4096)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
                at += 1 + query[at]
            kind = struct.unpack(">H", query[at + 1:at + 3])[0]
            name = ".".join(labels).lower()
            self.asked.append(name)
            address = NAMES.get(name)
            answers = b""
            if address and kind == 1:
                answers = b"\xc0\x0c\x00\x01\x00\x01\0\0\0\x05\0\x04" + socket.inet_aton(address)
            flags = 0x8180 if address else 0x8183
            head = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if answers else 0, 0, 0)
            self.socket.sendto(head + query[12:at + 5] + answers, sender)


PREFACE = "PRI * HTTP/2.0"
SEEN = []  # (address, path or PREFACE) of each request


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        SEEN.append((self.connection.getsockname()[0], self.path))
        text = ("host=%s at=%s\n" % (self.headers.get("Host"), self.connection.getsockname()[0])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 200  # with fewer, a crowd loses segments and waits for seconds to send them again


class Server6(Server):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND: a route is no address
        super().server_bind()


class Banner(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"SSH-2.0-here\r\n")
        try:
            self.request.recv(1000)
        except OSError:
            pass


class Http2(socketserver.BaseRequestHandler):
    """Notes whether a client begins as those of HTTP/2 do, such as gRPC, then ends."""

    def handle(self):
        if self.request.recv(1000).startswith(PREFACE.encode()):
            SEEN.append((self.request.getsockname()[0], PREFACE))


class Database(socketserver.BaseRequestHandler):
    """Refuses as PostgreSQL does: no TLS, then an error."""

    def handle(self):
        try:
            length = struct.unpack(">I", self.request.recv(4))[0]
            if length == 8:
                self.request.recv(4)
                self.request.sendall(b"N")
                self.request.recv(1000)
            fields = b"SFATAL\0C3D000\0Mthe database is here\0\0"
            self.request.sendall(b"E" + struct.pack(">I", len(fields) + 4) + fields)
        except (OSError, struct.error):
            pass


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, stdout=subprocess.DEVNULL)


def tls_server(context):
    """The class of servers that speak TLS by `context`, to which clients may turn their backs."""
    class TlsServer(Server):
        def get_request(self):
            connection, address = super().get_request()
            return context.wrap_socket(connection, server_side=True,
                                       do_handshake_on_connect=False), address

        def handle_error(self, request, client_address):
            pass
    return TlsServer


def serve(kind, address, port, handler):
    server = kind((address, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def start():
    """Makes the addresses and the servers; the name server."""
    ip("link", "set", "lo", "up")
    ip("route", "add", "local", "93.184.216.0/24", "dev", "lo")
    ip("route", "add", "local", "10.0.0.0/24", "dev", "lo")
    ip("route", "add", "224.0.0.0/4", "dev", "lo")
    ip("-6", "route", "add", "local", "2606:2800:220:1::/64", "dev", "lo")
    # Kept for as long as we run: nothing can be mounted on a file that is gone.
    folder = tempfile.mkdtemp(prefix="ambit-internet-")
    atexit.register(shutil.rmtree, folder, True)
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write("nameserver 127.0.0.1\noptions timeout:30\n")
    os.chmod(path, 0o644)
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)
    for address in (EXAMPLE, EVIL, LAN):
        serve(Server, address, 80, Answer)
    serve(Server, EXAMPLE, 22, Banner)
    for address in (EXAMPLE, EVIL):
        serve(Server, address, 5432, Database)
        serve(Server, address, 50051, Http2)
    serve(Server6, EXAMPLE6, 80, Answer)
    serve(Server, "127.0.0.1", 8080, Answer)
    serve(Server, "127.0.0.1", 5432, Answer)
    names = Names()
    names.start()
    return names
