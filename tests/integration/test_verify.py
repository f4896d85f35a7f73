"""The proof: `ambit verify`, what `--attest` keeps of it, and what `run.started` tells of it."""
import json
import os

from sandbox import AMBIT, Adoption, Sandbox, host, totals

ENGINES = [e for e in ("native", "landlock", "bubblewrap") if not host.why_no_engine(e)]
OBJECT = {"v", "time", "profile", "policy_hash", "engine", "kernel", "broken", "rules"}
RULE = {"rule", "from", "attempt", "before_filter", "has_to_work", "result", "verdict", "reason"}


class Proof(Sandbox):
    settings = """[permissions.p]
extends = ":workspace"
[permissions.p.filesystem.":workspace_roots"]
"**/*.env" = "deny"
"secret" = "deny"
"kept" = "read"
"later" = "deny"
"""

    def setUp(self):
        super().setUp()
        self.put("work/secret")
        self.put("work/kept")
        self.attest = os.path.join(self.work, "proof.json")

    def verify(self, *options, profile="p", **kwargs):
        return self.run_argv([AMBIT, "verify", "--config-home", self.config, "-P", profile,
                              *options], **kwargs)

    def check(self, proof, engine):
        self.assertEqual(set(proof), OBJECT)
        self.assertEqual((proof["v"], proof["engine"], proof["broken"]), (1, engine, 0))
        self.assertEqual(proof["kernel"], os.uname().release)
        self.assertRegex(proof["policy_hash"], r"\A[0-9a-f]{64}\Z")
        for rule in proof["rules"]:
            self.assertEqual(set(rule), RULE)
            self.assertIn(rule["verdict"], ("holds", "not tried"))
            self.assertEqual(rule["reason"] is None, rule["verdict"] == "holds")
        return proof["rules"]

    def assert_tried(self, rules, line, attempt, results):
        """The rule of this line of the configuration was tried so, and held."""
        place = "%s/config.toml:%d:" % (self.config, line)
        found = [r for r in rules if (r["from"] or "").startswith(place)
                 and r["attempt"] == attempt]
        self.assertTrue(found, "%s: no %s among %s" % (place, attempt, rules))
        for rule in found:
            self.assertIn(rule["result"], results)
            self.assertEqual(rule["verdict"], "holds")


class Verify(Proof):
    def test_every_rule_of_each_engine(self):
        for engine in ENGINES:
            with self.subTest(engine):
                before = self.snapshot()
                done = self.verify("--json", "--engine", engine)
                self.assert_status(done, 0)
                self.assertEqual(done.stderr, "")
                self.assertEqual(self.snapshot(), before)
                rules = self.check(json.loads(done.stdout), engine)
                closed = ("EACCES", "EPERM")
                self.assert_tried(rules, 5, "open '%s/secret' for reading" % self.work, closed)
                self.assert_tried(rules, 6, "open '%s/kept' for writing" % self.work,
                                  ("EROFS",) + closed)
                self.assert_tried(rules, 7, "make '%s/later'" % self.work, closed)
                self.assert_tried(rules, 4, "make '%s/.env'" % self.work, closed)

    def test_table(self):
        done = self.verify()
        self.assert_status(done, 0)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(), ["rule", "attempt", "result", "verdict"])
        self.assertRegex(done.stdout, r"(?m)^.*secret \(.*config\.toml:5:\d+\) +open '.*/secret' for"
                                      r" reading +EACCES +holds$")
        self.assertRegex(lines[-1], r"\Aprofile 'p', engine native, Linux \S+: \d+ held, 0 broken,"
                                    r" \d+ not tried\Z")

    def test_names_with_control_characters_stay_on_their_line(self):
        self.put("work/a\nb\033[2J")
        self.configure('[permissions.p]\nextends = ":workspace"\n'
                       '[permissions.p.filesystem.":workspace_roots"]\n'
                       '"a\\nb\\u001b[2J" = "deny"\n')
        done = self.verify()
        self.assert_status(done, 0)
        self.assertNotIn("\033", done.stdout)
        self.assertRegex(done.stdout, r"open '.*/a\\nb\\x1b\[2J' for reading")

    def test_without_a_sandbox_nothing_is_verified(self):
        for options in ((), ("--json",)):
            done = self.verify(*options, profile=":danger-full-access")
            self.assert_status(done, 125)
            self.assertEqual(done.stdout, "")
            self.assertIn("nothing to verify", done.stderr)

    def test_a_policy_with_a_mistake(self):
        self.configure("[permissions.p]\nextends = ':workspac'\n")
        self.assert_status(self.verify(), 125)

    def test_leaves_no_process(self):
        for engine in ENGINES:
            with self.subTest(engine), Adoption() as adoption:
                self.assert_status(self.verify("--engine", engine), 0)
                self.assertEqual(adoption.left(), {})


