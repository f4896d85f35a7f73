"""Requests that the proxy signs again for AWS: the command signs with a placeholder, the origin gets
the signature of the real key, and the command never sees that."""
import os
import shutil
import subprocess
import sys
import tempfile

from sandbox import AMBIT, Sandbox

import aws_signature
import internet
from authority import Authority

PLACEHOLDER = "AKIAPLACEHOLDER00001"
IDENTITY = "AKIAREALREALREAL0001"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYREALKEY000"
TOKEN = "FwoGZXIvYXdzEJr//////////wEaDREALTOKEN0123456789=="
REGION = "eu-north-1"
ALL = (IDENTITY, SECRET, TOKEN)
MOST = 300000
AUTHORITY = None
SEEN = []  # (what the origin finds wrong, what it got) of each request
KEYS = {IDENTITY: (SECRET, TOKEN)}

PROFILE = """
[permissions.p]
extends = ":workspace"
[permissions.p.network]
enabled = true
[permissions.p.network.domains]
"store.test" = "allow"
"calls.test" = "allow"
[permissions.p.network.mitm.hooks.store]
host = "store.test"
methods = ["GET", "PUT", "POST", "HEAD"]
path_prefixes = ["/"]
action = ["store"]
[permissions.p.network.mitm.hooks.calls]
host = "calls.test"
methods = ["GET", "POST"]
path_prefixes = ["/"]
action = ["calls"]
[permissions.p.network.mitm.actions.store.aws_sigv4]
placeholder_access_key_id = "AKIAPLACEHOLDER00001"
region = "eu-north-1"
service = "s3"
access_key_id = { env_var = "AWS_ACCESS_KEY_ID" }
secret_access_key = { env_var = "AWS_SECRET_ACCESS_KEY" }
session_token = { file = "FILE" }
max_body_bytes = 300000
[permissions.p.network.mitm.actions.calls.aws_sigv4]
placeholder_access_key_id = "AKIAPLACEHOLDER00001"
region = "eu-north-1"
service = "lambda"
access_key_id = { env_var = "AWS_ACCESS_KEY_ID" }
secret_access_key = { env_var = "AWS_SECRET_ACCESS_KEY" }
session_token = { file = "FILE" }
port = 443
"""


class Store(internet.http.server.BaseHTTPRequestHandler):
    """Checks the signature, and tells what it was sent, the signature included."""
    protocol_version = "HTTP/1.1"
    service = "s3"

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        out = b""
        while True:
            size = int(self.rfile.readline(), 16)
            out += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return out

    def do_GET(self):
        body = self.body()
        wrong = aws_signature.fault(KEYS, REGION, self.service, self.command, self.path,
                                    self.headers.items(), body)
        sent = "%s %s\n%s\n%s" % (self.command, self.path, self.headers, body.decode("latin-1"))
        SEEN.append((wrong, sent))
        answer = ("%s\n%s" % (wrong or "well signed", sent)).encode("latin-1")
        if "amz-sdk-invocation-id" in self.headers:  # such clients want no words
            answer = b""
        self.send_response(403 if wrong else 200)
        self.send_header("X-Sent", self.headers.get("X-Amz-Security-Token") or "-")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_PUT = do_POST = do_HEAD = do_GET

    def log_message(self, *args):
        pass


class Calls(Store):
    service = "lambda"


def setUpModule():
    global AUTHORITY
    if Authority.missing() or not shutil.which("curl"):
        return
    internet.NAMES.update({"store.test": internet.EXAMPLE, "calls.test": internet.EVIL})
    internet.start()
    AUTHORITY = Authority(tempfile.mkdtemp(prefix="ambit-authority-", dir="/var/tmp"))
    context = AUTHORITY.server_context("store.test", "calls.test")
    internet.serve(internet.tls_server(context), internet.EXAMPLE, 443, Store)
    internet.serve(internet.tls_server(context), internet.EVIL, 443, Calls)


def tearDownModule():
    if AUTHORITY:
        shutil.rmtree(AUTHORITY.folder, ignore_errors=True)


