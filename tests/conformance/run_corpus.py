#!/usr/bin/env python3
"""Runs the file-system conformance corpus against a sandbox (python3 stdlib only).

    run_corpus.py [--adapter ambit] [--bin PATH] [--filter X] [-v] [-j N] DIR|FILE...

Every case is materialised in a fresh directory, ONE sandbox start is made (one
more per entry of "restarts"), the probes are sent to a tiny perl program that
runs inside the sandbox, and what it answers is checked against "expect".  See
fs/README.md for the case format and for what "allow" means per operation.
"""
import argparse, concurrent.futures, json, os, re, select, shutil, signal, socket
import stat as S
import subprocess, sys, tempfile, threading, time

# ---------------------------------------------------------------- adapters
# An adapter turns a materialised case into (argv, environment).  Change these
# two functions when the command line of the program under test changes.


def adapter_ambit(opt, case, d, cmd):
    argv = [opt.bin or "ambit", "run", "--config-home", d.cfg]
    if case.get("requirements") is not None:
        argv += ["--requirements", os.path.join(d.etc, "requirements.toml")]
    if case.get("system_config") is not None:
        argv += ["--system-config", os.path.join(d.etc, "config.toml")]
    if case.get("managed_config") is not None:
        argv += ["--managed-config", os.path.join(d.etc, "managed_config.toml")]
    if case.get("profile") is not None:
        argv += ["-P", case["profile"]]
    if case.get("config_profile"):
        argv += ["-p", case["config_profile"]]
    for o in case.get("overrides") or []:
        argv += ["-c", d.expand(o)]
    argv += ["-C", d.cwd, "--"] + cmd
    return argv, {}


ADAPTERS = {  # name -> (function, project config directory name)
    "ambit": (adapter_ambit, ".ambit"),
}
# case fields an adapter cannot honour are reported as skipped
UNSUPPORTED = {"ambit": set()}

# ---------------------------------------------------------------- probe
# Protocol: one request a line "OP HEXPATH [HEXTO]"; one answer a line
# "A ok [hex]" or "A ERRNO-text".  Only direct system calls, no shell.
PROBE = r'''
use Fcntl; use Socket; $|=1; print "PROBE READY\n";
sub un { my $x=shift; defined $x ? pack("H*",$x) : undef }
sub ok { print "A ok ", unpack("H*", defined $_[0]?$_[0]:""), "\n" }
sub no_ { my $e="$!"; $e =~ s/\n/ /g; print "A fail $e\n" }
while (my $l=<STDIN>) { chomp $l; my ($op,$p,$t)=split / /,$l; $p=un($p); $t=un($t);
 if ($op eq "read") { if (sysopen(F,$p,O_RDONLY)) { my $b=""; my $r=sysread(F,$b,65536); my $e=$!; close F;
   if (defined $r) { ok($b) } else { $!=$e; no_() } } else { no_() } }
 elsif ($op eq "write"||$op eq "append"||$op eq "create") {
   my $m=O_WRONLY; $m|=O_APPEND if $op eq "append"; $m|=O_CREAT|O_EXCL if $op eq "create";
   if (sysopen(F,$p,$m,0644)) { my $r=syswrite(F,$op eq "write"?"W":$op eq "append"?"A":"C"); my $e=$!; close F;
     if (defined $r) { ok("") } else { $!=$e; no_() } } else { no_() } }
 elsif ($op eq "mkdir") { mkdir($p,0755) ? ok() : no_() }
 elsif ($op eq "unlink") { my $r=(-d $p && !-l $p)?rmdir($p):unlink($p); $r ? ok() : no_() }
 elsif ($op eq "rename") { rename($p,$t) ? ok() : no_() }
 elsif ($op eq "list") { if (opendir(D,$p)) { my @n=grep { $_ ne "." && $_ ne ".." } readdir D; closedir D; ok(join("\0",@n)) } else { no_() } }
 elsif ($op eq "stat") { my @s=stat($p); @s ? ok("$s[0] $s[1]") : no_() }
 elsif ($op eq "chmod") { chmod(oct($t),$p) ? ok() : no_() }
 elsif ($op eq "symlink") { symlink($t,$p) ? ok() : no_() }
 elsif ($op eq "hardlink") { link($p,$t) ? ok() : no_() }
 elsif ($op eq "exec") { my $r=system { $p } $p; $r==0 ? ok() : no_() }
 elsif ($op eq "connect_unix") { if (socket(K,PF_UNIX,SOCK_STREAM,0)) { if (connect(K,sockaddr_un($p))) { ok() } else { no_() } close K } else { no_() } }
 elsif ($op eq "quit") { print "A ok \n"; exit 0 }
 else { print "A fail unknown op\n" } }
'''
PROBE_CMD = ["/usr/bin/perl", "-e", PROBE]
MUTATING = {"write", "append", "create", "mkdir", "unlink", "rename", "chmod",
            "symlink", "hardlink"}


