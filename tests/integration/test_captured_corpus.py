"""The corpus of network decisions, put to the proxy by programs that know nothing of it: the command
looks a name up and connects, in a real sandbox, and each case has to end as `ambit explain` says.

Here every address of the world leads to this machine, with a server on each port that the corpus
names. Who is let through hears from it; who is refused hears nothing.
"""
import ipaddress
import json
import os
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest

import proxy_lab
from proxy_lab import AMBIT, HERE, LIMIT, Lab, catalogue
from test_proxy_corpus import CORPUS, PLAIN

sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import host  # noqa: E402

if __name__ == "__main__":
    proxy_lab.enter()

rows = catalogue.rows
GREETING = b"reached\n"
# Reads [host, port] for each case, and writes what came of it.
CLIENT = """
import concurrent.futures, json, socket, sys
def ask(place):
    name, port = place
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        return "no address"
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as s:
                s.settimeout(100)
                s.connect(address)
                said = s.recv(64)
        except OSError as e:
            said = b""
        if said == %r:
            return "allow"
    return "deny"
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    print(json.dumps(list(pool.map(ask, json.load(sys.stdin)))))
""" % GREETING


def address_given(name):
    """What a program makes of a host without asking a name server; None when it asks one."""
    if name.lower().rstrip(".") == "localhost" or name.lower().endswith(".localhost"):
        return ipaddress.ip_address("127.0.0.1")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        try:
            return ipaddress.ip_address(socket.inet_aton(name))
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address


class Greet(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.request.sendall(GREETING)
            self.request.recv(1)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class Captured(Lab):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reason = host.why_no_sandbox()
        if reason:
            raise unittest.SkipTest(reason)

    def serve(self, port):
        server = Server(("::", port), Greet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def write_profile(self, allow, deny, local):
        home = tempfile.mkdtemp(dir=self.top)
        domains = {name: "allow" for name in allow}
        domains.update({name: "deny" for name in deny})
        text = ("[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\nenabled = true\n"
                "allow_local_binding = %s\n[permissions.p.network.domains]\n" % str(local).lower())
        text += "".join("%s = '%s'\n" % (json.dumps(n, ensure_ascii=False), w)
                        for n, w in domains.items())
        with open(os.path.join(home, "config.toml"), "w", encoding="utf-8") as f:
            f.write(text)
        return home

    def ambit(self, home, word, *arguments, **kwargs):
        return subprocess.run(
            [AMBIT, word, "--config-home", home, "-P", "p", "--quiet", *arguments], text=True,
            capture_output=True, cwd=home, timeout=2 * LIMIT,
            env={"PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"}, **kwargs)

    def run_client(self, home, asked):
        """What came of each case; None when the profile is refused."""
        places = [[case["request"]["host"].strip("[]"), int(case["request"]["port"])]
                  for case in asked]
        done = self.ambit(home, "run", "--", sys.executable, "-c", CLIENT, input=json.dumps(places))
        if done.returncode == 125:
            self.assertEqual(done.stdout, "")
            return None
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def may_be_reached(self, home, allow, case):
        """What the case comes to for who only has what connect(2) is given."""
        name, port = case["request"]["host"].strip("[]"), case["request"]["port"]
        wanted = (case.get("recommend") or case["expect"]) == "allow"
        address = address_given(name)
        if address is None:
            # A name without addresses may be asked for, and leads nowhere.
            return wanted and bool(case.get("lab_dns"))
        if address.is_loopback or address.is_unspecified:
            # The sandbox's own loopback comes first, and a rule for every host is not about it.
            if allow == ("*",):
                return False
            named = {str(address), "localhost"} | ({"::1"} if "localhost" in name.lower() else set())
            return any(self.is_allowed(home, each, port) for each in named)
        return wanted if str(address) == name else self.is_allowed(home, address, port)

    def is_allowed(self, home, place, port):
        place = "[%s]" % place if ":" in str(place) else place
        status = self.ambit(home, "explain", "--connect", "%s:%s" % (place, port), "--resolves",
                            "none").returncode
        self.assertIn(status, (0, 1))
        return status == 0

    @rows("N-1")
    def test_every_case(self):
        proxy_lab._ip("route", "add", "local", "0.0.0.0/0", "dev", "lo")
        proxy_lab._ip("-6", "route", "add", "local", "::/0", "dev", "lo")
        with open(CORPUS, encoding="utf-8") as f:
            cases = [case for case in json.load(f) if PLAIN.match(case["request"]["host"])]
        for port in sorted({int(case["request"]["port"]) for case in cases}):
            self.serve(port)
        profiles = {}
        for case in cases:
            key = (tuple(case["allow"]), tuple(case["deny"]), case["allow_local_binding"])
            profiles.setdefault(key, []).append(case)
        wrong, reached, others = [], 0, 0
        for (allow, deny, local), asked in profiles.items():
            # One name is of a server that takes too long.
            self.names.answers = {
                case["request"]["host"].lower().rstrip("."):
                None if case["request"]["host"] == "slow.test" else case.get("lab_dns") or []
                for case in asked}
            home = self.write_profile(allow, deny, local)
            came = self.run_client(home, asked) or ["refused"] * len(asked)
            for case, got in zip(asked, came):
                expect = case.get("recommend") or case["expect"]
                want = expect == "allow"
                if (got == "allow") != want and got != "refused":
                    others += 1
                    want = self.may_be_reached(home, allow, case)
                reached += got == "allow"
                if (got == "allow") != want:
                    wrong.append("allow=%s deny=%s local=%s %s: %s, wanted %s" % (
                        allow, deny, local, case["request"], got, expect))
        self.assertEqual(wrong, [], "%d of %d:\n%s" % (len(wrong), len(cases), "\n".join(wrong)))
        self.assertGreater(reached, 150)
        self.assertLess(others, 80)


if __name__ == "__main__":
    proxy_lab.main()
