"""Every cell of the table of engines and kinds of policy, on every host that can be simulated: the
rules hold exactly, or the command is not run and the reason is told; and the doctor said so.

The cells are those that `ambit doctor --json` prints, which are those of the program's own table: a
new one without an entry here fails."""
import json
import os
import re
import socket
import subprocess

import hosts
from sandbox import AMBIT, LIMIT, PROBE, Sandbox, host, totals, unique_number

READ_ONLY = '[permissions.p]\nextends = ":read-only"\n'
WORKSPACE = '[permissions.p]\nextends = ":workspace"\n'
IN_WORKSPACE = WORKSPACE + '[permissions.p.filesystem.":workspace_roots"]\n'
FORKS = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.2UNIQUE & done; wait"


def attempt(*words):
    return (PROBE, *words)


# A profile of each kind, and of no other that needs more; what it forbids and what it allows. TOP, PORT and the like are filled in.
KINDS = {
    "read-only": (READ_ONLY,
                  [attempt("append", "own"), attempt("create", "new"),
                   attempt("chmod", "0600", "own"), attempt("append", "../outside/file")],
                  [attempt("read", "own")]),
    "workspace": (WORKSPACE,
                  [attempt("append", "../outside/file"), attempt("chmod", "0600", "../outside/file"),
                   attempt("create", "../outside/new"), attempt("rename", "own", "../outside/own")],
                  [attempt("append", "own"), attempt("create", "new"), attempt("unlink", "new")]),
    "deny": (IN_WORKSPACE + '"secret" = "deny"\n"sub/ro" = "read"\n',
             [attempt("read", "secret"), attempt("append", "sub/ro"), attempt("unlink", "sub/ro"),
              attempt("link", "secret", "other"), attempt("rename", "sub", "moved")],
             [attempt("read", "sub/ro"), attempt("append", "own")]),
    "missing-names": (IN_WORKSPACE + '"later" = "deny"\n',
                      [attempt("create", "later"), attempt("mkdir", ".codex"),
                       attempt("rename", "own", ".git")],
                      [attempt("create", "new"), attempt("unlink", "new")]),
    "patterns": (IN_WORKSPACE + '"**/*.env" = "deny"\n',
                 [attempt("read", "x.env"), attempt("create", "y.env"), attempt("reopen", "x.env"),
                  attempt("read", "link"), attempt("rename", "own", "z.env")],
                 [attempt("read", "own"), attempt("create", "new"), attempt("unlink", "new")]),
    "snapshot": (IN_WORKSPACE + '"**/*.env" = "deny"\n[permissions.p.filesystem]\n'
                 'deny_mode = "snapshot"\n',
                 [attempt("read", "x.env"), attempt("append", "x.env"), attempt("unlink", "x.env"),
                  attempt("append", "../outside/file")],
                 [attempt("read", "own"), attempt("create", "new"), attempt("unlink", "new")]),
    "restricted-read": ('[permissions.p.filesystem]\n":minimal" = "read"\n"TOP/work" = "read"\n'
                        '"BUILT" = "read"\n',
                        [attempt("read", "../outside/file"), attempt("append", "../outside/file"),
                         attempt("read", "../home/file")],
                        [attempt("read", "own")]),
    "writable-disk": ('[permissions.p.filesystem]\n":root" = "write"\n"TOP/work/secret" = "deny"\n',
                      [attempt("read", "secret"), attempt("unlink", "secret")],
                      [attempt("append", "../outside/file"), attempt("append", "own")]),
    "network-off": (READ_ONLY,
                    [attempt("connect-inet", "PORT"), attempt("socket", "inet-udp"),
                     attempt("connect-unix", "@NAME")],
                    [attempt("stream-pair")]),
    "hosts": (WORKSPACE + '[permissions.p.network]\nenabled = true\n[permissions.p.network.domains]\n'
              '"localhost:OPEN" = "allow"\n',
              [attempt("connect-inet", "PORT"), attempt("socket", "raw"),
               attempt("connect-unix", "@NAME")],
              [attempt("connect-inet", "OPEN"), attempt("append", "own")]),
    "unix-sockets": (WORKSPACE + '[permissions.p.network]\nenabled = true\n'
                     '[permissions.p.network.unix_sockets]\n"TOP/outside/open.sock" = "allow"\n',
                     [attempt("connect-unix", "../outside/other.sock")],
                     [attempt("connect-unix", "../outside/open.sock")]),
    "processes": (READ_ONLY, [attempt("signal", "PROCESS"), attempt("trace", "PROCESS")],
                  [attempt("read", "own")]),
    "process-limit": (READ_ONLY + '[permissions.p.limits]\nprocesses = 6\n',
                      [("sh", "-c", FORKS)], [attempt("read", "own")]),
}
FEW = ("workspace", "patterns", "snapshot", "unix-sockets")
RAW = "raw"  # a socket that only root can make



