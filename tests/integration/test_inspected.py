"""A command whose TLS is looked into: the programs of this host trust the proxy without being asked,
and nothing of it stays behind."""
import os
import shutil
import tempfile

from sandbox import Sandbox

import internet
from authority import Authority
from catalogue import rows

LIMITED = """
[permissions.p]
extends = ":workspace"
[permissions.p.network]
enabled = true
mode = "limited"
[permissions.p.network.domains]
"example.com" = "allow"
"*.allowed.test" = "allow"
"""
FULL = LIMITED.replace('mode = "limited"\n', "")
NAMES = AUTHORITY = None
ANSWER = "host=example.com at=" + internet.EXAMPLE

PYTHON = """
import sys, urllib.request
request = urllib.request.Request("https://example.com/", method=sys.argv[1])
print(urllib.request.urlopen(request, timeout=100).read().decode())
"""
# Knows of no proxy, only of its own host's authorities.
DIRECT = """
import socket, ssl
raw = socket.create_connection(("example.com", 443), 100)
made = ssl.create_default_context().wrap_socket(raw, server_hostname="example.com")
made.sendall(b"GET / HTTP/1.1\\r\\nHost: example.com\\r\\nConnection: close\\r\\n\\r\\n")
data = b""
while True:
    more = made.recv(4096)
    if not more: break
    data += more
print(data.decode())
"""
NODE = """
const https = require("https"), http = require("http"), tls = require("tls");
const proxy = new URL(process.env.HTTPS_PROXY);
http.request({host: proxy.hostname, port: proxy.port, method: "CONNECT", path: "example.com:443"})
  .on("connect", (response, socket) => {
    const secure = tls.connect({socket, servername: "example.com"}, () => {
      secure.write("GET / HTTP/1.1\\r\\nHost: example.com\\r\\nConnection: close\\r\\n\\r\\n");
    });
    secure.on("data", (data) => process.stdout.write(data));
    secure.on("error", (error) => { console.error(error); process.exit(1); });
  }).end();
"""
JAVA = """
import java.io.*; import java.net.*; import java.nio.file.*;
public class Fetch {
  public static void main(String[] arguments) throws Exception {
    try (InputStream in = new URL("https://example.com/").openStream()) {
      System.out.print(new String(in.readAllBytes()));
    }
  }
}
"""


def setUpModule():
    global NAMES, AUTHORITY
    missing = Authority.missing()
    if missing:
        return
    NAMES = internet.start()
    folder = tempfile.mkdtemp(prefix="ambit-authority-", dir="/var/tmp")
    AUTHORITY = Authority(folder)
    for name in ("example.com", "git.allowed.test"):
        internet.NAMES[name] = internet.EXAMPLE
    context = AUTHORITY.server_context("example.com", "*.allowed.test")
    internet.serve(internet.tls_server(context), internet.EXAMPLE, 443, internet.Answer)


def tearDownModule():
    if AUTHORITY:
        shutil.rmtree(AUTHORITY.folder, ignore_errors=True)


class Inspected(Sandbox):
    settings = LIMITED

    def setUp(self):
        if not AUTHORITY:
            self.skipTest(Authority.missing())
        super().setUp()

    def run_trusting(self, *command, **kwargs):
        env = dict(kwargs.pop("env", None) or {})
        env["SSL_CERT_FILE"] = AUTHORITY.path
        return self.run_in(*command, env=env, **kwargs)

    def need(self, program):
        if not shutil.which(program):
            self.skipTest(program + " is not installed")


