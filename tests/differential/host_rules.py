#!/usr/bin/env python3
"""Random tables of host rules, and random questions about them, answered twice: by a model that is
written from docs/host-rules.md for this test alone, and by `ambit explain --connect`, which asks what
the proxy asks. The first answers that differ are printed with the profile.

Usage: host_rules.py [--tables N] [--seed S] [--first I]

The program is AMBIT_BIN. The table number I of a seed is always the same.
"""
import argparse
import collections
import ipaddress
import json
import os
import random
import re
import subprocess
import sys
import tempfile

AMBIT = os.path.abspath(os.environ.get("AMBIT_BIN", "build/dev/src/cli/ambit"))
QUESTIONS = 6  # for each table
LIMIT = 200  # seconds after which a program counts as hanging

LABELS = ("a", "b", "ab", "api", "ex", "example", "x1", "a-b", "_s")
ENDS = ("com", "test", "org", "internal")
PORTS = (80, 443, 8000, 8050)
PUBLIC = ("93.184.216.34", "93.184.216.3", "8.8.8.8", "8.8.4.4", "100.128.0.1", "2606:2800:220:1::1",
          "2a00::5")
PRIVATE = ("10.0.0.1", "127.0.0.1", "127.0.0.2", "169.254.169.254", "192.168.1.1", "100.64.0.1",
           "198.18.0.1", "192.88.99.1", "0.0.0.0", "172.16.0.9", "224.0.0.1", "::1", "fd00::1",
           "fe80::1", "64:ff9b:1::1", "2001:db8::1", "fec0::1", "ff02::1", "100::1", "3fff::1")
# IPv6 addresses that stand for the IPv4 one beside them: NAT64, 6to4, mapped.
STANDS_FOR = {"64:ff9b::7f00:1": "127.0.0.1", "64:ff9b::808:808": "8.8.8.8", "2002:a00:1::": "10.0.0.1",
              "2002:808:808::1": "8.8.8.8", "::ffff:10.0.0.1": "10.0.0.1", "::ffff:8.8.8.8": "8.8.8.8"}
ADDRESSES = PUBLIC + PRIVATE
RANGES = ("8.8.0.0/16", "93.184.216.32/28", "2606:2800::/32")
PRIVATE_RANGES = ("10.0.0.0/8", "127.0.0.0/8", "fd00::/8")
ADDRESS_GLOBS = ("8.8.*", "93.184.216.*", "*.8.8", "10.*", "8.8.?.4", "93.184.216.3?", "127.*")


def plain(address):
    return STANDS_FOR.get(address, address)


def is_local(address):
    return plain(address) not in PUBLIC


def is_localhost(name):
    return name == "localhost" or name.endswith(".localhost")


def matches(glob, text, any_run):
    """`any_run` is the regular expression of what a `*` stands for."""
    one = any_run.rstrip("*")
    parts = (any_run if c == "*" else one if c == "?" else re.escape(c) for c in glob)
    return re.fullmatch("".join(parts), text) is not None


class Rule:
    """A pattern of one side of the table, with what it covers."""

    def __init__(self, text, name=None, address=None, exact=False):
        self.text = text
        self.covers_name = name or (lambda host: False)
        self.covers_address = address or (lambda host: False)
        self.is_exact = exact  # names this one host
        self.ports = None  # (low, high)

    def fits_port(self, port, default_ports):
        if self.ports:
            return self.ports[0] <= port <= self.ports[1]
        return default_ports is None or port in default_ports