# ---------------------------------------------------------------- fixture
class Dirs:
    """One case's directories and its placeholder expansion."""

    def __init__(self, base, case):
        self.base = base
        self.home = os.path.join(base, "home")     # ${HOME}
        self.cfg = os.path.join(base, "cfg")       # config home (user config.toml)
        self.etc = os.path.join(base, "etc")       # system-wide files
        self.tmpdir = os.path.join(base, "tmpdir")  # ${TMPDIR}
        self.extra = []
        if case.get("root_under_tmp"):
            self.extra.append(tempfile.mkdtemp(prefix="corpus-root-", dir="/tmp"))
            self.root = os.path.join(self.extra[0], "root")
        else:
            self.root = os.path.join(base, "root")  # ${ROOT}
        for p in (self.home, self.cfg, self.etc, self.tmpdir, self.root):
            os.makedirs(p, exist_ok=True)
        self.made = []                             # made by probes outside the fixture
        self.cwd = os.path.normpath(os.path.join(self.root, self.expand(case.get("cwd") or ".")))

    def expand(self, s):
        return (s.replace("${ROOT}", self.root).replace("${HOME}", self.home)
                 .replace("${TMPDIR}", self.tmpdir))

    def path(self, s):
        s = self.expand(s)
        return s if s.startswith("/") else os.path.join(self.root, s)

    def note_made(self, p):
        if not any((p + "/").startswith(x + "/") for x in [self.base] + self.extra):
            self.made.append(p)

    def remove(self):
        for p in reversed(self.made):               # a sandbox that held nothing back
            try:
                os.rmdir(p) if os.path.isdir(p) and not os.path.islink(p) else os.unlink(p)
            except OSError:
                pass
        for p in [self.base] + self.extra:
            for r, ds, _ in os.walk(p):
                for x in ds:
                    try:
                        q = os.path.join(r, x)
                        if not os.path.islink(q):
                            os.chmod(q, 0o755)
                    except OSError:
                        pass
            shutil.rmtree(p, ignore_errors=True)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)