class Signing(Sandbox):
    version = "--http1.1"
    secret = SECRET

    def setUp(self):
        if not AUTHORITY:
            self.skipTest(Authority.missing() or "curl is not installed")
        super().setUp()
        self.token = self.put("outside/token", TOKEN + "\n")
        self.configure(PROFILE.replace("FILE", self.token))
        SEEN.clear()

    def environment(self, extra=None):
        held = {"AWS_ACCESS_KEY_ID": IDENTITY, "AWS_SECRET_ACCESS_KEY": self.secret,
                "SSL_CERT_FILE": AUTHORITY.path}
        held.update(extra or {})
        return super().environment(held)

    def curl(self, *arguments, **kwargs):
        """What the command gets for it, in which none of the secrets is."""
        done = self.run_in("curl", "-sS", "-m", "100", "-i", "--suppress-connect-headers", *arguments,
                           **kwargs)
        for secret in ALL:
            self.assertNotIn(secret, done.stdout + done.stderr)
        for _, sent in SEEN:
            for line in sent.split("\n"):
                if "Signature=" in line:
                    self.assertNotIn(line[-64:], done.stdout, "the signature comes back")
        return done.stdout

    def ask(self, method="GET", target="/a", body=None, host="store.test", service="s3",
            identity=PLACEHOLDER, region=REGION, moment=None, payload="", more=(), signed=(),
            options=(), authorization=None):
        """A request that the command signs with its placeholder and a secret that nobody knows."""
        moment = moment or aws_signature.now()
        hash_of = aws_signature.sha256((body or "").encode())
        fields = [("Host", host), ("X-Amz-Date", moment), *signed]
        if payload or service == "s3":
            fields.append(("X-Amz-Content-SHA256", payload or hash_of))
        header = authorization or aws_signature.authorization(
            identity, "whatever", moment, region, service, method, target, fields,
            payload or hash_of)
        arguments = [self.version, "-X", method, "--path-as-is", "-H", "Authorization: " + header]
        if method == "HEAD":
            arguments = [self.version, "--head", "-H", "Authorization: " + header]
        for name, value in [*fields[1:], *more]:
            arguments += ["-H", "%s: %s" % (name, value)]
        if body is not None:
            self.put("work/body", body)
            arguments += ["--data-binary", "@body", "-H", "Content-Type: text/plain"]
        return self.curl(*arguments, *options, "https://%s%s" % (host, target))

    def assert_well_signed(self, answer):
        self.assertRegex(answer[:1000], "^HTTP/[0-9.]+ 200")
        self.assertEqual([wrong for wrong, _ in SEEN], [""] * len(SEEN))
        self.assertTrue(SEEN)

    def assert_refused(self, answer, why):
        answer = answer[:5000]
        self.assertRegex(answer, "(?ims)^HTTP/[0-9.]+ 403.*x-proxy-error: blocked-by-mitm-hook")
        self.assertRegex(answer, "hook '[a-z]+' signs requests and " + why)
        self.assertEqual(SEEN, [])


