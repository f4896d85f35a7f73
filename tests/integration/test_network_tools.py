"""Everyday programs, with no configuration of theirs: they reach what the profile allows, and what it
does not allow fails with a printed reason."""
import shutil

from sandbox import Sandbox, rows

import internet

JAVA = """
public class Fetch {
  public static void main(String[] a) throws Exception {
    var c = new java.net.URL("http://" + a[0] + "/java").openConnection();
    c.setConnectTimeout(100000);
    System.out.print(new String(c.getInputStream().readAllBytes()));
    var s = new java.net.Socket(a[0], 5432);  // knows no proxy
    s.close();
  }
}
"""
GRPC = """
import sys, grpc
grpc.insecure_channel(sys.argv[1]).unary_unary("/here/Ask")(b"", timeout=100)
"""
# Program, its arguments with HOST for the host, and the path of the request that the server sees; for
# other protocols what it prints.
TABLE = [
    ("curl", ["-sS", "-m", "100", "http://HOST/curl"], "/curl"),
    ("curl", ["-sS", "-m", "100", "--noproxy", "*", "http://HOST/direct"], "/direct"),
    ("wget", ["-q", "-t", "1", "-T", "100", "-O-", "http://HOST/wget"], "/wget"),
    ("git", ["ls-remote", "http://HOST/x.git"], "/x.git/info/refs?service=git-upload-pack"),
    ("python3", ["-c", "import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=100).read()",
                 "http://HOST/python"], "/python"),
    ("python3", ["-m", "pip", "download", "--no-cache-dir", "--retries", "0", "--timeout", "100",
                 "--disable-pip-version-check", "--index-url", "http://HOST/simple",
                 "--trusted-host", "HOST", "nothing"], "/simple/nothing/"),
    ("node", ["-e", "fetch('http://HOST/node').then(r => r.text()).then(console.log)"], "/node"),
    ("npm", ["view", "nothing", "--registry=http://HOST/", "--fetch-retries=0"], "/nothing"),
    ("java", ["-XX:TieredStopAtLevel=1", "Fetch.java", "HOST"], "/java"),
    ("go", ["list", "-m", "example.com/nothing@latest"], "/example.com/nothing/@v/list"),
    ("cargo", ["search", "nothing", "--index", "http://HOST/index.git"],
     "/index.git/info/refs?service=git-upload-pack"),
    ("python3", ["-c", GRPC, "HOST:50051"], internet.PREFACE),
    ("perl", ["-MIO::Socket::INET", "-e", "my $s = IO::Socket::INET->new(PeerAddr => 'HOST:80', Timeout"
              " => 100) or die $@; print $s qq(GET /perl HTTP/1.0\\r\\n\\r\\n); print <$s>"], "/perl"),
    ("psql", ["-h", "HOST", "-U", "u", "-d", "d", "-c", "select 1"], "the database is here"),
    ("nc", ["-w", "5", "HOST", "22"], "SSH-2.0-here"),
    ("redis-cli", ["-h", "HOST", "-p", "22", "ping"], 'got "S" as reply type byte'),
]
PATH = "/usr/local/bin:/usr/bin:/bin"


def setUpModule():
    internet.start()


class Tools(Sandbox):
    settings = ('[permissions.p]\nextends = ":workspace"\n[permissions.p.network]\nenabled = true\n'
                '[permissions.p.network.domains]\n"example.com" = "allow"\n')

    def use(self, run, host, program, arguments):
        """What it printed, and the requests that arrived."""
        del internet.SEEN[:]
        done = run(program, *[a.replace("HOST", host) for a in arguments],
                   env={"PGCONNECT_TIMEOUT": "100", "HOME": self.work, "GOPROXY": "http://" + host,
                        "GONOSUMDB": "*"}, input="")
        return done, list(internet.SEEN)


def test_of(program, arguments, evidence):
    @rows("N-8")
    def test(self):
        if not shutil.which(program, path=PATH):
            self.skipTest("'%s' is not installed" % program)
        self.put("work/Fetch.java", JAVA)

        def arrived(run, host, address):
            done, seen = self.use(run, host, program, arguments)
            if evidence.startswith("/") or evidence == internet.PREFACE:
                return done, (address, evidence) in seen, seen
            return done, evidence in done.stdout + done.stderr, seen

        done, outside, _ = arrived(self.plain, "example.com", internet.EXAMPLE)
        if not outside:
            self.skipTest("without the sandbox it does not work either: " + done.stderr[:200])
        done, inside, _ = arrived(self.run_in, "example.com", internet.EXAMPLE)
        self.assertTrue(inside, (done.stdout, done.stderr))
        done, inside, seen = arrived(self.run_in, "evil.test", internet.EVIL)
        self.assertEqual((inside, seen), (False, []), (done.stdout, done.stderr))
        self.assertRegex(done.stderr, r"(?m)^ambit: .*refused 'evil\.test")
    return test


for _number, (_program, _arguments, _evidence) in enumerate(TABLE):
    setattr(Tools, "test_%02d_%s" % (_number, _program.replace("-", "_")),
            test_of(_program, _arguments, _evidence))


if __name__ == "__main__":
    internet.main()
