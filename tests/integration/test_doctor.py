"""`ambit doctor` against hosts that are not plain: what it finds has to be what a run meets there."""
import json

import hosts
from sandbox import AMBIT, OWN_MOUNTS, Adoption, OwnMounts, Sandbox, totals

ENGINES = ["native", "landlock", "bubblewrap"]
NO_NAMESPACES = "echo 0 > /proc/sys/user/max_user_namespaces"
NO_NETWORK_NAMESPACES = "echo 0 > /proc/sys/user/max_net_namespaces"
COVERED_PROC = "mount -t tmpfs none /proc/sys"


class Doctor(Sandbox):
    def doctor(self, *options, before=()):
        return self.run_argv([*before, AMBIT, "doctor", *options])

    def found(self, before=()):
        done = self.doctor("--json", before=before)
        found = json.loads(done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0 if found["usable"] else 1)
        return found

    def cell(self, found, engine, policy):
        engines = {e["engine"]: e["policies"] for e in found["engines"]}
        self.assertEqual(list(engines), ENGINES)
        return next(p for p in engines[engine] if p["policy"] == policy)

    def problems(self, found):
        return {p["name"]: p["problem"] for p in found["probes"] if not p["works"]}


class ThisHost(Doctor):
    def test_text_and_json_say_the_same(self):
        found = self.found()
        text = self.doctor().stdout
        self.assertIn("What each engine can enforce here:", text)
        for probe in found["probes"]:
            self.assertRegex(text, r"(?m)^  \S.*%s$" % ("works" if probe["works"] else "[a-z]"))
            self.assertIn(probe["does"], text)
        self.assertEqual(found["usable"], any(
            self.cell(found, e, "workspace")["can"] for e in ENGINES))

    def test_what_it_says_of_the_engines_is_so(self):
        found = self.found()
        for engine in ENGINES:
            for profile in ("read-only", "workspace"):
                with self.subTest(engine=engine, profile=profile):
                    done = self.run_in("true", profile=":" + profile,
                                       options=["--engine", engine])
                    self.assert_status(done, 0 if self.cell(found, engine, profile)["can"] else 125)

    def test_changes_nothing_and_leaves_nothing(self):
        before = self.snapshot()
        with Adoption() as adoption:
            self.assertIn(self.doctor().returncode, (0, 1))
            self.assertEqual(adoption.orphans(), {})
        self.assertEqual(self.snapshot(), before)

    def test_takes_no_other_word(self):
        self.assert_status(self.doctor("native"), 2)

    def test_inside_ambit(self):
        done = self.run_in(AMBIT, "doctor", "--json", profile=":workspace")
        self.assert_status(done, 1)
        found = json.loads(done.stdout)
        self.assertTrue(found["host"]["filtered"])
        self.assertTrue(found["host"]["no_new_privileges"])
        self.assertIn("EPERM", self.problems(found)["user-namespace"])
        self.assertIn("EBUSY", self.problems(found)["listener"])
        self.assertEqual([r["problem"] for r in found["remedies"]],
                         ["a sandbox around ambit is one of its own, and lets no further one do all "
                          "that it has to"])

    def test_a_probe_that_hangs_is_ended(self):
        """Somebody above is asked about the call and never answers: it waits for good."""
        for call, probe in (("fsopen", "tmpfs"),
                            ("openat2", "find-paths"), ("pidfd_open", "hold-processes"),
                            ("landlock_create_ruleset", "landlock")):
            with self.subTest(call):
                with Adoption() as adoption:
                    found = self.found(before=[hosts.LIMITER, "silent=" + call, "--"])
                    self.assertEqual(adoption.orphans(), {})
                self.assertIn("ETIMEDOUT", self.problems(found)[probe])
                if call == "landlock_create_ruleset":
                    self.assertEqual(found["landlock"]["abi"], 0)
                else:
                    self.assertFalse(self.cell(found, "native", "workspace")["can"])


class OtherHosts(OwnMounts, Doctor):
    def on(self, setup, *command):
        return [*OWN_MOUNTS, "sh", "-c", "set -e\n%s\nexec \"$@\"" % setup, "sh", *command]

    def native_fails(self, setup, probe, error, remedy):
        """The doctor names the probe and the remedy, and a run with this engine is refused."""
        found = self.found(before=self.on(setup))
        self.assertIn(error, self.problems(found)[probe])
        self.assertIn(error, self.cell(found, "native", "workspace")["reason"])
        self.assertIn(remedy, json.dumps(found["remedies"]))
        self.assert_status(self.run_argv(self.on(setup, *self.argv(
            ["true"], options=["--engine", "native"]))), 125)
        can = self.cell(found, "landlock", "workspace")["can"]
        self.assert_status(self.run_argv(self.on(setup, *self.argv(
            ["true"], options=["--engine", "landlock"]))), 0 if can else 125)
        self.assert_status(self.run_argv(self.on(setup, *self.argv(["true"]))), 0 if can else 125)
        verified = self.run_argv(self.on(setup, AMBIT, "verify", "--config-home", self.config, "-P",
                                         "p", "--json"))
        if can:
            self.assertEqual(json.loads(verified.stdout)["engine"], "landlock")
        else:
            self.assert_status(verified, 125)

    def test_without_user_namespaces(self):
        self.native_fails(NO_NAMESPACES, "user-namespace", "ENOSPC", "user.max_user_namespaces")

    def test_without_network_namespaces(self):
        self.native_fails(NO_NETWORK_NAMESPACES, "network-namespace", "ENOSPC",
                          "user.max_net_namespaces")

    def test_below_a_covered_proc(self):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
            if sum(" - proc " in line for line in f) > 1:
                self.skipTest("another proc mount is in full view, so the kernel gives out more")
        self.native_fails(COVERED_PROC, "proc", "EPERM", "landlock engine")


if __name__ == "__main__":
    totals.main()
