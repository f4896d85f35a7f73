"""The corpus of network decisions, put to the running proxy over every protocol: each one has to
give the answer that `ambit explain` gives, with names resolved as the case says."""
import ipaddress
import json
import os
import re

import proxy_lab
from proxy_lab import HERE, Lab, catalogue

rows = catalogue.rows

if __name__ == "__main__":
    proxy_lab.enter()

PLAIN = re.compile(r"[A-Za-z0-9._-]+$|\[[0-9A-Fa-f:.]+\]$")
CORPUS = os.path.join(os.path.dirname(HERE), "conformance", "net", "domains.json")


def is_address(host, version):
    try:
        return ipaddress.ip_address(host).version == version
    except ValueError:
        return False


class Corpus(Lab):
    def by_http(self, host, port):
        place = "%s:%d" % (host, port)
        status = self.get("http://%s/" % place, "Host: %s\r\n" % place)[0]
        return {403: "deny", 400: "deny", 200: "allow", 502: "allow", 504: "allow"}.get(status, status)

    def by_connect(self, host, port):
        status = self.tunnel("%s:%d" % (host, port))[0]
        return {403: "deny", 400: "deny", 200: "allow", 502: "allow", 504: "allow"}.get(status, status)

    def by_socks(self, host, port):
        bare = host.strip("[]")
        if host.startswith("[") and is_address(bare, 6):
            reply = self.socks_request(bare, port, 4)[0]
        elif len(host) > 255:
            return "deny"  # no SOCKS5 message can say it
        else:
            reply = self.socks_request(host, port)[0]
        return {None: "deny", 2: "deny", 0: "allow", 3: "allow", 4: "allow",
                5: "allow", 6: "allow"}.get(reply, reply)

    @rows("N-1")
    def test_every_case(self):
        with open(CORPUS, encoding="utf-8") as f:
            cases = json.load(f)
        profiles = {}
        for case in cases:
            key = (tuple(case["allow"]), tuple(case["deny"]), case["allow_local_binding"])
            profiles.setdefault(key, []).append(case)
        wrong, tried = [], 0
        for (allow, deny, local), asked in profiles.items():
            process = self.proxy(allow, deny, "allow_local_binding = %s" % str(local).lower())
            for case in asked:
                request = case["request"]
                host, port = request["host"], int(request["port"])
                if "atyp" in request and ":" in host:
                    host = "[%s]" % host
                expect = case.get("recommend") or case["expect"]
                want = {"deny", "refused"} if expect != "allow" else {"allow"}
                # One name is of a server that takes too long.
                answer = None if host == "slow.test" else case.get("lab_dns") or []
                self.names.answers = {host.lower().rstrip("."): answer}
                for name, ask in (("http", self.by_http), ("connect", self.by_connect),
                                  ("socks5", self.by_socks)):
                    # What one protocol can say in a host, another may not.
                    if not PLAIN.match(host) and name != request["scheme"]:
                        continue
                    tried += 1
                    try:
                        got = "refused" if self.complaint else ask(host, port)
                    except (UnicodeEncodeError, ValueError):
                        continue
                    self.hang_up()
                    if got not in want:
                        wrong.append("%s: allow=%s deny=%s local=%s %s:%d: %s, wanted %s" % (
                            name, allow, deny, local, host, port, got, expect))
            self.end(process)
        self.assertGreater(tried, 2500)
        self.assertEqual(wrong, [], "%d of %d:\n%s" % (len(wrong), tried, "\n".join(wrong[:40])))


if __name__ == "__main__":
    proxy_lab.main()
