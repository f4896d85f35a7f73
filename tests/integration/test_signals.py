"""Signals, job control, the terminal, descriptors, and what is left when a run ends."""
import hashlib
import os
import shlex
import signal
import subprocess
import time

from sandbox import (AMBIT, LIMIT, PROBE, PROFILE, Adoption, Sandbox, WithoutNamespaces, processes,
                     state, totals, unique_number, wait_for)
from process_tree import children, name
from terminal import Terminal


class Marked(Sandbox):
    """Each test has a length of sleep of its own, by which its processes can be found."""

    def setUp(self):
        super().setUp()
        self.sleep = ("sleep", unique_number())
        self.nap = " ".join(self.sleep)

    def running(self):
        """The one sleep of this test, once it runs."""
        self.assertTrue(wait_for(lambda: processes(*self.sleep)), "the command never started")
        return processes(*self.sleep)[0]

    def said(self, process, line):
        got = process.stdout.readline()
        if not got:  # it ended: say how
            out, err = process.communicate(timeout=LIMIT)
            self.fail("ended with %s instead of '%s': %s%s" % (process.returncode, line, out, err))
        self.assertEqual(got, line + "\n")

    def ends_with(self, process, status):
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, status, (out, err))
        return out


class Signals(Marked):
    def test_term_and_other_requests_reach_the_command(self):
        for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2"):
            with self.subTest(name):
                process = self.start("sh", "-c", "trap 'echo got; exit 7' %s; echo up; "
                                     "while :; do sleep 0.02; done" % name)
                self.said(process, "up")
                process.send_signal(getattr(signal, "SIG" + name))
                self.assertEqual(self.ends_with(process, 7), "got\n")

    def test_term_ends_a_command_that_does_not_handle_it(self):
        process = self.start(*self.sleep)
        self.running()
        process.terminate()
        self.ends_with(process, 128 + signal.SIGTERM)
        self.assert_gone(*self.sleep)

    def test_command_that_ignores_term_may_end_by_itself(self):
        process = self.start("sh", "-c", "trap '' TERM; echo up; sleep 0.3; exit 5")
        self.said(process, "up")
        process.terminate()
        self.ends_with(process, 5)

    def test_command_that_ignores_term_ends_with_the_supervisor(self):
        process = self.start("sh", "-c", "trap '' TERM; echo up; %s" % self.nap)
        self.said(process, "up")
        self.running()
        process.terminate()
        process.kill()
        process.wait(LIMIT)
        self.assert_gone(*self.sleep)

    def test_nothing_is_left_when_the_supervisor_is_killed(self):
        process = self.start("sh", "-c", "setsid %s & %s & echo up; wait" % (self.nap, self.nap))
        self.said(process, "up")
        self.assertTrue(wait_for(lambda: len(processes(*self.sleep)) == 2))
        before = self.snapshot()
        process.kill()
        process.wait(LIMIT)
        self.assert_gone(*self.sleep)
        self.assertEqual(self.snapshot(), before)

    def test_daemon_is_gone_when_the_command_ends(self):
        without = self.plain("sh", "-c", "setsid %s >/dev/null 2>&1 & echo up" % self.nap)
        self.assertEqual(without.stdout, "up\n")
        self.running()  # it outlived its parent
        for pid in processes(*self.sleep):
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda pid=pid: state(pid) in ("", "Z"))
        # It also keeps our pipes open: run_in would not return before it ended.
        done = self.run_in("sh", "-c", "setsid %s & echo up" % self.nap)
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, "up\n")
        self.assert_gone(*self.sleep)

    def stopped(self, process, pid, stop):
        """Stops the command by `stop`; should the supervisor stop as well, then by now."""
        stop()
        self.assertTrue(wait_for(lambda: state(pid) == "T"))
        wait_for(lambda: state(process.pid) == "T", 0.5)

    def test_supervisor_is_not_stopped_where_nobody_would_continue_it(self):
        """Without a shell, as the harness starts it; somebody outside stops the command."""
        process = self.start(*self.sleep)
        pid = self.running()
        self.stopped(process, pid, lambda: os.kill(pid, signal.SIGSTOP))
        os.kill(pid, signal.SIGCONT)
        process.terminate()
        self.ends_with(process, 143)

    def test_stop_and_continue_are_passed_on(self):
        process = self.start(*self.sleep)
        pid = self.running()
        for _ in range(2):
            self.stopped(process, pid, lambda: process.send_signal(signal.SIGTSTP))
            process.send_signal(signal.SIGCONT)
            self.assertTrue(wait_for(lambda: state(pid) == "S"))
        process.terminate()
        self.ends_with(process, 143)

    def test_orphans_leave_no_zombies(self):
        done = self.run_in("sh", "-c", """
            siblings() { grep -l "^PPid:.$PPID$" /proc/[0-9]*/status 2>/dev/null | wc -l; }
            before=$(siblings)
            for i in 1 2 3 4 5 6 7 8; do (sleep 0.3 & ); done
            for i in $(seq 300); do test $(siblings) = $before && break; sleep 0.1; done
            echo $(($(siblings) - before))""")
        self.assert_status(done, 0)
        self.assertEqual(done.stdout, "0\n")

    def test_command_starts_without_blocked_signals_and_hears_of_broken_pipes(self):
        ask = ["grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]
        ignoring = "trap '' PIPE; exec %s"
        plain = self.plain("sh", "-c", ignoring % shlex.join(ask))
        self.assertRegex(plain.stdout, r"SigIgn:\s0*1000\n")
        done = self.plain("sh", "-c", ignoring % shlex.join(self.argv(ask)))
        self.assert_status(done, 0)
        self.assertRegex(done.stdout, r"\ASigBlk:\s0+\nSigIgn:\s0+\n\Z")


class FirstMoments(Sandbox):
    """A key sends a signal to all processes of a run, those that make the sandbox included."""
    settings = PROFILE + """[permissions.net]
extends = "p"
[permissions.net.network]
enabled = true
[permissions.net.network.domains]
"example.com" = "allow"
"""
    moments = 40

    def spread(self, profile):
        """Moments from before the start of a command until after it."""
        begun = time.monotonic()
        self.assert_status(self.run_in("true", profile=profile), 0)
        whole = max(0.01, time.monotonic() - begun)
        return [whole * i / self.moments for i in range(self.moments)]

    def interrupt(self, process, moment, number):
        until = time.monotonic() + moment
        while time.monotonic() < until:
            pass
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=LIMIT)
        self.assertIn(process.returncode, (-number, 128 + number), err)
        self.assertEqual((out, err), ("", ""))

    def ends_at_any_moment(self, profile):
        for moment in self.spread(profile):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(moment=moment, number=number), Adoption() as adoption:
                    self.interrupt(self.start("sleep", "100", profile=profile), moment, number)
                    self.assertEqual(adoption.left(), {})

    def test_without_a_sandbox(self):
        process = subprocess.Popen(["sleep", "100"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, start_new_session=True)
        self.started.append(process)
        self.interrupt(process, 0.01, signal.SIGINT)

    def test_live_decisions(self):
        self.ends_at_any_moment("p")

    def test_no_decisions(self):
        self.ends_at_any_moment(":read-only")

    def test_network(self):
        self.ends_at_any_moment("net")


class FirstMomentsWithoutNamespaces(WithoutNamespaces, FirstMoments):
    def argv(self, command, profile="p", options=()):
        return super().argv(command, profile, ["--engine", self.engine, *options])

    def test_command_ends_with_the_answers_to_its_calls(self):
        """And does not go on for a moment in which every call fails."""
        busy = "echo up; while :; do read x < '%s'; done" % self.put("work/file")
        for _ in range(20):
            process = self.start("sh", "-c", busy)
            self.assertEqual(process.stdout.readline(), "up\n")
            for child in children(process.pid):
                if name(child) == "ambit-init":
                    os.kill(child, signal.SIGKILL)
            self.assertEqual(process.communicate(timeout=LIMIT), ("", ""))
            self.assertEqual(process.returncode, 137)


class Pipes(Sandbox):
    def shell(self, script):
        return self.plain("bash", "-c", script, env={"RUN": shlex.join(
            [AMBIT, "run", "--config-home", self.config, "-P", "p"])})

    def test_reader_that_ends_first(self):
        done = self.shell("yes | $RUN -- head -1; echo ${PIPESTATUS[@]}")
        self.assertEqual(done.stdout, "y\n141 0\n")

    def test_writer_is_told_that_its_reader_is_gone(self):
        done = self.shell("$RUN -- yes | head -1; echo ${PIPESTATUS[@]}")
        self.assertEqual(done.stdout, "y\n141 0\n")

    def test_stdin_and_stdout_are_byte_clean(self):
        sent = os.urandom(8 << 20)
        done = self.run_in("cat", input=sent, text=False)
        self.assert_status(done, 0)
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(sent).digest())

    def test_input_that_is_not_read_stays_for_the_next(self):
        self.put("work/lines", "one\ntwo\n")
        done = self.shell("{ $RUN -- true; cat; } < lines")
        self.assertEqual(done.stdout, "one\ntwo\n")

    def test_closed_stdin_stays_closed(self):
        done = self.shell("$RUN -- cat <&-")
        self.assertNotIn("ambit: error", done.stderr)

    def descriptors(self, *options):
        """The descriptors the command has when it inherits 60, 61 and 200."""
        path, opened = self.put("outside/file"), []
        try:
            for number in (60, 61, 200):
                fd = os.open(path, os.O_RDONLY)
                os.dup2(fd, number)
                os.close(fd)
                opened.append(number)
            if options == ("plain",):
                done = self.plain(PROBE, "descriptors", pass_fds=opened)
            else:
                done = self.run_in(PROBE, "descriptors", pass_fds=opened, options=options)
        finally:
            for number in opened:
                os.close(number)
        self.assert_status(done, 0)
        return [int(x.split()[1]) for x in done.stdout.splitlines() if x.startswith("fd ")]

    def test_descriptors_above_2_are_closed(self):
        self.assertEqual(self.descriptors("plain"), [0, 1, 2, 60, 61, 200])
        self.assertEqual(self.descriptors(), [0, 1, 2])

    def test_named_descriptors_stay_open(self):
        self.assertEqual(self.descriptors("--pass-fd", "61", "--pass-fd", "200"),
                         [0, 1, 2, 61, 200])