class Requests(Signing):
    def test_they_are_signed_with_the_key(self):
        answer = self.ask("PUT", "/bucket/a%20b+c(1)?tag=x%2Fy&acl", "the body",
                          signed=[("X-Amz-Meta-A", "1  2")])
        self.assert_well_signed(answer)
        sent = SEEN[0][1]
        self.assertIn("Credential=%s/" % IDENTITY, sent)
        self.assertNotIn(PLACEHOLDER, sent)
        self.assertRegex(sent.lower(), "signedheaders=[a-z0-9;-]*x-amz-meta-a")
        self.assertTrue(sent.endswith("\nthe body"))

    def test_key_token_and_signature_come_not_back(self):
        answer = self.ask(body="x", method="POST")
        self.assert_well_signed(answer)
        self.assertIn("Credential=%s/" % PLACEHOLDER, answer)
        self.assertRegex(answer, "(?i)\nx-sent: masked")

    def test_another_service_writes_paths_otherwise(self):
        answer = self.ask("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda//invocations", '{"a": 1}',
                          "calls.test", "lambda")
        self.assert_well_signed(answer)

    def test_without_a_body(self):
        self.assert_well_signed(self.ask())
        self.assert_well_signed(self.ask("HEAD"))

    def test_a_range_of_an_object(self):
        self.assert_well_signed(self.ask(signed=[("Range", "bytes=0-9")]))
        self.assertRegex(SEEN[0][1].lower(), "\nrange: bytes=0-9\n")
        self.assertRegex(SEEN[0][1].lower(), "signedheaders=[a-z0-9;-]*range")

    def test_a_session_token_of_the_client(self):
        answer = self.ask(signed=[("X-Amz-Security-Token", "a-dummy")])
        self.assert_well_signed(answer)
        self.assertNotIn("a-dummy", SEEN[0][1])

    def test_a_body_of_unknown_length(self):
        self.put("work/long", "x" * 200000)
        options = ["-T", "long"]
        if self.version == "--http1.1":
            options += ["-H", "Content-Length:", "-H", "Transfer-Encoding: chunked", "-H", "Expect:"]
        self.assert_well_signed(self.ask("PUT", payload=aws_signature.sha256(b"x" * 200000),
                                         options=options))
        self.assertTrue(SEEN[0][1].endswith("\n" + "x" * 200000))
        self.assertRegex(SEEN[0][1], "(?i)content-length: 200000\n")

    def test_a_body_that_is_not_signed(self):
        """It goes on as it comes, however long it is."""
        for words in aws_signature.UNSIGNED:
            with self.subTest(words):
                SEEN.clear()
                answer = self.ask("PUT", body="x" * 2 * MOST, payload=words)
                self.assert_well_signed(answer)
                self.assertTrue(SEEN[0][1].endswith("x" * 2 * MOST))

    def test_the_connection_goes_on(self):
        moment = aws_signature.now()
        arguments = []
        for body in ("one", "two"):
            fields = [("Host", "store.test"), ("X-Amz-Date", moment),
                      ("X-Amz-Content-SHA256", aws_signature.sha256(body.encode()))]
            value = aws_signature.authorization(PLACEHOLDER, "whatever", moment, REGION, "s3", "PUT",
                                                "/" + body, fields, fields[2][1])
            arguments += ["--next"] if arguments else []
            arguments += [self.version, "-sS", "-X", "PUT", "-d", body, "-w", " %{num_connects}\n",
                          "-H", "Authorization: " + value, "https://store.test/" + body]
            for name, held in fields[1:]:
                arguments += ["-H", "%s: %s" % (name, held)]
        answer = self.curl(*arguments)
        self.assert_well_signed(answer)
        self.assertEqual(len(SEEN), 2)
        self.assertTrue(answer.rstrip().endswith(" 0"), answer[-100:])


class RequestsOverHttp2(Requests):
    version = "--http2"


