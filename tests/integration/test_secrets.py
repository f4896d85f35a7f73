"""Secrets of hooks and credentials: the origin that they are for gets them, the command never."""
import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

from sandbox import AMBIT, Sandbox, wait_for

import internet
from authority import Authority
from catalogue import rows

TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
KEY = "key-of-the-hook-0123456789"
FILED = "secret-of-a-file-0123456789"
POSTED = "secret-of-a-body-0123456789-that-is-longer-than-its-placeholder"
PLACEHOLDER, OTHER_PLACEHOLDER = "{{AMBIT-POSTED-KEY}}", "{{AMBIT-SECOND-KEY}}"
ALL = (TOKEN, KEY, FILED, POSTED)
OTHER = "93.184.216.35"
AUTHORITY = None

PROFILE = """
[permissions.p]
extends = ":workspace"
[permissions.p.network]
enabled = true
STRICT
[permissions.p.network.domains]
"example.com" = "allow"
"hooked.test" = "allow"
"other.test" = "allow"
"alias.test" = "allow"
[permissions.p.network.credentials.token]
env = "MY_TOKEN"
hosts = ["example.com"]
[permissions.p.network.mitm.hooks.h]
host = "hooked.test"
methods = ["GET", "POST"]
path_prefixes = ["/api/"]
action = ["a"]
[permissions.p.network.mitm.hooks.forms]
host = "hooked.test"
methods = ["POST"]
path_prefixes = ["/form"]
action = ["fill"]
[permissions.p.network.mitm.actions.fill.body_secret_substitution]
replacements = [
  { placeholder = "{{AMBIT-POSTED-KEY}}", secret = { env_var = "POST_KEY" } },
  { placeholder = "{{AMBIT-SECOND-KEY}}", secret = { file = "FILE" } },
]
max_body_bytes = 300000
[permissions.p.network.mitm.actions.a]
strip_request_headers = ["cookie"]
inject_request_headers = [
  { name = "x-key", secret_env_var = "HOOK_KEY", prefix = "Key " },
  { name = "x-filed", secret_file = "FILE" },
]
"""
SEEN = []