class Attest(Proof):
    def attested(self, *command, options=(), **kwargs):
        done = self.run_in(*command, options=["--attest", self.attest, *options], **kwargs)
        with open(self.attest, encoding="utf-8") as f:
            return json.load(f), done

    def test_is_there_before_the_command(self):
        for engine in ENGINES:
            with self.subTest(engine):
                proof, done = self.attested("cat", self.attest, options=["--engine", engine])
                self.assert_status(done, 0)
                self.assertEqual(json.loads(done.stdout), proof)
                rules = self.check(proof, engine)
                self.assert_tried(rules, 5, "open '%s/secret' for reading" % self.work,
                                  ("EACCES", "EPERM"))
                self.assertEqual(os.stat(self.attest).st_mode & 0o777, 0o600)

    def test_is_the_proof_of_verify(self):
        proof, _ = self.attested("true")
        verified = json.loads(self.verify("--json").stdout)
        self.assertEqual(proof["policy_hash"], verified["policy_hash"])
        own = [r for r in proof["rules"] if r["from"] != "--attest"]
        self.assertEqual(own, verified["rules"])

    def test_command_cannot_change_it(self):
        """Whether it was there before or not."""
        attack = ("cp /etc/passwd proof.json; rm -f proof.json; mv proof.json x; echo x > y;"
                  "mv y proof.json; ln -f /etc/hosts proof.json; chmod 777 proof.json; true")
        for engine in ENGINES:
            for old in (None, "old\n"):
                with self.subTest(engine=engine, old=old):
                    if os.path.exists(self.attest):
                        os.remove(self.attest)
                    if old:
                        self.put("work/proof.json", old, 0o600)
                    proof, done = self.attested("sh", "-c", attack, options=["--engine", engine])
                    self.assert_status(done, 0)
                    self.check(proof, engine)
                    self.assertEqual(os.stat(self.attest).st_mode & 0o777, 0o600)

    def refused(self, words, options=(), **kwargs):
        marker = self.put("work/marker")
        done = self.run_in("rm", marker, options=options, **kwargs)
        self.assert_status(done, 125)
        self.assertIn(words, done.stderr)
        self.assertTrue(os.path.exists(marker))
        self.assertFalse(os.path.exists(self.attest))

    def test_what_cannot_be_written_is_refused(self):
        self.put("work/file")
        self.refused("file", ["--attest", os.path.join(self.work, "file/proof.json")])
        self.refused("not a regular file", ["--attest", self.work])
        os.symlink("elsewhere", self.attest + ".link")
        self.refused("not a regular file", ["--attest", self.attest + ".link"])
        self.refused("cannot", ["--attest", "/proc/proof.json"])

    def test_without_a_sandbox_there_is_nothing_to_attest(self):
        self.refused("has no sandbox", ["--attest", self.attest], profile=":danger-full-access")

    def test_where_the_command_may_write_by_name(self):
        self.configure('[permissions.p]\nextends = ":workspace"\n[permissions.p.filesystem]\n'
                       '"%s" = "write"\n' % self.attest)
        self.refused("the command could change", ["--attest", self.attest])

    def test_masks_do_not_outlast_a_replaced_file(self):
        with open(os.path.join(self.config, "config.toml"), "a", encoding="utf-8") as f:
            f.write('[permissions.p.filesystem]\ndeny_mode = "snapshot"\n')
        self.refused("the command could change", ["--attest", self.attest])
        outside = os.path.join(self.outside, "proof.json")
        self.assert_status(self.run_in("true", options=["--attest", outside]), 0)
        with open(outside, encoding="utf-8") as f:
            self.check(json.load(f), "native")


class Started(Proof):
    def told(self, *options):
        log = os.path.join(self.outside, "events")
        done = self.run_in("true", options=["--events", log, *options])
        with open(log, encoding="utf-8") as f:
            events = [json.loads(line) for line in f]
        os.remove(log)
        return events, done

    def test_tells_what_was_verified(self):
        for engine in ENGINES:
            events, done = self.told("--engine", engine)
            self.assert_status(done, 0)
            self.assertEqual([e["type"] for e in events], ["run.started", "run.finished"])
            self.assertEqual(events[0]["engine"], engine)
            self.assertTrue(any(": EACCES: " in v and "config.toml:5:" in v
                                for v in events[0]["verified"]), events[0])

    def test_a_start_that_fails_verified_nothing(self):
        events, done = self.told("--attest", "/proc/proof.json")
        self.assert_status(done, 125)
        self.assertEqual([e["type"] for e in events], ["run.started", "run.finished"])
        self.assertEqual(events[0]["verified"], [])
        self.assertIn("/proc/proof.json", events[1]["error"])


if __name__ == "__main__":
    totals.main()