class Refused(Signing):
    def test_other_keys_regions_and_services(self):
        self.assert_refused(self.ask(identity="AKIAPLACEHOLDER00002"), "wants '%s'" % PLACEHOLDER)
        self.assert_refused(self.ask(region="us-east-1"), "takes signatures for the region")
        self.assert_refused(self.ask(service="iam"), "takes signatures for the service")

    def test_other_kinds_of_authorization(self):
        wants = "wants one Authorization of AWS4-HMAC-SHA256"
        self.assert_refused(self.ask(authorization="Bearer x"), wants)
        self.assert_refused(self.curl(self.version, "https://store.test/a"), wants)
        self.assert_refused(self.ask(target="/a?X-Amz-Signature=1"), "takes no request that is signed")

    def test_other_times(self):
        self.assert_refused(self.ask(moment=aws_signature.now(-1200)), "(takes no signature|wants one day)")
        self.assert_refused(self.ask(moment=aws_signature.now(1200)), "(takes no signature|wants one day)")
        self.assert_well_signed(self.ask(moment=aws_signature.now(-60)))

    def test_other_bodies(self):
        self.assert_refused(self.ask("PUT", body="x", payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                            "takes no body that is signed piece by piece")
        self.assert_refused(self.ask("PUT", body="x", payload=aws_signature.sha256(b"y")),
                            "takes no body of another hash")
        self.assert_refused(self.ask(payload=aws_signature.sha256(b"y")),
                            "takes no body of another hash")
        self.assert_refused(self.ask("PUT", body="x" * (MOST + 1)), "takes no body of that length")
        self.assert_well_signed(self.ask("PUT", body="x" * MOST))

    def test_methods_that_no_hook_permits(self):
        answer = self.ask("DELETE")
        self.assertIn("no hook of 'store.test' permits DELETE", answer)
        self.assertEqual(SEEN, [])


class RefusedOverHttp2(Refused):
    version = "--http2"


class WrongKey(Signing):
    """The control: an origin that checks sees which key has signed."""
    secret = SECRET[:-1] + "1"

    def test_the_origin_sees_it(self):
        answer = self.ask("PUT", body="x")
        self.assertRegex(answer, "^HTTP/[0-9.]+ 403")
        self.assertEqual([wrong for wrong, _ in SEEN], ["the signature is wrong"])


class Clients(Signing):
    """Programs that sign by themselves, with what the command is told."""
    botocore = """
import botocore.session, botocore.config
config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
make = botocore.session.Session().create_client
store = make("s3", "eu-north-1", endpoint_url="https://store.test", config=config)
calls = make("lambda", "eu-north-1", endpoint_url="https://calls.test", config=config)
store.put_object(Bucket="b", Key="k (1)+\\u00e9", Body=b"the body", Metadata={"a": "1  2"})
store.get_object(Bucket="b", Key="k (1)+\\u00e9", Range="bytes=1-2")
store.list_objects_v2(Bucket="b", Prefix="p/ +", MaxKeys=2)
calls.invoke(FunctionName="arn:aws:lambda:eu-north-1:123456789012:function:f", Payload=b"{}")
"""

    def test_what_the_command_is_told(self):
        done = self.run_in("sh", "-c", "env; cat " + self.token)
        told = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        self.assertEqual(told["AWS_ACCESS_KEY_ID"], PLACEHOLDER)
        self.assertRegex(told["AWS_SECRET_ACCESS_KEY"], "^masked[0-9a-f]{%d}$" % (len(SECRET) - 6))
        self.assertTrue(told["AWS_CA_BUNDLE"].endswith("ca-bundle.pem"))
        for secret in ALL:
            self.assertNotIn(secret, done.stdout)
        self.assertIn("Permission denied", done.stderr)

    def test_curl(self):
        answer = self.run_in("sh", "-c", "curl -sS -m 100 -i --suppress-connect-headers --aws-sigv4 "
                             "aws:amz:%s:lambda --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" "
                             "-d body 'https://calls.test/object?a=1&b=2'" % REGION).stdout
        self.assert_well_signed(answer)
        self.assertTrue(SEEN[0][1].endswith("\nbody"))

    def test_botocore(self):
        if subprocess.run([sys.executable, "-c", "import botocore"], stderr=subprocess.DEVNULL,
                          check=False).returncode:
            self.skipTest("botocore is not installed")
        done = self.run_in(sys.executable, "-c", self.botocore)
        self.assert_status(done, 0)
        self.assertEqual([wrong for wrong, _ in SEEN], [""] * 4)


class Explained(Signing):
    def test_what_is_signed(self):
        done = subprocess.run(
            [AMBIT, "explain", "--config-home", self.config, "-P", "p", "--connect", "store.test",
             "--method", "PUT", "--path", "/a"],
            cwd=self.work, env=self.environment(), text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("signs for s3 in eu-north-1 with the variable 'AWS_ACCESS_KEY_ID' where '%s' "
                      "has signed" % PLACEHOLDER, done.stdout)


if __name__ == "__main__":
    internet.main()