class Table:
    """Rules, settings and the answers that follow from them."""

    def __init__(self, rand):
        self.rand = rand
        self.allows = [self.rule(True) for _ in range(rand.randint(0, 4))]
        self.denies = [self.rule(False) for _ in range(rand.choice((0, 0, 1, 2)))]
        self.is_guarded = rand.random() < 0.7
        self.default_ports = rand.choice((None, None, [443], [80, 443]))

    def name(self):
        if self.rand.random() < 0.05:
            return self.rand.choice(("localhost", "a.localhost", "intranet"))
        labels = [self.rand.choice(LABELS) for _ in range(self.rand.randint(1, 4))]
        return ".".join(labels + [self.rand.choice(ENDS)])

    def rule(self, is_allow):
        makers = [self.named, self.named, self.below, self.at_or_below, self.glob, self.glob,
                  self.address, self.address, self.range, self.address_glob]
        if is_allow:
            makers.append(self.every)
        out = self.rand.choice(makers)(is_allow)
        if not is_allow:
            self.widen(out)
        elif "/" not in out.text and self.rand.random() < 0.3:
            low = self.rand.choice((80, 443, 8000))
            high = low + self.rand.choice((0, 0, 100))
            out.ports = (low, high)
            host = "[%s]" % out.text if ":" in out.text and "[" not in out.text else out.text
            out.text = "%s:%s" % (host, low if low == high else "%d-%d" % (low, high))
        if self.rand.random() < 0.2:
            out.text = "".join(self.rand.choice((c.upper(), c.lower())) for c in out.text)
        return out

    @staticmethod
    def widen(rule):
        """In a deny addresses count in every spelling, and loopback ones for each other."""
        name, address = rule.covers_name, rule.covers_address
        whole = name("localhost")
        loops = whole or any(address(each) for each in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::1"))
        same = {"127.0.0.1", "0.0.0.0", "::1"} | ({"127.0.0.2"} if whole else set())
        rule.covers_address = lambda host: (address(host) or address(plain(host)) or
                                            (loops and plain(host) in same))
        rule.covers_name = lambda host: name(host) or (loops and is_localhost(host))

    def named(self, _is_allow):
        wanted = self.name()
        return Rule(wanted + self.rand.choice(("", "", ".")), lambda host: host == wanted, exact=True)

    def below(self, _is_allow):
        domain = self.name()
        return Rule("*." + domain, lambda host: host.endswith("." + domain))

    def at_or_below(self, _is_allow):
        domain = self.name()
        return Rule("**." + domain, lambda host: host == domain or host.endswith("." + domain))

    def glob(self, is_allow):
        """One wildcard. In front `*` has a meaning of its own."""
        name = self.name()
        wildcard = self.rand.choice("*?")
        first = int(wildcard == "*")
        at = self.rand.choice((first, self.rand.randrange(first, len(name))))
        if "." in name[max(at - 1, 0):at + 2]:
            return self.named(is_allow)  # no label may end in '-' or be only a wildcard
        glob = name[:at] + wildcard + name[at + (wildcard == "?"):]
        any_run = "[^.]*" if is_allow else ".*"
        return Rule(glob, lambda host: matches(glob, host, any_run))

    def every(self, _is_allow):
        return Rule("*", lambda host: True, lambda host: True)

    def address(self, _is_allow):
        wanted = self.rand.choice(ADDRESSES)
        text = "[%s]" % wanted if ":" in wanted and self.rand.random() < 0.5 else wanted
        return Rule(text, None, lambda host: host == wanted, exact=True)

    def range(self, is_allow):
        network = ipaddress.ip_network(self.rand.choice(RANGES if is_allow else RANGES + PRIVATE_RANGES))
        return Rule(str(network), None, lambda host: ipaddress.ip_address(host) in network)

    def address_glob(self, is_allow):
        glob = self.rand.choice(ADDRESS_GLOBS)
        by_text = None if is_allow else lambda host: matches(glob, host, ".*")
        return Rule(glob, by_text, lambda host: ":" not in host and matches(glob, host, ".*"))

    def decide(self, host, is_address, port, found):
        """The reason; "allowed" is one. None: the page leaves it open."""
        def covers(rule):
            return rule.covers_address(host) if is_address else rule.covers_name(host)
        if any(map(covers, self.denies)):
            return "denied"
        fitting = [rule for rule in self.allows
                   if covers(rule) and rule.fits_port(port, self.default_ports)]
        if self.is_guarded and (is_local(host) if is_address else is_localhost(host)):
            return "allowed" if any(rule.is_exact for rule in fitting) else "not_allowed_local"
        if not fitting:
            return "not_allowed"
        if is_address:
            return "allowed"
        if is_localhost(host) or not (found or self.is_guarded):
            return None
        if not found:
            return "dns_failed"
        if self.is_guarded and any(map(is_local, found)):
            return "not_allowed_local"
        left = [each for each in found if not any(rule.covers_address(each) for rule in self.denies)]
        return "allowed" if left else "policy_denied"

    def toml(self):
        lines = ['[permissions.p]', 'extends = ":workspace"', "[permissions.p.network]", "enabled = true"]
        if not self.is_guarded:
            lines.append("allow_local_binding = true")
        if self.default_ports:
            lines.append("default_ports = %s" % self.default_ports)
        lines.append("[permissions.p.network.domains]")
        for rules, word in ((self.allows, "allow"), (self.denies, "deny")):
            lines += ['%s = "%s"' % (json.dumps(rule.text), word) for rule in rules]
        return "\n".join(lines) + "\n"

    def names_nothing_twice(self):
        texts = [rule.text.lower().strip("[].") for rule in self.allows + self.denies]
        return len(set(texts)) == len(texts)

    def question(self):
        """(host, whether it is an address, port, what a lookup finds)"""
        found = [self.rand.choice(PUBLIC)]
        if self.rand.random() < 0.4:
            found.append(self.rand.choice(ADDRESSES + tuple(STANDS_FOR)))
        if self.rand.random() < 0.1:
            found = []
        port = self.rand.choice(PORTS)
        if self.rand.random() < 0.4:
            return self.rand.choice(ADDRESSES), True, port, found
        host = self.name()
        if self.allows + self.denies and self.rand.random() < 0.7:
            host = self.near(self.rand.choice(self.allows + self.denies).text) or host
        return host, False, port, found

    def near(self, text):
        """A name like that of the pattern; None where none comes of it."""
        text = re.sub(r":[0-9-]+$", "", text.lower()).rstrip(".")
        text = re.sub(r"^\*\*?\.", lambda _: self.rand.choice(("", "a.", "b.a.")), text)
        text = "".join(self.rand.choice(("a", "1", "", "x.y")) if c == "*" else
                       self.rand.choice(("a", "1", "", "a.")) if c == "?" else c for c in text)
        is_name = re.fullmatch(r"([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z]+", text)
        return text if is_name else None


def ask(folder, host, is_address, port, found, scheme):
    place = "[%s]:%d" % (host, port) if is_address and ":" in host else "%s:%d" % (host, port)
    done = subprocess.run([AMBIT, "explain", "--config-home", folder, "-P", "p", "--connect", place,
                           "--scheme", scheme, "--resolves", ",".join(found) or "none", "--json"],
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    if not done.stdout:
        return done.stderr.strip()
    answer = json.loads(done.stdout)["answers"][0]
    return "allowed" if answer["allowed"] else answer["reason"]


def compare(table, counts):
    """The first difference as text, or None."""
    with tempfile.TemporaryDirectory(prefix="ambit-hosts-") as folder:
        with open(os.path.join(folder, "config.toml"), "w", encoding="ascii") as file:
            file.write(table.toml())
        for _ in range(QUESTIONS):
            host, is_address, port, found = question = table.question()
            scheme = table.rand.choice(("http", "connect", "socks5"))
            expected = table.decide(*question)
            if expected is None:
                counts["left open"] += 1
                continue
            answer = ask(folder, host, is_address, port, found, scheme)
            counts[expected] += 1
            if answer != expected:
                return "%s:%d over %s, found %s: model %s, ambit %s\n%s" % (
                    host, port, scheme, found, expected, answer, table.toml())
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    counts = collections.Counter()
    for i in range(options.first, options.first + options.tables):
        table = Table(random.Random("%d/%d" % (options.seed, i)))
        if not table.names_nothing_twice():
            continue
        difference = compare(table, counts)
        if difference:
            print("seed %d, table %d: %s" % (options.seed, i, difference))
            print("0 passed, 1 failed, 0 skipped")
            return 1
    print("seed %d, tables %d to %d: %s" % (
        options.seed, options.first, options.first + options.tables - 1,
        ", ".join("%s %d" % each for each in sorted(counts.items()))))
    print("1 passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
