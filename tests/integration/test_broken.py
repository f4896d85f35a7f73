"""One layer of enforcement taken out of the program at a time: the proof at start has to notice, name
the rule, and run nothing. The programs are those of broken/CMakeLists.txt."""
import os
import signal
import socket
import subprocess
import time
import unittest

from sandbox import AMBIT, LIMIT, PROBE, Adoption, Sandbox, totals, wait_for
from process_tree import born, family

# The sandbox is made when the proxy has told its certificate.
INSPECTED = """[permissions.inspected]
extends = "p"
[permissions.inspected.network]
enabled = true
mode = "limited"
[permissions.inspected.network.domains]
"example.com" = "allow"
"""
DIRECTORY = os.environ.get("AMBIT_BROKEN_DIR", "build/dev/tests/integration/broken")
# A process namespace of the test's own, because a sandbox that is broken may signal whom it can.
APART = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "--pid", "--fork",
         "--kill-child", "--mount-proc"]


def has_route():
    """Whether this machine knows a way to the internet; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            return False
    return True


class Broken(Sandbox):
    settings = """[permissions.p]
extends = ":workspace"
[permissions.p.filesystem.":workspace_roots"]
"secret" = "deny"
"**/*.env" = "deny"
"kept" = "read"
"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = subprocess.run(APART + ["true"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("no namespaces of the test's own: " + done.stderr.strip())

    def setUp(self):
        super().setUp()
        self.put("work/secret")
        self.put("work/kept")

    def without(self, layer):
        program = os.path.abspath(os.path.join(DIRECTORY, "ambit_without_" + layer))
        self.assertTrue(os.access(program, os.X_OK), program)
        return program

    def ambit(self, program, command, *arguments, engine, profile):
        return self.run_argv([*APART, program, command, "--config-home", self.config, "-P", profile,
                              "--engine", engine, *arguments])

    def noticed(self, layer, rule, profile="p", engine="native", verified=1):
        """Without `layer`, `rule` does not hold; with it, all is well. `verified` is the status of
        'verify'."""
        program = self.without(layer)
        marker = self.put("work/marker")
        attack = ["--", "rm", marker]
        before = self.snapshot()
        done = self.ambit(program, "run", *attack, engine=engine, profile=profile)
        self.assert_status(done, 125)
        self.assertIn("a rule does not hold on this host, so the command is not run: ", done.stderr)
        self.assertIn(rule + ": to ", done.stderr)
        self.assertEqual(self.snapshot(), before)

        shown = self.ambit(program, "verify", engine=engine, profile=profile)
        self.assert_status(shown, verified)
        broken = [line for line in shown.stdout.splitlines() if line.endswith("BROKEN")]
        self.assertEqual(any(line.startswith(rule) for line in broken), verified == 1, shown.stdout)

        control = self.ambit(AMBIT, "run", "--", "true", engine=engine, profile=profile)
        self.assert_status(control, 0)
        shown = self.ambit(AMBIT, "verify", engine=engine, profile=profile)
        self.assert_status(shown, 0)
        self.assertNotIn("BROKEN", shown.stdout)

    def test_masks(self):
        self.noticed("masks", ":workspace_roots/secret")

    def test_masks_of_matches(self):
        self.put("work/x.env")
        self.configure(self.settings.replace('"secret" = "deny"\n', "") +
                       '[permissions.p.filesystem]\ndeny_mode = "snapshot"\n')
        self.noticed("masks", ":workspace_roots/**/*.env")

    def test_read_only_mounts(self):
        self.noticed("read_only_mounts", "read-only disk", profile=":read-only")
        self.noticed("read_only_mounts", "read-only disk")

    def test_fence(self):
        for engine in ("native", "landlock"):
            self.noticed("fence", "changes go through the broker", engine=engine)

    def test_filter(self):
        self.noticed("filter", "no network", profile=":read-only")
        self.noticed("filter", "no network")

    def test_decision_of_the_broker(self):
        self.noticed("decision", ":workspace_roots/**/*.env")
        self.noticed("decision", ":workspace_roots/kept", engine="landlock")

    def test_capabilities(self):
        self.noticed("capabilities", "no capability", profile=":read-only")
        self.noticed("capabilities", "no capability", profile=":workspace")
        self.noticed("capabilities", ":workspace_roots/secret")  # a mask is no obstacle for them

    def test_no_new_privileges(self):
        # To verify all of it, the filter would have to be installed, which the kernel then refuses.
        self.noticed("no_new_privileges", "no new privilege", profile=":read-only", verified=125)

    def test_network_namespace(self):
        if not has_route():
            self.skipTest("this machine has no way to the internet that a sandbox could find")
        self.noticed("network_namespace", "no network", profile=":read-only")

    def test_landlock(self):
        self.noticed("landlock", "harmless devices only", engine="landlock")

    def test_broker_that_ends_at_once(self):
        """Nobody waits for it: neither for it to take the listener, nor for its answers."""
        for engine in ("native", "landlock"):
            with self.subTest(engine):
                done = self.ambit(self.without("broker"), "run", "--", "echo", "ran", engine=engine,
                                  profile="p")
                self.assertIn(done.returncode, (125, 137))
                self.assertIn("ambit: error: ", done.stderr)
                self.assertEqual(done.stdout, "")

    def test_first_process_hides_its_memory_before_there_is_a_command(self):
        """However long that takes. Without live decisions nothing else keeps it from the command."""
        attack = ["--", PROBE, "append", "/proc/1/mem"]
        for profile in (":read-only", "p"):
            with self.subTest(profile):
                done = self.ambit(self.without("hurry"), "run", *attack, engine="native",
                                  profile=profile)
                self.assertRegex(done.stdout, "append (EACCES|EPERM)")

    def test_signal_for_all_of_them_while_they_begin(self):
        """As a key does, however slow a start is: the run ends by the signal and says nothing."""
        self.configure(self.settings + INSPECTED)
        runs = []
        with Adoption() as adoption:
            for step in range(24):
                number = (signal.SIGINT, signal.SIGUSR1)[step % 2]
                for profile in ("p", "inspected"):
                    run = self.start_slowly(profile)
                    runs.append((time.monotonic() + step / 20, profile, run, number))
            for due, profile, run, number in sorted(runs, key=lambda each: each[0]):
                time.sleep(max(0, due - time.monotonic()))
                os.killpg(run.pid, number)
            for _, profile, run, number in runs:
                with self.subTest(profile, number=number):
                    out, err = run.communicate(timeout=LIMIT)
                    self.assertIn(run.returncode, (-number, 128 + number), err)
                    self.assertEqual((out, err), ("", ""))
            self.assertEqual(adoption.left(), {})

    def start_slowly(self, profile):
        run = subprocess.Popen(
            [self.without("hurry"), "run", "--config-home", self.config, "-P", profile,
             "--engine", "native", "sleep", "100"], cwd=self.work, env=self.environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        self.started.append(run)
        return run

    def test_supervisor_that_is_killed_before_the_command_runs(self):
        """However long exec takes, the sandbox ends: where it has namespaces, and where its first
        process has to hear of it."""
        for engine in ("native", "landlock"):
            with self.subTest(engine):
                self.ends_with_its_supervisor(self.without("exec"), engine)

    def ends_with_its_supervisor(self, program, engine):
        run = subprocess.Popen(
            [program, "run", "--config-home", self.config, "-P", "p", "--engine", engine, "true"],
            cwd=self.work, env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.started.append(run)
        # The supervisor, the first process, the broker and the command's, and the guard.
        everybody = 4 if engine == "native" else 5
        self.assertTrue(wait_for(lambda: len(family(run.pid)) == everybody), family(run.pid))
        members = family(run.pid)

        def left():
            return [pid for pid, since in members.items() if born(pid) == since]
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in left()])
        run.kill()
        run.wait()
        self.assertTrue(wait_for(lambda: not left()), left())


if __name__ == "__main__":
    totals.main()