def materialise(case, d, dotdir, socks):
    write(os.path.join(d.cfg, "config.toml"), d.expand(case.get("home_config") or ""))
    for name, text in (case.get("home_files") or {}).items():
        write(os.path.join(d.cfg, name), d.expand(text))
    for key, name in (("requirements", "requirements.toml"), ("system_config", "config.toml"),
                      ("managed_config", "managed_config.toml")):
        if case.get(key) is not None:
            write(os.path.join(d.etc, name), d.expand(case[key]))
    late = []
    for key in sorted(case.get("tree") or {}):
        spec, p = case["tree"][key], d.path(key)
        if spec is None:
            os.makedirs(p, exist_ok=True)
            continue
        os.makedirs(os.path.dirname(p), exist_ok=True)
        if isinstance(spec, str):
            write(p, d.expand(spec))
        elif "symlink" in spec:
            os.symlink(d.expand(spec["symlink"]), p)
        elif "hardlink" in spec:
            late.append((d.path(spec["hardlink"]), p))
        elif "socket" in spec:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            here = os.getcwd()
            s.bind(p) if len(p) < 100 else bind_long(s, p)
            s.listen(8)
            socks.append(s)
        elif "fifo" in spec:
            os.mkfifo(p)
        elif spec.get("dir"):
            os.makedirs(p, exist_ok=True)
            os.chmod(p, int(spec.get("mode", "0755"), 8))
        else:
            write(p, d.expand(spec.get("content", "")))
            os.chmod(p, int(spec.get("mode", "0644"), 8))
    for a, b in late:
        os.link(a, b)
    os.makedirs(d.cwd, exist_ok=True)
    if case.get("project_config") is not None:
        where = d.path(case.get("project_config_dir") or (case.get("cwd") or "."))
        write(os.path.join(where, dotdir, "config.toml"), d.expand(case["project_config"]))


def bind_long(s, p):
    fd = os.open(os.path.dirname(p), os.O_RDONLY)
    try:
        s.bind("/proc/self/fd/%d/%s" % (fd, os.path.basename(p)))
    finally:
        os.close(fd)


# ---------------------------------------------------------------- one sandbox
class Sandbox:
    def __init__(self, argv, env, log):
        self.log = open(log, "wb")
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=self.log, env=env, cwd="/", start_new_session=True)
        self.buf = b""

    def line(self, timeout):
        end = time.time() + timeout
        while b"\n" not in self.buf:
            left = end - time.time()
            if left <= 0 or not select.select([self.p.stdout], [], [], left)[0]:
                return None
            got = os.read(self.p.stdout.fileno(), 65536)
            if not got:
                return None
            self.buf += got
        one, self.buf = self.buf.split(b"\n", 1)
        return one.decode("utf-8", "replace")

    def started(self):
        for _ in range(50):
            one = self.line(200)
            if one is None:
                return False
            if one == "PROBE READY":
                return True
        return False

    def ask(self, op, path, to=None):
        msg = op + " " + os.fsencode(path).hex()
        if to is not None:
            msg += " " + os.fsencode(to).hex()
        try:
            self.p.stdin.write(msg.encode() + b"\n")
            self.p.stdin.flush()
        except OSError as e:
            return False, b"", "sandbox gone: %s" % e
        one = self.line(200)
        if one is None or not one.startswith("A "):
            return False, b"", "no answer"
        if one.startswith("A ok"):
            h = one[4:].strip()
            return True, bytes.fromhex(h) if h else b"", ""
        return False, b"", one[7:]

    def close(self):
        try:
            self.p.stdin.close()
        except OSError:
            pass
        try:
            self.p.wait(200)
        except subprocess.TimeoutExpired:
            try:
                os.killpg(self.p.pid, signal.SIGKILL)   # our own child's session
            except OSError:
                pass
            self.p.wait(200)
        self.p.stdout.close()
        self.log.close()
        return self.p.returncode


def slurp(path):
    with open(path, "rb") as f:
        return f.read(65536)