class JobControl(Marked):
    def setUp(self):
        super().setUp()
        self.terminal = Terminal(self.work, self.environment())
        self.addCleanup(self.terminal.close)

    def type_command(self, *command):
        self.terminal.line(shlex.join(self.argv(command)))

    def status_is(self, status):
        self.terminal.wait_for("ready> ")
        self.terminal.line("echo status=$?")
        self.assertEqual(self.terminal.wait_for(r"status=(\d+)").group(1), str(status))

    def test_interrupt_key_ends_the_command(self):
        self.type_command("sh", "-c", "echo up; exec %s" % self.nap)
        self.terminal.wait_for("up")
        self.running()
        self.terminal.send("\x03")
        self.status_is(128 + signal.SIGINT)
        self.assert_gone(*self.sleep)

    def test_interrupt_key_may_be_handled(self):
        self.type_command("sh", "-c", "trap 'echo caught; exit 9' INT; echo up; "
                          "while :; do sleep 0.02; done")
        self.terminal.wait_for("up")
        self.terminal.send("\x03")
        self.terminal.wait_for("caught")
        self.status_is(9)

    def test_stop_key_and_fg(self):
        self.type_command("sh", "-c", "echo up; %s & read word; echo got=$word; kill $!; exit 4"
                          % self.nap)
        self.terminal.wait_for("up")
        pid = self.running()
        self.terminal.send("\x1a")
        self.terminal.wait_for("Stopped")
        self.terminal.wait_for("ready> ")
        self.assertTrue(wait_for(lambda: state(pid) == "T"), "the command goes on while stopped")
        self.terminal.line("echo shell answers")
        self.terminal.wait_for("shell answers")
        self.terminal.line("fg")
        self.assertTrue(wait_for(lambda: state(pid) == "S"), "the command does not go on after fg")
        self.terminal.line("hello")
        self.terminal.wait_for("got=hello")
        self.status_is(4)

    def test_stop_key_and_bg(self):
        self.type_command("sh", "-c", "echo up; %s" % self.nap)
        self.terminal.wait_for("up")
        pid = self.running()
        self.terminal.send("\x1a")
        self.terminal.wait_for("Stopped")
        self.assertTrue(wait_for(lambda: state(pid) == "T"))
        self.terminal.line("bg")
        self.assertTrue(wait_for(lambda: state(pid) == "S"), "the command does not go on after bg")
        self.terminal.line("kill %1; wait %1; echo status=$?")
        self.assertEqual(self.terminal.wait_for(r"status=(\d+)").group(1), "143")
        self.assert_gone(*self.sleep)

    def test_window_size_reaches_the_command(self):
        self.terminal.resize(24, 80)
        self.type_command("bash", "-c", "trap 'stty size' WINCH; trap 'exit 3' INT; stty size; "
                          "echo up; while :; do sleep 0.02; done")
        self.terminal.wait_for(r"24 80\r?\n")
        self.terminal.wait_for("up")
        self.terminal.resize(43, 117)
        self.terminal.wait_for(r"43 117\r?\n")
        self.terminal.send("\x03")
        self.status_is(3)

    def test_terminal_is_given_back(self):
        self.type_command("sh", "-c", "stty -a < /dev/tty >/dev/null && echo has a terminal")
        self.terminal.wait_for("has a terminal")
        self.status_is(0)
        self.terminal.line("read word; echo shell read $word")
        self.terminal.line("again")
        self.terminal.wait_for("shell read again")

    def test_hangup_leaves_nothing(self):
        self.type_command("sh", "-c", "echo up; exec %s" % self.nap)
        self.terminal.wait_for("up")
        self.running()
        self.terminal.close()
        self.assert_gone(*self.sleep)


if __name__ == "__main__":
    totals.main()