class Clients(Inspected):
    def answers(self, *command, **kwargs):
        done = self.run_trusting(*command, **kwargs)
        self.assert_status(done, 0)
        self.assertIn(ANSWER, done.stdout)
        return done

    def test_curl(self):
        self.need("curl")
        self.answers("curl", "-sS", "-m", "100", "https://example.com/")
        done = self.run_trusting("curl", "-sS", "-m", "100", "-X", "DELETE", "-i",
                                 "https://example.com/")
        self.assertRegex(done.stdout, "HTTP.* 403")
        self.assertIn("method_not_allowed", done.stdout)

    def test_curl_over_socks(self):
        self.need("curl")
        self.answers("sh", "-c", "curl -sS -m 100 -x $ALL_PROXY https://example.com/")

    def test_python(self):
        self.answers("/usr/bin/python3", "-c", PYTHON, "GET")
        done = self.run_trusting("/usr/bin/python3", "-c", PYTHON, "PUT")
        self.assertIn("403", done.stderr)

    def test_python_that_knows_no_proxy(self):
        self.answers("/usr/bin/python3", "-c", DIRECT)

    def test_openssl(self):
        self.need("openssl")
        done = self.run_trusting(
            "sh", "-c", "printf 'GET / HTTP/1.1\\r\\nHost: example.com\\r\\nConnection: close\\r\\n"
            "\\r\\n' | openssl s_client -quiet -verify_return_error -verify_hostname example.com "
            "-proxy ${HTTPS_PROXY#http://} -connect example.com:443 -servername example.com "
            "-ign_eof")
        self.assertIn(ANSWER, done.stdout)

    def test_git(self):
        self.need("git")
        done = self.run_trusting("git", "ls-remote", "https://git.allowed.test/x.git")
        # The server is no git server; what matters is that it was believed.
        self.assertNotIn("certificate", done.stderr)
        self.assertRegex(done.stderr, "not valid|not found|repository")

    def test_node(self):
        self.need("node")
        self.answers("node", "-e", NODE)

    def test_java(self):
        self.need("java")
        # A source file needs a compiler; without one only the store can be read.
        with open(os.path.join(self.work, "Fetch.java"), "w", encoding="ascii") as f:
            f.write(JAVA)
        if not shutil.which("javac"):
            self.skipTest("javac is not installed")
        self.answers("java", os.path.join(self.work, "Fetch.java"))

    def test_keytool(self):
        self.need("keytool")
        done = self.run_trusting("keytool", "-list", "-keystore", "/dev/ambit/ca-bundle.p12",
                                 "-storepass", "changeit")
        self.assert_status(done, 0)
        self.assertIn("trustedCertEntry", done.stdout)

    def test_variables(self):
        done = self.run_trusting("env")
        variables = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        for name in ("SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS "
                     "GIT_SSL_CAINFO PIP_CERT NPM_CONFIG_CAFILE BUNDLE_SSL_CA_CERT "
                     "CARGO_HTTP_CAINFO AMBIT_CA_CERTIFICATE AWS_CA_BUNDLE DENO_CERT "
                     "HTTPLIB2_CA_CERTS NIX_SSL_CERT_FILE GRPC_DEFAULT_SSL_ROOTS_FILE_PATH "
                     "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE HEX_CACERTS_PATH").split():
            self.assertEqual(variables.get(name), "/dev/ambit/ca-bundle.pem", name)
        self.assertIn("-Djavax.net.ssl.trustStore=/dev/ambit/ca-bundle.p12",
                      variables["JAVA_TOOL_OPTIONS"])
        self.assertIn("-Dhttps.proxyHost=127.0.0.1", variables["JAVA_TOOL_OPTIONS"])

    def test_verbose_says_so(self):
        done = self.run_trusting("true", options=("--verbose",))
        self.assertRegex(done.stderr, r"note: TLS is looked into [^\n]*/dev/ambit\n")
        self.configure(FULL)
        self.assertNotIn("/dev/ambit", self.run_trusting("true", options=("--verbose",)).stderr)

    def test_what_the_user_trusted_stays_trusted(self):
        done = self.run_trusting("cat", "/dev/ambit/ca-bundle.pem")
        with open(AUTHORITY.path, encoding="ascii") as f:
            self.assertIn(f.read().strip(), done.stdout)

    def test_without_a_reason_nothing_changes(self):
        self.configure(FULL)
        done = self.run_trusting("sh", "-c", "echo $SSL_CERT_FILE $CURL_CA_BUNDLE; ls /dev/ambit")
        self.assertEqual(done.stdout.strip(), AUTHORITY.path)
        self.need("curl")
        self.answers("curl", "-sS", "-m", "100", "https://example.com/")


class Key(Inspected):
    @rows("A-122")
    def test_it_is_on_no_disk_and_not_inside(self):
        """No file of the run holds a private key, and nothing in it can be changed."""
        done = self.run_trusting(
            "sh", "-c", "ls -A /dev/ambit; grep -rls 'PRIVATE KEY' /dev/ambit /dev/shm; "
            "for f in /proc/[0-9]*/environ; do tr '\\0' '\\n' <$f; done | grep 'PRIVATE KEY'; "
            "echo x 2>/dev/null >/dev/ambit/ca-bundle.pem && echo written; "
            "touch /dev/ambit/new 2>/dev/null && echo made; "
            "rm -f /dev/ambit/ca-bundle.pem 2>/dev/null; test -s /dev/ambit/ca-bundle.pem && echo kept",
            env={"TMPDIR": self.top})
        self.assertEqual(done.stdout.split(), ["ca-bundle.p12", "ca-bundle.pem", "kept"])
        for folder, _, names in os.walk(self.top):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotRegex(f.read(), b"PRIVATE KEY|BEGIN CERTIFICATE", name)
        self.assertFalse(os.path.exists("/dev/ambit"))

    def test_certificate_of_another_run_is_worth_nothing(self):
        kept = os.path.join(self.work, "kept.pem")
        fetch = "curl -sS -m 100 --cacert %s https://example.com/"
        self.need("curl")
        done = self.run_trusting("sh", "-c", "cp /dev/ambit/ca-bundle.pem kept.pem; " +
                                 fetch % kept)
        self.assertIn(ANSWER, done.stdout, "the control")
        done = self.run_trusting("sh", "-c", fetch % kept)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("certificate", done.stderr)


if __name__ == "__main__":
    internet.main()