class Matrix(Sandbox):
    settings = WORKSPACE
    engines = ("native", "landlock", "bubblewrap")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = subprocess.run([AMBIT, "doctor", "--json"], stdout=subprocess.PIPE, check=False,
                              timeout=LIMIT)
        cls.table = {(e["engine"], p["policy"]) for e in json.loads(done.stdout)["engines"]
                     for p in e["policies"]}

    def setUp(self):
        super().setUp()
        self.listening = []
        self.ports = [self.listen(socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1]
                      for _ in range(2)]
        self.unique = unique_number()
        self.name = "ambit-matrix-" + self.unique
        self.listen(socket.AF_UNIX, "\0" + self.name)
        self.beside = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
        self.addCleanup(self.end_beside)
        for name in ("open", "other"):
            self.listen(socket.AF_UNIX, os.path.join(self.outside, name + ".sock"))
        self.make_tree()

    def listen(self, family, address):
        server = socket.socket(family)
        self.addCleanup(server.close)
        server.bind(address)
        server.listen(200)
        self.listening.append(server)
        return server

    def end_beside(self):
        self.beside.kill()
        self.beside.wait()

    def make_tree(self):
        """Only what attempts change is made anew."""
        for name in ("new", "later", ".codex", ".git", "y.env", "z.env", "other", "moved/ro", "moved",
                     "../outside/new", "../outside/own"):
            path = os.path.join(self.work, name)
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)
        for name in ("work/own", "work/secret", "work/sub/ro", "work/x.env", "outside/file",
                     "home/file"):
            self.put(name)
        if not os.path.lexists(os.path.join(self.work, "link")):
            os.symlink("x.env", os.path.join(self.work, "link"))

    def filled(self, text):
        for word, value in (("TOP", self.top), ("PORT", self.ports[0]), ("OPEN", self.ports[1]),
                            ("NAME", self.name), ("UNIQUE", self.unique), ("PROCESS", self.beside.pid),
                            ("BUILT", os.path.dirname(PROBE))):
            text = text.replace(word, str(value))
        return text

    def on(self, simulated, command):
        return self.run_argv(simulated.argv(self, command))

    def outcomes(self, simulated, attempts, wrap=lambda command: command):
        """What became of each attempt, made by one process: their statuses, and how it ended."""
        script = "\n".join("( %s ) >&2; echo status $?" % " ".join(
            "'%s'" % self.filled(word) for word in one) for one in attempts)
        done = self.on(simulated, wrap(["sh", "-c", script]))
        return [int(n) for n in re.findall(r"^status (\d+)$", done.stdout, re.M)], done

    def doctor(self, simulated):
        done = self.on(simulated, [AMBIT, "doctor", "--json"])
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.stderr, "")
        found = json.loads(done.stdout)
        self.assertEqual({(e["engine"], p["policy"]) for e in found["engines"]
                          for p in e["policies"]}, self.table)
        self.assertEqual(done.returncode, 0 if found["usable"] else 1)
        return found

    def told_the_same(self, simulated, found):
        """The text for people, and what it says is to be done."""
        text = self.on(simulated, [AMBIT, "doctor"]).stdout
        cells = [p for e in found["engines"] for p in e["policies"]]
        for cell in cells:
            if not cell["can"]:
                self.assertIn(cell["reason"], text)
        for one in found["probes"]:
            self.assertIn(one["problem"] or "works", text)
        remedies = json.dumps(found["remedies"])
        for remedy in found["remedies"]:
            self.assertIn(remedy["problem"], text)
        self.assertIn(simulated.remedy or "", remedies)
        if simulated.remedy == "":
            self.assertEqual(found["remedies"], [])
        self.assertNotRegex(remedies, r"(?i)disable|privileged\b|seccomp=unconfined|"
                                      r"apparmor=unconfined|userns\s*=\s*0|selinux=0|setenforce")

    def cell(self, found, engine, kind):
        return next(p for e in found["engines"] if e["engine"] == engine
                    for p in e["policies"] if p["policy"] == kind)

    def refused(self, done, before):
        self.assert_status(done, 125)
        self.assertEqual(done.stdout, "")
        line = done.stderr.rstrip("\n").splitlines()[-1]
        self.assertRegex(line, r"^ambit: error: .*; .*")
        self.assertEqual(self.snapshot(), before)

    def try_cell(self, simulated, kind, engine, can):
        """The rules of this kind hold exactly, or nothing is run."""
        config, forbidden, allowed = KINDS[kind]
        attempts = forbidden + allowed
        self.make_tree()
        outside, control = self.outcomes(simulated, attempts)
        self.assertEqual(len(outside), len(attempts), control.stderr)
        self.configure(self.filled(config))
        self.make_tree()
        before = self.snapshot()
        options = ["--engine", engine] if engine else []
        inside, done = self.outcomes(simulated, attempts,
                                     lambda command: self.argv(command, options=options))
        if not can:
            return self.refused(done, before)
        self.assertEqual(len(inside), len(attempts), done.stderr)
        for one, without, within in zip(attempts, outside, inside):
            if one in forbidden:
                self.assertNotEqual(within, 0, (one, done.stderr))
                # A host may keep from it by itself; the plain one does not.
                if simulated is hosts.HOSTS["plain"] and one[-1] != RAW:
                    self.assertEqual(without, 0, (one, control.stderr))
            elif without == 0:
                self.assertEqual(within, 0, (one, done.stderr))
        self.assert_gone("sleep", "0.2" + self.unique)

    def on_host(self, simulated, kinds):
        reason = simulated.why_not()
        if reason:
            self.skipTest(reason)
        if simulated.setup or simulated.around:
            tried = self.on(simulated, ["true"])
            if tried.returncode != 0:
                self.skipTest("this host cannot be made here: " + tried.stderr.strip())
        found = self.doctor(simulated)
        self.told_the_same(simulated, found)
        for kind in kinds:
            cells = {engine: self.cell(found, engine, kind)["can"] for engine in self.engines}
            for engine, can in [*cells.items(), ("", any(cells.values()))]:
                with self.subTest(kind=kind, engine=engine or "auto"):
                    self.try_cell(simulated, kind, engine, can)