class Echo(internet.http.server.BaseHTTPRequestHandler):
    """Sends back what it was sent: in a field, and in a body of pieces that cut every secret."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        sent = "%s %s\n%s\n%s" % (self.command, self.path, self.headers,
                                  self.rfile.read(length).decode())
        SEEN.append(sent)
        self.send_response(200)
        self.send_header("X-Sent", self.headers.get("Authorization") or "-")
        if self.path.endswith("zipped"):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        step = max(7, len(sent) // 1000)
        for at in range(0, len(sent), step):
            piece = sent[at:at + step].encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    do_POST = do_GET

    def log_message(self, *args):
        pass


def setUpModule():
    global AUTHORITY
    if Authority.missing() or not shutil.which("curl"):
        return
    for name, address in (("hooked.test", OTHER), ("alias.test", OTHER),
                          ("other.test", internet.EVIL)):
        internet.NAMES[name] = address
    internet.start()
    AUTHORITY = Authority(tempfile.mkdtemp(prefix="ambit-authority-", dir="/var/tmp"))
    context = AUTHORITY.server_context("example.com", "hooked.test", "other.test", "alias.test")
    for address in (internet.EXAMPLE, OTHER, internet.EVIL):
        internet.serve(internet.tls_server(context), address, 443, Echo)


def tearDownModule():
    if AUTHORITY:
        shutil.rmtree(AUTHORITY.folder, ignore_errors=True)


class Secrets(Sandbox):
    strict = ""
    version = "--http1.1"

    def setUp(self):
        if not AUTHORITY:
            self.skipTest(Authority.missing() or "curl is not installed")
        super().setUp()
        self.file = self.put("outside/filed", FILED + "\n")
        self.configure(PROFILE.replace("STRICT", self.strict).replace("FILE", self.file))
        SEEN.clear()

    def environment(self, extra=None):
        held = {"MY_TOKEN": TOKEN, "HOOK_KEY": KEY, "POST_KEY": POSTED,
                "SSL_CERT_FILE": AUTHORITY.path}
        held.update(extra or {})
        return super().environment(held)

    def shell(self, script, **kwargs):
        done = self.run_in("sh", "-c", script, **kwargs)
        for secret in ALL:
            self.assertNotIn(secret, done.stdout)
            self.assertNotIn(secret, done.stderr)
        return done

    def fetch(self, arguments, place="https://example.com/x"):
        """The answer to curl, head and body, and what the origin saw. Names of fields come in lower
        case over HTTP/2."""
        done = self.shell("curl -sS -m 100 -i --suppress-connect-headers %s %s %s; true"
                          % (self.version, arguments, place))
        self.assert_status(done, 0)
        return done.stdout, "".join(SEEN).replace("Authorization:", "authorization:")


class Hidden(Secrets):
    @rows("A-46")
    def test_the_command_sees_dummies(self):
        done = self.shell("env; for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do "
                          "tr '\\0' '\\n' <$f; done 2>/dev/null; cat %s; true" % self.file)
        variables = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        dummy = variables["MY_TOKEN"]
        self.assertRegex(dummy, "^ghp_masked")
        self.assertEqual(len(dummy), len(TOKEN))
        self.assertEqual(json.loads(variables["AMBIT_CREDENTIALS"]), {"token": dummy})
        self.assertNotIn("HOOK_KEY", variables)
        self.assertNotIn("POST_KEY", variables)
        self.assertIn("Permission denied", done.stderr)
        plain = self.plain("sh", "-c", "env; cat " + self.file)
        for secret in ALL:
            self.assertIn(secret, plain.stdout, "the control")

    def test_each_run_has_a_dummy_of_its_own(self):
        one, two = (self.shell("echo $MY_TOKEN").stdout for _ in range(2))
        self.assertNotEqual(one, two)

    def test_only_the_proxy_holds_them(self):
        """No other process of the run has them in its memory, its environment or its descriptors."""
        mark = str(time.time_ns())
        run = self.start("sleep", mark)
        wait_for(lambda: self.children(run.pid, mark))
        looked_at, holders = 0, []
        for pid in self.family(run.pid):
            try:
                holders += self.holder(pid)
                looked_at += 1
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended, now that the command is there
        self.assertEqual(holders, ["ambit-proxy"])
        self.assertGreaterEqual(looked_at, 4)

    def holder(self, pid):
        """The name of this process, in a list, when its memory has secrets."""
        found = self.memory_holds(pid)
        if found is None:
            self.skipTest("this host does not let us read the memory of our processes")
        with open("/proc/%d/comm" % pid, encoding="ascii") as f:
            name = f.read().strip()
        with open("/proc/%d/environ" % pid, "rb") as f:
            text = f.read()
        for secret in (TOKEN, KEY, POSTED):
            self.assertNotIn(secret.encode(), text)
        kept = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
        self.assertFalse([name for name in kept if "ambit-secrets" in name], pid)
        return [name] if found else []

    def family(self, pid):
        out = [pid]
        for one in out:
            path = "/proc/%d/task/%d/children" % (one, one)
            with contextlib.suppress(OSError), open(path, encoding="ascii") as f:
                out += [int(word) for word in f.read().split()]
        return out

    def children(self, pid, mark):
        for one in self.family(pid):
            with contextlib.suppress(OSError), open("/proc/%d/cmdline" % one, "rb") as f:
                if f.read() == b"sleep\0" + mark.encode() + b"\0":
                    return True
        return False

    def memory_holds(self, pid):
        """Which secrets are in the memory of a process; nothing when it cannot be read."""
        secrets = [text.encode() for text in ALL]
        found = set()
        try:
            with open("/proc/%d/maps" % pid, encoding="utf-8") as f:
                maps = [line.split() for line in f]
            with open("/proc/%d/mem" % pid, "rb", 0) as memory:
                for entry in maps:
                    if "r" not in entry[1] or entry[-1] in ("[vvar]", "[vsyscall]"):
                        continue
                    start, end = (int(word, 16) for word in entry[0].split("-"))
                    try:
                        memory.seek(start)
                        data = memory.read(end - start) or b""
                    except (OSError, OverflowError, ValueError):
                        continue
                    found.update(secret for secret in secrets if secret in data)
        except PermissionError:
            return None
        return found

    def test_events_and_messages_tell_none(self):
        events = os.path.join(self.top, "events")
        done = self.run_in("sh", "-c", "curl -sS -m 100 -H \"Authorization: Bearer $MY_TOKEN\" "
                           "https://example.com/x https://hooked.test/api/x https://hooked.test/no; "
                           "curl -sS -m 100 -d %s https://hooked.test/form" % PLACEHOLDER,
                           options=("--events", events, "--verbose"))
        with open(events, encoding="utf-8") as f:
            text = f.read() + done.stderr
        self.assertIn('"host":"hooked.test"', text)
        for secret in ALL:
            self.assertNotIn(secret, text)

    def test_a_variable_that_is_missing(self):
        environment = self.environment()
        del environment["HOOK_KEY"]
        done = subprocess.run(self.argv(["true"]), cwd=self.work, env=environment, text=True,
                              capture_output=True, check=False)
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"config\.toml:\d+:\d+: the secret variable 'HOOK_KEY' is not set")
        os.remove(self.file)
        done = self.run_in("true")
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"config\.toml:\d+:\d+: the secret file '.*' cannot be used")

    def test_an_entry_for_the_file_keeps_it_open(self):
        with open(os.path.join(self.config, "config.toml"), encoding="utf-8") as f:
            text = f.read()
        self.configure(text + '[permissions.p.filesystem]\n"%s" = "read"\n' % self.file)
        self.assertEqual(self.run_in("cat", self.file).stdout, FILED + "\n")


class Credentials(Secrets):
    def test_bearer_and_back(self):
        answer, seen = self.fetch('-H "Authorization: Bearer $MY_TOKEN"')
        self.assertIn("authorization: Bearer %s\n" % TOKEN, seen)
        self.assertNotIn("masked", seen)
        self.assertRegex(answer, "(?i)\nx-sent: Bearer ghp_masked")
        self.assertRegex(answer, "(?i)\nauthorization: Bearer ghp_masked")

    def test_basic_and_back(self):
        answer, seen = self.fetch("-u me:$MY_TOKEN")
        real = base64.b64encode(("me:" + TOKEN).encode()).decode()
        self.assertIn("authorization: Basic %s\n" % real, seen)
        self.assertRegex(answer, "^HTTP/[0-9.]+ 200")
        self.assertNotIn(real, answer)

    @rows("A-121")
    def test_elsewhere_it_stays_the_dummy(self):
        _, seen = self.fetch('-H "X-Token: $MY_TOKEN" -d "body=$MY_TOKEN"',
                             "https://example.com/x?token=$MY_TOKEN")
        self.assertEqual(seen.count("ghp_masked"), 3)
        self.assertNotIn(TOKEN, seen)
        SEEN.clear()
        _, seen = self.fetch('-H "Authorization: Bearer $MY_TOKEN"', "https://other.test/x")
        self.assertRegex(seen, "authorization: Bearer ghp_masked")
        SEEN.clear()
        _, seen = self.fetch('-H "Authorization: Bearer $MY_TOKEN"')
        self.assertIn(TOKEN, seen, "the control")

    def test_an_answer_that_could_hide_it(self):
        answer, seen = self.fetch('-H "Authorization: Bearer $MY_TOKEN" --compressed',
                                  "https://example.com/zipped")
        self.assertIn("accept-encoding: identity", seen)
        self.assertRegex(answer, "^HTTP/[0-9.]+ 502")


class CredentialsOverHttp2(Credentials):
    version = "--http2"


class Hooks(Secrets):
    def test_what_is_put_in_comes_not_back(self):
        answer, seen = self.fetch("-H 'Cookie: a=b' -H 'X-Key: mine'", "https://hooked.test/api/x")
        self.assertIn("x-key: Key %s\n" % KEY, seen)
        self.assertIn("x-filed: %s\n" % FILED, seen)
        self.assertNotIn("a=b", seen)
        self.assertNotIn("mine", seen)
        self.assertRegex(answer, "^HTTP/[0-9.]+ 200")
        self.assertRegex(answer, "\nx-key: Key masked")

    @rows("A-115")
    def test_another_name_of_the_host(self):
        done = self.shell("curl -sS -m 100 https://alias.test/other; true")
        self.assertIn("GET /other", done.stdout, "without strict_hooks another name is another host")
        self.assertNotIn("x-key", done.stdout)


class HooksOverHttp2(Hooks):
    version = "--http2"


class Bodies(Secrets):
    """Placeholders in the bodies of requests that a hook takes."""
    refused = "(?ims)^HTTP/[0-9.]+ 403.*x-proxy-error: blocked-by-mitm-hook"

    def post(self, arguments, path="/form"):
        return self.fetch(arguments, "https://hooked.test" + path)

    def test_they_are_replaced_and_come_not_back(self):
        answer, seen = self.post("-d 'a=%s&b=%s&c=%s'" % (PLACEHOLDER, OTHER_PLACEHOLDER, PLACEHOLDER))
        body = "a=%s&b=%s&c=%s" % (POSTED, FILED, POSTED)
        self.assertTrue(seen.endswith("\n" + body), seen)
        self.assertRegex(seen, "(?i)content-length: %d\n" % len(body))
        self.assertRegex(answer, "^HTTP/[0-9.]+ 200")
        self.assertRegex(answer, "\na=masked[0-9a-f]{%d}&b=masked" % (len(POSTED) - 6))

    def test_a_body_without_one_stays(self):
        _, seen = self.post("-d 'a={{AMBIT-POSTED-KEY}'")
        self.assertTrue(seen.endswith("\na={{AMBIT-POSTED-KEY}"), seen)

    def test_no_other_place_than_the_body(self):
        _, seen = self.post("-H 'X-Key: %s' -d a" % PLACEHOLDER, "/form?key=AMBIT-POSTED-KEY")
        self.assertIn("x-key: " + PLACEHOLDER, seen.lower().replace(PLACEHOLDER.lower(), PLACEHOLDER))
        _, seen = self.post("-d a=" + PLACEHOLDER, "/api/x")
        self.assertIn("a=" + PLACEHOLDER, seen)
        self.assertNotIn(POSTED, seen)

    def test_a_body_of_unknown_length(self):
        self.put("work/body", "x" * 200000 + PLACEHOLDER)
        _, seen = self.post("-T body -X POST -H 'Content-Length:' -H 'Transfer-Encoding: chunked'"
                            if self.version == "--http1.1" else "-T - -X POST <body")
        self.assertIn("x" + POSTED, seen)
        self.assertRegex(seen, "(?i)content-length: %d\n" % (200000 + len(POSTED)))
        self.assertNotIn("chunked", seen.partition("\n\n")[0].lower())

    def test_a_client_that_waits_to_be_told_to_go_on(self):
        _, seen = self.post("-H 'Expect: 100-continue' --expect100-timeout 100 -d " + PLACEHOLDER)
        self.assertTrue(seen.endswith(POSTED), seen)

    def test_the_connection_goes_on(self):
        done = self.shell("curl -sS -m 100 %s -d 1=%s https://hooked.test/form --next -sS -m 100 %s "
                          "-d 2=%s https://hooked.test/form -w 'connects %%{num_connects}'"
                          % (self.version, PLACEHOLDER, self.version, PLACEHOLDER))
        self.assertIn("connects 0", done.stdout)
        self.assertIn("\n1=" + POSTED, "".join(SEEN))
        self.assertIn("\n2=" + POSTED, "".join(SEEN))

    def test_what_cannot_be_looked_through(self):
        self.put("work/long", "x" * 300001)
        self.put("work/grows", "x" * (300000 - len(PLACEHOLDER)) + PLACEHOLDER)
        for arguments in ("-H 'Content-Encoding: gzip' -d a", "-H 'Trailer: x' -d a",
                          "--data-binary @long", "--data-binary @grows", "-T - -X POST <long"):
            with self.subTest(arguments):
                answer, seen = self.post(arguments)
                self.assertRegex(answer, self.refused)
                self.assertIn("hook 'forms' replaces text in bodies and takes no", answer)
                self.assertEqual(seen, "")
        self.put("work/most", "x" * 300000)
        _, seen = self.post("--data-binary @most")
        self.assertIn("x" * 300000, seen, "the control")


class BodiesOverHttp2(Bodies):
    version = "--http2"


class StrictHooks(Secrets):
    strict = "strict_hooks = true"

    @rows("A-115")
    def test_another_name_of_the_host(self):
        done = self.shell("curl -sS -m 100 -i https://alias.test/other; true")
        self.assertIn("403", done.stdout + done.stderr)
        self.assertNotIn("GET /other", done.stdout)
        self.assertEqual(SEEN, [])
        answer, _ = self.fetch("", "https://hooked.test/api/x")
        self.assertRegex(answer, "^HTTP/[0-9.]+ 200")
        answer, _ = self.fetch("", "https://other.test/")
        self.assertIn("GET /", answer)


class Explained(Secrets):
    def test_the_file_and_the_request(self):
        done = subprocess.run(
            [AMBIT, "explain", "--config-home", self.config, "-P", "p", "--read", self.file,
             "--connect", "hooked.test", "--method", "DELETE", "--path", "/api/x"],
            cwd=self.work, env=self.environment(), text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the secret file '%s', which only the proxy reads" % self.file, done.stdout)
        self.assertIn("no hook of 'hooked.test' permits DELETE /api/x", done.stdout)

    def test_what_is_put_in_bodies(self):
        done = subprocess.run(
            [AMBIT, "explain", "--config-home", self.config, "-P", "p", "--connect", "hooked.test",
             "--method", "POST", "--path", "/form"],
            cwd=self.work, env=self.environment(), text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("puts the variable 'POST_KEY' in the place of '%s' in the body, of at most "
                      "300000 bytes" % PLACEHOLDER, done.stdout)


if __name__ == "__main__":
    internet.main()
