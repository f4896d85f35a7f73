"""The exit status of `ambit run`."""
import os
import re
import signal
import time

from sandbox import AMBIT, PROBE, Sandbox, totals


class ExitStatus(Sandbox):
    def test_status_of_the_command_passes_through(self):
        for status in (0, 1, 3, 42, 125, 126, 127, 128, 255):
            with self.subTest(status):
                self.assert_status(self.run_in("sh", "-c", "exit %d" % status), status)

    def test_signal_becomes_128_plus_its_number(self):
        for name in ("HUP", "INT", "KILL", "TERM", "SEGV", "ABRT", "USR1"):
            with self.subTest(name):
                done = self.run_in("sh", "-c", "kill -%s $$" % name)
                self.assert_status(done, 128 + getattr(signal, "SIG" + name))

    def test_output_and_errors_stay_apart(self):
        done = self.run_in("sh", "-c", "echo out; echo err >&2")
        self.assert_status(done, 0)
        self.assertEqual((done.stdout, done.stderr), ("out\n", "err\n"))

    def test_arguments_pass_through_untouched(self):
        words = ["", "a b", "--", "-P", "*", "$HOME", "\n", "é"]
        done = self.run_in("printf", "<%s>", *words)
        self.assertEqual(done.stdout, "".join("<%s>" % w for w in words))

    def test_command_not_found_is_127(self):
        for command in ("no-such-command-here", "./no-such-file", "/no/such/file"):
            with self.subTest(command):
                done = self.run_in(command)
                self.assert_status(done, 127)
                self.assertRegex(done.stderr, r"\Aambit: [^\n]*%s[^\n]*\n\Z" % command)

    def test_command_that_cannot_be_executed_is_126(self):
        self.put("work/plain-file", "echo no\n", mode=0o644)
        for command in ("./plain-file", "/etc"):
            with self.subTest(command):
                done = self.run_in(command)
                self.assert_status(done, 126)
                self.assertRegex(done.stderr, r"\Aambit: [^\n]*%s[^\n]*\n\Z" % command)

    def test_script_without_an_interpreter_line_is_not_run_by_a_shell_of_ours(self):
        self.put("work/script", "exit 5\n", mode=0o755)
        self.assertIn(self.run_in("./script").returncode, (5, 126))

    def test_denied_program_is_126(self):
        self.put("work/tool.env", "#!/bin/sh\nexit 0\n", mode=0o755)
        self.assert_status(self.plain("./tool.env"), 0)
        self.assert_status(self.run_in("./tool.env"), 126)

    def assert_refused(self, done):
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"\Aambit: error: [^\n]+\n\Z")
        self.assertEqual(done.stdout, "")

    def test_unknown_profile_is_refused_before_anything_runs(self):
        for profile in ("nobody", ":nobody", ""):
            with self.subTest(profile):
                done = self.run_argv([AMBIT, "run", "--config-home", self.config, "-P", profile,
                                      "--", "touch", "ran"])
                self.assert_refused(done)
                self.assertNotIn("work/ran", self.snapshot())

    def test_wrong_command_line_is_refused(self):
        for words in (["run"], ["run", "--"], ["run", "--no-such-option", "--", "true"],
                      ["run", "-C", "/no/such/directory", "--", "true"]):
            with self.subTest(words):
                self.assert_status(self.run_argv([AMBIT, *words]), 125)

    def test_verbose_tells_how_long_each_step_took(self):
        for _ in range(20):
            begun = time.monotonic()
            done = self.run_in("true", options=["--verbose"])
            whole = (time.monotonic() - begun) * 1e6
            self.assert_status(done, 0)
            steps = dict(re.findall(r"^ambit: step (\S+) (\d+)$", done.stderr, re.MULTILINE))
            self.assertLessEqual({"load", "filter", "proof", "exec"}, set(steps))
            for step, microseconds in steps.items():
                self.assertLess(int(microseconds), whole, step)

    def test_version_and_help_answer_on_stdout(self):
        for words in (["--version"], ["help"], ["help", "run"]):
            with self.subTest(words):
                done = self.run_argv([AMBIT, *words])
                self.assert_status(done, 0)
                self.assertIn("ambit", done.stdout)

    def test_command_starts_in_the_directory_of_C(self):
        self.put("outside/here")
        done = self.run_in("pwd", options=["-C", self.outside])
        self.assertEqual(done.stdout, self.outside + "\n")

    def test_command_may_use_every_processor_right_after_it_opened_a_file(self):
        """Programs ask for their processors to choose how many threads they start. Who comes from
        another processor than before is held on it while it takes the file."""
        ours = sorted(os.sched_getaffinity(0))
        if len(ours) < 2:
            self.skipTest("this host gives us one processor")
        self.put("work/main.c")
        script = """
import os
ours = {ours}
def opened(on):
    os.sched_setaffinity(0, on)
    os.close(os.open("main.c", os.O_RDONLY))
    return os.sched_getaffinity(0) == set(on)
for turn in range(100):
    if not opened(ours[turn % 2:][:1]) or not all(opened(ours) for _ in range(60)):
        raise SystemExit("held")
""".format(ours=ours)
        for run in (self.plain, self.run_in):
            done = run("python3", "-S", "-E", "-c", script)
            self.assertEqual(done.stderr, "")
            self.assert_status(done, 0)

    def test_probe_reports_the_kernel_answer(self):
        """The other tests rely on this: success and failure of an attempt look different."""
        self.assert_status(self.plain(PROBE, "read", "/etc/passwd"), 0)
        self.assert_status(self.plain(PROBE, "read", "/no/such/file"), 1)


if __name__ == "__main__":
    totals.main()