class Complete(Matrix):
    def test_every_cell_has_its_attempts(self):
        self.assertEqual(self.table, {(engine, kind) for engine in self.engines for kind in KINDS})

    def test_the_plain_host_can_do_what_its_kernel_can(self):
        """Otherwise everything could be refused, and nothing would fail."""
        found = self.doctor(hosts.HOSTS["plain"])
        for kind in KINDS:
            if host.why_no_sandbox() is None and (kind != "process-limit" or os.getuid() != 0):
                self.assertTrue(self.cell(found, "native", kind)["can"], kind)
            if host.why_no_landlock_engine() is None and kind in ("workspace", "patterns", "deny"):
                self.assertTrue(self.cell(found, "landlock", kind)["can"], kind)


class EveryKind(Matrix):
    """One test for each host."""


class FewKinds(Matrix):
    """One test for each older kernel."""


def add_tests(case, simulated_hosts, kinds):
    for name, simulated in simulated_hosts.items():
        def test(self, simulated=simulated):
            self.on_host(simulated, kinds)
        setattr(case, "test_" + name, test)


add_tests(EveryKind, hosts.HOSTS, tuple(KINDS))
add_tests(FewKinds, hosts.OLD_KERNELS, FEW)


if __name__ == "__main__":
    totals.main()