def run_probe(sb, d, pr):
    """-> (allowed, detail).  "allowed" needs the call to succeed AND the host to agree."""
    op, path = pr["op"], d.path(pr["path"])
    to = pr.get("to")
    if to is not None:
        to = d.expand(to) if op in ("symlink", "chmod") else d.path(to)
    virtual = pr.get("virtual", False)
    before = None
    try:
        if op in ("write", "append"):
            before = slurp(path)
        elif op == "chmod":
            before = S.S_IMODE(os.stat(path).st_mode)
            to = to or ("0600" if before == 0o640 else "0640")
    except OSError as e:
        if not virtual:
            before = None
        if op == "chmod":
            to = to or "0640"
    stale = op in ("create", "mkdir", "symlink") and os.path.lexists(path)
    ok, data, err = sb.ask(op, path, to)
    if ok and stale:
        return False, "was on the host before"
    if not ok:
        return False, err
    if virtual or op in ("exec", "connect_unix"):
        return True, ""
    try:
        if op == "read":
            want = slurp(path)
            if not data:
                return False, "empty"                # fixture files are never empty
            return data == want, "" if data == want else "content differs from the host's"
        if op == "list":
            got = set(data.split(b"\0")) if data else set()
            lost = set(os.listdir(os.fsencode(path))) - got
            return not lost, "entries hidden: %s" % sorted(lost)[:4] if lost else ""
        if op == "stat":
            st = os.stat(path)
            same = data.decode() == "%d %d" % (st.st_dev, st.st_ino)
            return same, "" if same else "a different file than the host's"
        if op == "write":
            now = slurp(path)
            hit = before is not None and now[:1] == b"W" and now[1:] == before[1:]
            if hit:
                with open(path, "r+b") as f:
                    f.write(before)
                    f.truncate(len(before))
            return hit, "" if hit else "no effect on the host"
        if op == "append":
            hit = before is not None and slurp(path) == before + b"A"
            if hit:
                os.truncate(path, len(before))
            return hit, "" if hit else "no effect on the host"
        if op == "create":
            hit = os.path.isfile(path) and slurp(path) == b"C"
        elif op == "mkdir":
            hit = os.path.isdir(path)
        elif op == "unlink":
            hit = not os.path.lexists(path)
        elif op == "rename":
            hit = os.path.lexists(to) and not os.path.lexists(path)
        elif op == "chmod":
            hit = S.S_IMODE(os.stat(path).st_mode) == int(to, 8)
            if hit and before is not None:
                os.chmod(path, before)
        elif op == "symlink":
            hit = os.path.islink(path)
        elif op == "hardlink":
            hit = os.path.lexists(to)
        else:
            return False, "unknown op"
        if hit and op in ("create", "mkdir", "symlink"):
            d.note_made(path)
        elif hit and op in ("hardlink", "rename"):
            d.note_made(to)
        return hit, "" if hit else "no effect on the host"
    except OSError as e:
        return False, "host: %s" % e


