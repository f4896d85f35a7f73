"""What is told of denials: events while the command runs, the record that `ambit denials` shows, and
what people see."""
import base64
import json
import os
import re
import stat
import subprocess

import terminal
from sandbox import AMBIT, LIMIT, Sandbox, totals, wait_for

EVENT = {"v", "time", "run", "type"}
MEMBERS = {
    "run.started": EVENT | {"profile", "policy_hash", "engine", "deny_mode", "verified"},
    "denied": EVENT | {"layer", "operation", "object", "rule", "reason", "grant", "advice",
                       "grant_permitted", "retry_helps", "pid", "comm"},
    "run.finished": EVENT | {"status", "denials", "distinct_denials", "duration_ms", "error"},
}


class Events(Sandbox):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.top, "events")
        self.record = os.path.join(self.home, ".local/state/ambit/denials.jsonl")
        self.secret = self.put("work/secret.env", "hidden\n")

    def environment(self, extra=None):
        env = super().environment()
        del env["XDG_STATE_HOME"]  # the record is where it is when nobody says anything
        env.update(extra or {})
        return env

    def events(self, path=None):
        with open(path or self.log, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def denials(self, *options, env=None):
        return self.run_argv([AMBIT, "denials", *options], env={"TZ": "UTC", **(env or {})})

    def sh(self, script, **kwargs):
        return self.run_in("sh", "-c", script, **kwargs)

    def logged(self, script, **kwargs):
        """The events of one run, and its result."""
        done = self.sh(script, options=["--events", self.log], **kwargs)
        return self.events(), done


class Log(Events):
    def test_members_of_every_event(self):
        events, done = self.logged("cat secret.env; exit 7")
        self.assert_status(done, 7)
        self.assertEqual([e["type"] for e in events], ["run.started", "denied", "run.finished"])
        for event in events:
            self.assertEqual(set(event), MEMBERS[event["type"]])
            self.assertEqual(event["v"], 1)
            self.assertRegex(event["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
            self.assertRegex(event["run"], r"\A[0-9a-f]{16}\Z")
        self.assertEqual(len({e["run"] for e in events}), 1)
        started, denied, finished = events
        self.assertEqual((started["profile"], started["engine"], started["deny_mode"]),
                         ("p", "native", "live"))
        self.assertRegex(started["policy_hash"], r"\A[0-9a-f]{64}\Z")
        self.assertEqual((denied["layer"], denied["operation"], denied["object"]),
                         ("filesystem", "open", self.secret))
        self.assertEqual(denied["rule"], self.config + "/config.toml:4")
        self.assertIs(denied["retry_helps"], False)
        self.assertIs(denied["grant_permitted"], True)
        self.assertEqual((finished["status"], finished["denials"], finished["error"]),
                         (7, 1, None))

    def test_command_sees_a_plain_error_and_nothing_else(self):
        _, done = self.logged("cat secret.env")
        self.assertEqual(done.stderr, "cat: secret.env: Permission denied\n")
        self.assertEqual(done.stdout, "")

    def test_grant_works(self):
        """What an event proposes allows what it was about."""
        self.put("work/.git/config", "[core]\n")
        events, _ = self.logged("echo x >> .git/config")
        denied = [e for e in events if e["type"] == "denied"]
        self.assertEqual([e["object"] for e in denied], [self.work + "/.git/config"])
        self.configure(self.settings + denied[0]["grant"])
        self.assert_status(self.sh("echo x >> .git/config"), 0)

    def test_equal_denials_are_one_event(self):
        self.put("work/other.env")
        events, _ = self.logged("for i in 1 2 3; do cat secret.env; cat other.env; done")
        denied = [e["object"] for e in events if e["type"] == "denied"]
        self.assertEqual(denied, [self.secret, self.work + "/other.env"])
        self.assertEqual((events[-1]["denials"], events[-1]["distinct_denials"]), (6, 2))

    def test_arguments_and_environment_are_not_told(self):
        events, _ = self.logged("cat secret.env # hunter2", env={"PASSPHRASE": "hunter3"})
        self.assertNotIn("hunter", json.dumps(events))
        done = self.run_in("no-such-program-hunter4", options=["--events", self.log])
        self.assert_status(done, 127)
        self.assertNotIn("hunter", json.dumps(self.events()))
        done = self.run_in("true", options=["--events", self.log, "-c", "permissions.p.x=hunter5'"])
        self.assert_status(done, 125)
        self.assertNotIn("hunter", json.dumps(self.events()))

    def test_name_that_is_no_text_loses_no_byte(self):
        name = os.fsencode(self.work) + b"/\xff\n\"\\\x1b.env"
        with open(name, "wb"):
            pass
        self.run_in("cat", os.path.basename(name), options=["--events", self.log])
        denied = self.events()[1]
        self.assertEqual(base64.b64decode(denied["object_base64"]), name)
        self.assertEqual(denied["object"], name.decode("utf-8", "replace"))

    def test_refused_start_is_an_event(self):
        self.configure("[permissions.p]\nextend = 1\n")
        done = self.run_in("true", options=["--events", self.log])
        self.assert_status(done, 125)
        events = self.events()
        self.assertEqual([e["type"] for e in events], ["run.finished"])
        self.assertEqual(events[0]["status"], 125)
        self.assertIn("config.toml:2", events[0]["error"])

    def test_policy_hash_is_that_of_the_policy(self):
        def policy_hash(name, options=()):
            path = os.path.join(self.work, name)
            self.run_in("true", options=["--events", path, *options])
            return self.events(path)[0]["policy_hash"]
        first = policy_hash("one")
        self.put("work/more.env")
        self.assertEqual(policy_hash("two"), first)
        more = ["-c", "permissions.p.limits.open_files=100"]
        self.assertNotEqual(policy_hash("three", more), first)

    def test_without_a_sandbox_the_start_is_told(self):
        done = self.run_in("true", profile=":danger-full-access", options=["--events", self.log])
        self.assert_status(done, 0)
        events = self.events()
        self.assertEqual([(e["type"], e.get("engine")) for e in events], [("run.started", "none")])


class Target(Events):
    def test_descriptor(self):
        reader, writer = os.pipe()
        done = self.run_in("sh", "-c", "cat secret.env; ls -l /proc/self/fd",
                           options=["--events", "fd:%d" % writer], pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as f:
            types = [json.loads(line)["type"] for line in f]
        self.assertEqual(types, ["run.started", "denied", "run.finished"])
        numbers = re.findall(r" (\d+) -> ", done.stdout)
        self.assertEqual([n for n in numbers if int(n) > 3], [])

    def test_command_never_has_the_descriptor(self):
        """Neither as a number, nor through what it can see of other processes."""
        for profile in ("p", ":danger-full-access"):
            writer = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            script = "for f in /proc/self/fd/*; do readlink $f; done; echo x >&%d" % writer
            done = self.sh(script, profile=profile, options=["--events", "fd:%d" % writer],
                           pass_fds=[writer])
            os.close(writer)
            self.assertNotIn(self.log, done.stdout)
            self.assertNotEqual(done.returncode, 0)
            self.events()

    def test_command_cannot_change_the_file(self):
        path = os.path.join(self.work, "log")
        script = ("cat secret.env; echo forged > log; rm log; mv log x; ln log y; : > log;"
                  "mv ../work/log z; chmod 666 log; truncate -s 0 log")
        self.sh(script, options=["--events", path])
        events = self.events(path)
        self.assertEqual(events[0]["type"], "run.started")
        self.assertEqual(events[-1]["type"], "run.finished")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(set(os.listdir(self.work)), {"log", "secret.env"})

    def test_descriptor_of_a_file_is_protected_too(self):
        path = self.put("work/log", "")
        writer = os.open(path, os.O_WRONLY | os.O_APPEND)
        self.sh("echo forged > log", options=["--events", "fd:%d" % writer], pass_fds=[writer])
        os.close(writer)
        self.assertEqual(self.events(path)[-1]["type"], "run.finished")

    def test_several_runs_share_a_file(self):
        running = [self.start("sh", "-c", "cat secret.env", options=["--events", self.log])
                   for _ in range(8)]
        for process in running:
            process.communicate(timeout=LIMIT)
        self.assertEqual(len(self.events()), 24)

    def refused(self, target, words, **kwargs):
        done = self.run_in("touch", "ran", options=["--events", target], **kwargs)
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"\Aambit: error: [^\n]*%s[^\n]*\n\Z" % words)
        self.assertFalse(os.path.exists(self.work + "/ran"))

    def test_what_cannot_be_written_stops_the_start(self):
        self.refused(self.top + "/no/log", "cannot open '.*/no/log' for events: No such file")
        self.refused(self.top, "Is a directory")
        self.refused("/dev/full", "No space left on device")
        self.refused("fd:77", "file descriptor 77: Bad file descriptor")
        pipe = self.top + "/pipe"
        os.mkfifo(pipe)
        self.refused(pipe, "nobody reads it; start its reader first")
        reader = os.open("/dev/null", os.O_RDONLY)
        self.refused("fd:%d" % reader, "not open for writing", pass_fds=[reader])
        os.close(reader)

    def test_reader_that_leaves_is_one_warning(self):
        pipe = self.top + "/pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        process = self.start("sh", "-c", "read x; cat secret.env; cat b.env; exit 4",
                             options=["--events", pipe], stdin=subprocess.PIPE)
        self.assertTrue(self.wait_for_bytes(reader))
        os.close(reader)
        out, err = process.communicate("\n", timeout=LIMIT)
        self.assertEqual((process.returncode, out), (4, ""))
        self.assertEqual(len(re.findall(r"ambit: warning: cannot write events to [^\n]*: "
                                        r"Broken pipe; later events of this run are lost\n", err)),
                         1, err)

    @staticmethod
    def wait_for_bytes(reader):
        def some():
            try:
                return os.read(reader, 4096)
            except BlockingIOError:
                return b""
        return wait_for(some)

    def test_reader_that_takes_nothing_does_not_hold_the_run_up(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        self.refused("fd:%d" % writer, "Connection timed out", pass_fds=[writer])
        os.close(reader)
        os.close(writer)


class Record(Events):
    def test_text(self):
        self.sh("cat secret.env; mkdir .codex; cat secret.env")
        shown = self.denials()
        self.assert_status(shown, 0)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", shown.stdout)
        config = self.config + "/config.toml"
        self.assertEqual(text, (
            "TIME  open  {work}/secret.env  (2 times)\n"
            "  decided by   pattern ':workspace_roots/**/*.env' = \"deny\" below '{work}'  "
            "({config}:4:1)\n"
            "  to allow it  narrow or remove the pattern ':workspace_roots/**/*.env' at "
            "{config}:4:1; no entry reopens what a pattern denies\n"
            "TIME  create  {work}/.codex\n"
            "  decided by   ':workspace_roots/.codex' = \"read\" for '{work}/.codex'  "
            "(<built-in>)\n"
            "  to allow it  add to the profile 'p'\n"
            "                 [permissions.p.filesystem]\n"
            "                 \"{work}/.codex\" = \"write\"\n"
        ).format(work=self.work, config=config))
        self.assertEqual(shown.stderr, "")

    def test_json_and_last(self):
        self.sh("cat secret.env")
        self.sh("mkdir .codex; cat secret.env")
        everything = json.loads(self.denials("--json").stdout)["denials"]
        self.assertEqual([d["operation"] for d in everything], ["open", "create", "open"])
        self.assertEqual(len({d["run"] for d in everything}), 2)
        self.assertEqual(set(everything[0]),
                         MEMBERS["denied"] - {"type", "retry_helps", "pid"} | {"profile", "count"})
        self.assertEqual(json.loads(self.denials("--json", "--last", "2").stdout)["denials"],
                         everything[1:])

    def test_nothing_denied_is_nothing_written(self):
        self.assert_status(self.sh("cat /etc/passwd; echo > new"), 0)
        self.assertEqual(os.listdir(self.home), [])
        shown = self.denials()
        self.assertEqual((shown.returncode, shown.stdout, shown.stderr),
                         (0, "", "ambit: note: no denials are recorded\n"))
        self.assertEqual(self.denials("--quiet").stderr, "")
        self.assertEqual(json.loads(self.denials("--json").stdout), {"denials": []})

    def test_file_is_private(self):
        self.sh("cat secret.env", env={"XDG_STATE_HOME": self.top + "/state"})
        place = self.top + "/state/ambit"
        self.assertEqual(stat.S_IMODE(os.stat(place).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(place + "/denials.jsonl").st_mode), 0o600)
        self.assertEqual(os.listdir(self.home), [])
        self.assertIn("secret.env", self.denials(env={"XDG_STATE_HOME": self.top + "/state"}).stdout)

    def test_damaged_lines_are_skipped_with_one_warning(self):
        self.sh("cat secret.env")
        with open(self.record, "ab") as f:
            f.write(b"rubbish\n\xff\n{\"v\":2}\n")
        shown = self.denials()
        self.assert_status(shown, 0)
        self.assertIn(self.secret, shown.stdout)
        self.assertRegex(shown.stderr, r"\Aambit: warning: skipped 3 lines of '[^\n]*denials.jsonl' "
                                       r"that cannot be read\n\Z")

    def test_record_that_cannot_be_written_is_no_failure(self):
        self.put("home/.local/state/ambit", "a file\n")
        done = self.sh("cat secret.env; exit 5")
        self.assert_status(done, 5)
        self.assertEqual(done.stderr, "cat: secret.env: Permission denied\n")
        done = self.sh("cat secret.env; exit 5", options=["--verbose"])
        self.assertIn("ambit: note: no record for 'ambit denials': ", done.stderr)

    def test_many_runs_at_once(self):
        running = [self.start("cat", "secret.env") for _ in range(20)]
        for process in running:
            process.communicate(timeout=LIMIT)
        shown = self.denials("--json", "--last", "1000")
        self.assertEqual(shown.stderr, "")
        self.assertEqual(len(json.loads(shown.stdout)["denials"]), 20)

    def test_command_cannot_write_it(self):
        """Where the workspace is the home, with the record there and without."""
        forge = ("mkdir -p .local/state/ambit; echo forged > .local/state/ambit/denials.jsonl;"
                 "rm -rf .local/state; mv .local l; ln -s /tmp .local/state/ambit/x; mkdir -p .local/share;"
                 "cd .local/state/ambit && echo forged >> denials.jsonl && echo forged > new")
        for _ in range(2):
            self.run_argv([AMBIT, "run", "--config-home", self.config, "-P", "p", "-C", self.home,
                           "--", "sh", "-c", forge])
            self.assertEqual(os.listdir(os.path.dirname(self.record)), ["denials.jsonl"])
            with open(self.record, encoding="utf-8") as f:
                for line in f:
                    self.assertEqual(json.loads(line)["profile"], "p")
            self.assertTrue(os.path.isdir(self.home + "/.local/share"))

    def test_command_cannot_write_it_from_within(self):
        self.sh("cat secret.env")
        self.run_argv([AMBIT, "run", "--config-home", self.config, "-P", "p", "-C",
                       os.path.dirname(self.record), "--", "sh", "-c",
                       "echo forged >> denials.jsonl; rm denials.jsonl"])
        shown = self.denials("--json")
        self.assertEqual(shown.stderr, "")
        self.assertGreaterEqual(len(json.loads(shown.stdout)["denials"]), 1)

    def test_managed_denial_says_so(self):
        rules = self.put("requirements.toml",
                         '[permissions.filesystem]\ndeny_read = ["%s/closed/*"]\n' % self.work)
        self.put("work/closed/x")
        self.sh("cat closed/x", options=["--requirements", rules])
        denied = json.loads(self.denials("--json").stdout)["denials"]
        self.assertEqual([(d["grant_permitted"], d["grant"]) for d in denied], [(False, None)])


class People(Events):
    def test_verbose_lists_denials_after_the_command(self):
        done = self.sh("cat secret.env; echo last >&2", options=["--verbose"])
        after = done.stderr.partition("last\n")[2]
        self.assertEqual(re.findall(r"ambit: note: denied: [^\n]*\n", done.stderr), [
            "ambit: note: denied: open '%s': pattern ':workspace_roots/**/*.env' = \"deny\" below "
            "'%s'  (%s/config.toml:4:1)\n" % (self.secret, self.work, self.config)])
        self.assertIn("ambit: note: denied: open", after)

    def at_terminal(self, command):
        """What a person sees of `command`."""
        shell = terminal.Terminal(self.work, self.environment())
        self.addCleanup(shell.close)
        shell.line("%s; echo en''ded" % command)
        return shell.wait_for(r"(?s)\A(.*)ended\r?\n").group(1)

    def test_terminal_gets_one_closing_line(self):
        ambit = "'%s' run --config-home '%s' -P p" % (AMBIT, self.config)
        self.assertEqual(self.at_terminal(ambit + " -- sh -c 'cat secret.env; LC_ALL=C mkdir .codex'"),
                         "cat: secret.env: Permission denied\r\n"
                         "mkdir: cannot create directory '.codex': Permission denied\r\n"
                         "ambit: note: 2 denials; see: ambit denials\r\n")
        self.assertNotIn("ambit:", self.at_terminal(ambit + " --quiet -- cat secret.env"))
        self.assertNotIn("ambit:", self.at_terminal(ambit + " -- cat /etc/hosts"))


if __name__ == "__main__":
    totals.main()