# ---------------------------------------------------------------- one case
def run_case(opt, case, record=False):
    """-> (failures, start, observations)"""
    fn, dotdir = ADAPTERS[opt.adapter]
    base = tempfile.mkdtemp(prefix=re.sub(r"[^A-Za-z0-9_.-]", "_", case["name"])[:40] + ".",
                            dir=opt.tmp)
    d, socks, fails, seen = Dirs(base, case), [], [], []
    start = "ok"
    want_start = case.get("start", "ok")
    refuse_ok = case.get("refuse_ok", False)
    try:
        materialise(case, d, dotdir, socks)
        env = {k: v for k, v in os.environ.items()
               if k in ("PATH", "LANG", "LC_ALL", "TERM", "USER", "LOGNAME", "SHELL")}
        env.update(HOME=d.home, TMPDIR=d.tmpdir)
        phases = [case.get("probes") or []] + (case.get("restarts") or [])
        for n, probes in enumerate(phases):
            argv, extra = fn(opt, case, d, PROBE_CMD)
            e = dict(env, **extra)
            for k, v in (case.get("env") or {}).items():
                if v is None:
                    e.pop(k, None)
                else:
                    e[k] = d.expand(v)
            log = os.path.join(base, "stderr.%d" % n)
            sb = Sandbox(argv, e, log)
            up = sb.started()
            if not up:
                status = sb.close()
                said = slurp(log).decode("utf-8", "replace").strip()
                if n == 0:
                    start = "refuse"
                    # A refusal is a decision, not a crash: status 125 and a reason that a person can read.
                    if (status != 125 or "ambit: error:" not in said):
                        fails.append("start: ended with status %s instead of a refusal (125 and "
                                     "'ambit: error: ...'): %s" % (status, said[-300:]))
                    if want_start == "ok" and not refuse_ok and not record:
                        fails.append("start: refused: " + slurp(log).decode("utf-8", "replace").strip()[-600:])
                    break
                fails.append("restart %d: refused" % n)
                break
            if n == 0 and want_start == "refuse" and not record:
                fails.append("start: the command ran, but the policy had to be refused")
            for i, pr in enumerate(probes):
                allowed, why = run_probe(sb, d, pr)
                got = "allow" if allowed else "deny"
                seen.append((n, i, got, why))
                want = pr.get("expect")
                if want and got != want and not record:
                    fails.append("probe %d.%d %s %s: %s, wanted %s%s" % (
                        n, i, pr["op"], pr["path"] + (" -> " + pr["to"] if pr.get("to") else ""),
                        got, want, " (%s)" % why if why else ""))
            sb.close()
        err = b"".join(slurp(os.path.join(base, f)) for f in sorted(os.listdir(base))
                       if f.startswith("stderr.")).decode("utf-8", "replace")
        for pat in case.get("stderr_mentions") or []:
            if not re.search(d.expand(pat), err, re.I | re.S):
                fails.append("stderr does not mention /%s/" % pat)
        for h in case.get("host_after") or []:
            there = os.path.lexists(d.path(h["path"]))
            if there != h["exists"]:
                fails.append("host afterwards: %s %s" % (h["path"], "exists" if there else "is gone"))
        if opt.verbose:
            sys.stderr.write("---- %s stderr:\n%s" % (case["name"], d.expand(err)))
    except Exception as e:                                   # a broken case must not stop the run
        fails.append("runner: %s: %s" % (type(e).__name__, e))
    finally:
        for s in socks:
            s.close()
        if not opt.keep:
            d.remove()
    return fails, start, seen


def find_cases(paths, strict):
    for p in paths:
        if os.path.isfile(p):
            yield p
            continue
        for r, ds, fs in os.walk(p):
            ds.sort()
            if not strict:
                ds[:] = [x for x in ds if x != "strict"]
            for f in sorted(fs):
                if f.endswith(".json"):
                    yield os.path.join(r, f)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--adapter", choices=sorted(ADAPTERS), default="ambit")
    ap.add_argument("--bin", help="program under test")
    ap.add_argument("--filter", help="only cases whose name contains this")
    ap.add_argument("--tmp", default="/var/tmp/ambit-corpus-%d" % os.getuid(), help="where fixtures go (not under /tmp)")
    ap.add_argument("--no-strict", action="store_true", help="do not descend into strict/")
    ap.add_argument("--keep", action="store_true", help="leave the fixtures")
    ap.add_argument("-j", type=int, default=2)
    ap.add_argument("-v", "--verbose", action="store_true")
    ap.add_argument("paths", nargs="+", metavar="DIR")
    opt = ap.parse_args()
    os.makedirs(opt.tmp, exist_ok=True)
    cases, skipped = [], 0
    for f in find_cases(opt.paths, not opt.no_strict):
        with open(f, encoding="utf-8") as fh:
            case = json.load(fh)
        if opt.filter and opt.filter not in case["name"]:
            continue
        if UNSUPPORTED[opt.adapter] & {k for k, v in case.items() if v}:
            skipped += 1
            continue
        cases.append((f, case))
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, opt.j)) as ex:
        for (f, case), (fails, _, _) in zip(cases, ex.map(lambda c: run_case(opt, c[1]), cases)):
            if fails:
                failed += 1
                print("FAIL %s (%s)" % (case["name"], os.path.basename(f)))
                for x in fails:
                    print("     " + x.replace("\n", "\n     "))
            else:
                passed += 1
    if skipped:
        print("%d skipped" % skipped)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
