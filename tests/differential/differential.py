#!/usr/bin/env python3
"""Asks four what a profile allows, on random small trees, until two of them disagree.

  model    model.py, a slow reading of the profile language
  decide   policy::Decide, through decide_tool
  explain  `ambit explain --json`
  kernel   system calls in a real sandbox, through `ambit run` and prober

They are asked about all that is there and, where rules are live, about what is made, moved, linked
and changed while the command runs, by itself or by the host (asks.py).

Usage: differential.py [--trees N] [--seed S] [--first I] [--jobs J] [--keep]

The programs are AMBIT_BIN, AMBIT_PROBER and AMBIT_DECIDE. The tree number I of a seed is always the
same. The first disagreement is shrunk and printed as a shell script; --keep leaves its tree behind.
"""
import argparse
import collections
import json
import multiprocessing
import os
import random
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import cases  # noqa: E402
import host  # noqa: E402
from asks import (  # noqa: E402
    FRESH, HIDDEN, NOT_WRITABLE, Host, Question, certain, is_closed, make_ask)
from model import NONE, READ, WRITE, Model, Refused, Unclear, at_or_below, parent  # noqa: E402

AMBIT, PROBER, DECIDE = (os.path.abspath(os.environ.get(name, default)) for name, default in (
    ("AMBIT_BIN", "build/dev/src/cli/ambit"),
    ("AMBIT_PROBER", "build/dev/tests/differential/prober"),
    ("AMBIT_DECIDE", "build/dev/tests/differential/decide_tool")))
WORDS = {"deny": NONE, "read": READ, "write": WRITE}
REFUSED = 125
LIMIT = 200  # seconds after which a program counts as hanging


class Disagreement(Exception):
    """`kind` says what is wrong without saying where."""

    def __init__(self, text, kind=None):
        super().__init__(text)
        self.kind = kind or text.split(":")[0]


class Skipped(Exception):
    pass


class Run:
    """One case on the disk."""

    def __init__(self, case, base):
        self.case, self.base = case, base
        self.programs = os.path.join(base, "bin")
        self.top = os.path.join(base, "tree")
        self.conf = os.path.join(base, "conf")
        for d in (self.top, self.conf):
            shutil.rmtree(d, ignore_errors=True)
            os.mkdir(d)
        cases.build(case, self.top)
        self.config = cases.profile_text(case, self.top, self.programs)
        self._write("config.toml", self.config)
        self._write("system.toml", "")
        self.options = ["--config-home", self.conf, "--system-config", self.conf + "/system.toml",
                        "--quiet", "-P", "p"]
        if case["managed"]:
            self.requirements = cases.requirements_text(case, self.top)
            self._write("requirements.toml", self.requirements)
            self.options += ["--requirements", self.conf + "/requirements.toml"]
        # What ambit records of denials would be a change of the tree.
        self.env = {"PATH": "/usr/bin:/bin", "HOME": self.top + "/h", "LANG": "C.UTF-8",
                    "XDG_STATE_HOME": base + "/state"}
        if case["tmpdir"]:
            self.env["TMPDIR"] = self.top + "/" + case["tmpdir"]
        self.cwd = self.top + "/" + case["cwd"]

    def _write(self, name, text):
        with open(os.path.join(self.conf, name), "w", encoding="utf-8") as f:
            f.write(text)

    def start(self, argv, questions=b""):
        signal.alarm(LIMIT)
        try:
            return subprocess.run(argv, cwd=self.cwd, env=dict(self.env, PWD=self.cwd),
                                  input=questions, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        finally:
            signal.alarm(0)

    # -- the questions --

    def questions(self):
        out = []
        for folder, folders, files in os.walk(self.top):
            for name in sorted(folders + files):
                path = os.path.join(folder, name)
                self._ask(path, out)
                if os.path.islink(path) and os.path.isdir(path):
                    for below in sorted(os.listdir(path)):
                        self._ask(os.path.join(path, below), out)
        self._ask(self.top, out)
        return out

    @staticmethod
    def _ask(path, out):
        try:
            question = Question(path)
        except OSError:
            return  # dangling or a loop: there is nothing to read
        if not question.real.loop:
            out.append(question)

    def asks(self, model):
        out = []
        for kind, path, second in self.case["asks"]:
            if second and kind not in ("inside", "hostdir"):
                second = self.top + "/" + second
            ask = make_ask(kind, self.top + "/" + path, second)
            if ask.useful(model):
                out.append(ask)
        return out

    def aliases(self):
        """Of files with several names all names, by identity."""
        out = collections.defaultdict(list)
        for folder, _, files in os.walk(self.top):
            for name in files:
                info = os.lstat(os.path.join(folder, name))
                if info.st_nlink > 1:
                    out[info.st_dev, info.st_ino].append(os.path.join(folder, name))
        return out

    # -- the four --

    def model(self):
        return Model(cases.setup(self.case, self.top, self.programs))

    def decide(self, places):
        p = self.start([DECIDE, "explain", *self.options, "--read", "/"],
                       b"".join(os.fsencode(x) + b"\0" for x in places))
        if p.returncode == REFUSED:
            raise Refused(message(p))
        self.check(p.returncode == 0, "decide_tool", p)
        return dict(zip(places, (WORDS[line] for line in p.stdout.decode().split())))

    def explain(self, paths):
        asked = [x for path in paths for x in ("--read", path, "--write", path)]
        p = self.start([AMBIT, "explain", "--json", *self.options, *asked])
        if p.returncode == REFUSED:
            raise Refused(message(p))
        self.check(p.returncode in (0, 1), "ambit explain", p)
        answers = json.loads(p.stdout.decode("utf-8", "surrogateescape"))["answers"]
        levels = {}
        for path, read, write in zip(paths, answers[::2], answers[1::2]):
            levels[path] = int(read["allowed"]) + int(write["allowed"])
            if write["allowed"] and not read["allowed"]:
                raise Disagreement("explain allows to write but not to read " + write["asked"])
        return levels

    def kernel(self, questions, asks):
        """(answers to read and write each of the questions, answers to the asks); the questions of
        what the host makes are answered in `told` of their asks."""
        engine = self.case["engine"] if not host.why_no_landlock_engine() else "native"
        talk = Talk([AMBIT, "run", "--engine", engine, *self.options, "--",
                     self.programs + "/prober"], self)
        signal.alarm(LIMIT)
        try:
            first = [a for a in asks if a.phase == 1]
            lines = talk.say([open_both(q) for q in questions] + [a.send() for a in first])
            answers = [lines[2 * i:2 * i + 2] for i in range(len(questions))]
            told = dict(zip(first, lines[2 * len(questions):]))
            self._meet_the_host(talk, [a for a in asks if a.phase == 2])
            for ask in [a for a in asks if a.phase == 3]:
                told[ask], = talk.say([ask.send()])
                ask.restore(told[ask])
            p = talk.end()
            self.check(p.returncode == 0, "ambit run", p)
        except Silent:
            p = talk.end()
            if p.returncode == REFUSED:
                raise Refused(message(p)) from None
            raise Disagreement("ambit run ended with %d: %s" % (p.returncode, message(p))) from None
        except BaseException:
            talk.p.kill()
            raise
        finally:
            signal.alarm(0)
        return answers, told

    def _meet_the_host(self, talk, asks):
        taken = set()
        try:
            for i, ask in enumerate(asks):
                if ask.useful(None) and ask.name.where not in taken:
                    taken.add(ask.name.where)
                    ask.prepare("%s/aside-%d" % (self.base, i))
            lines = talk.say([open_both(q) for a in asks for q in a.questions])
        finally:
            for ask in reversed(asks):
                ask.restore()
        for ask in asks:
            ask.told = [lines.pop(0) for _ in range(2 * len(ask.questions))]

    @staticmethod
    def check(good, what, p):
        if not good:
            raise Disagreement("%s ended with %d: %s" % (what, p.returncode, message(p)))


def open_both(q):
    return b"".join(kind + os.fsencode(q.path) + b"\0" for kind in (b"r", b"w"))


class Silent(Exception):
    """Nobody answers any more."""


class Talk:
    """Questions to a prober that runs, and its answers."""

    def __init__(self, argv, run):
        self.p = subprocess.Popen(argv, cwd=run.cwd, env=dict(run.env, PWD=run.cwd),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, pipesize=1 << 20)

    def say(self, questions):
        """The answers, split. All fits into the pipes, so that neither side waits for the other."""
        try:
            self.p.stdin.write(b"".join(questions) + b"=\0")
            self.p.stdin.flush()
        except BrokenPipeError:
            raise Silent from None
        out = []
        for line in self.p.stdout:
            if line == b"=\n":
                return out
            out.append(line.decode().rstrip("\n").split(" "))
        raise Silent

    def end(self):
        """As subprocess.run would have it."""
        _, err = self.p.communicate()
        return subprocess.CompletedProcess(self.p.args, self.p.returncode, b"", err)


def message(p):
    return p.stderr.decode("utf-8", "replace").strip()


def answer_or_refusal(ask, *args):
    """(answers, None) or (None, why it is refused)"""
    try:
        return ask(*args), None
    except Refused as e:
        return None, str(e)


def compare(case, base):
    """Raises Disagreement, or Skipped where the language is not clear. Returns counts."""
    run = Run(case, base)
    if not os.path.isdir(run.cwd):
        raise Skipped("no directory to start in")
    try:
        model, reason = answer_or_refusal(run.model)
    except Unclear as e:
        raise Skipped(str(e)) from e
    questions = run.questions()
    asks = run.asks(model) if model else []
    places = [q.where for q in questions] + [n.where for a in asks for n in a.names]
    names = {n.path: n for a in asks for n in a.new}
    decided, no_policy = answer_or_refusal(run.decide, places)
    explained, no_answer = answer_or_refusal(run.explain, [q.path for q in questions] + [*names])
    before = snapshot(run.top)
    told, no_start = answer_or_refusal(run.kernel, questions, asks)
    if snapshot(run.top) != before:
        raise Disagreement("the tree has changed: " + ", ".join(sorted(
            path for path in set(before) ^ set(snapshot(run.top)))))

    refusals = {"model": reason, "decide": no_policy, "explain": no_answer, "run": no_start}
    if any(r is not None for r in refusals.values()):
        if all(r is not None for r in refusals.values()):
            return {"refused": 1}
        raise Disagreement("\n".join(
            ["not all refuse to start:"] +
            ["  %-8s %s" % (who, "starts" if why is None else why)
             for who, why in refusals.items()]),
            "refusal: " + " ".join(who for who, why in refusals.items() if why is not None))
    comparison = Comparison(run, model, decided, explained)
    opened, tried = told
    for q, (read, write) in zip(questions, opened):
        comparison.question(q, read, write)
    for name in {n.where: n for a in asks for n in a.names}.values():
        comparison.name(name, name.path in names)
    for ask in asks:
        comparison.ask(ask, tried.get(ask))
    return {"compared": 1, "live": int(model.live), "landlock": int(case["engine"] != "native"),
            "questions": 2 * len(questions), "asks": len(asks)}


class Comparison:
    """What the four said about one case."""

    def __init__(self, run, model, decided, explained):
        self.model, self.decided, self.explained = model, decided, explained
        self.aliases = run.aliases() if model.live else {}

    def name(self, name, is_new):
        """About a name of which nobody has opened anything."""
        where = name.where
        if self._any_answer(where):
            return
        level = self.model.access(where)
        expected = level
        if is_closed(self.model, name):
            expected = NONE
        if level != self.decided[where] or (is_new and self.explained[name.path] != expected):
            raise Disagreement(
                "the rules at the new name %r (%r):\n  model %s, decide %s, explain %s" % (
                    name.path, where, word(expected), word(self.decided[where]),
                    word(self.explained[name.path]) if is_new else "-"), "the rules at a name")

    def ask(self, ask, answer):
        if isinstance(ask, Host):
            for i, q in enumerate(ask.questions):
                # What is granted in a closed directory is opened only if it is there at the start.
                reached = self.model.access(parent(ask.name.where)) != NONE
                self.question(q, *ask.told[2 * i:2 * i + 2], ask.text(), reached)
            return
        if any(self._any_answer(n.where) for n in ask.names):
            return
        problem = ask.problem(self.model, answer)
        if problem:
            raise Disagreement("%s: %s\n  %s\n  kernel: %s" % (
                problem, ask.text(), "\n  ".join("%r: model %s, decide %s" % (
                    n.where, word(self.model.access(n.where)), word(self.decided[n.where]))
                    for n in ask.names), described(answer)), ask.kind + ": " + problem)

    def _any_answer(self, where):
        return any(at_or_below(where, p) for p in self.model.any_answer)

    def question(self, q, read, write, meanwhile="", reached=True):
        model, where = self.model, q.where
        level = model.access(where)
        decided, explained = self.decided.get(where, level), self.explained.get(q.path)
        if self._any_answer(where):
            level = decided
        expected = NONE if is_closed(model, q) else level
        problems = []
        if decided != level or explained not in (None, expected):
            problems.append("the rules")
        alias = self._alias_is_denied(q)
        if alias:
            expected = NONE
        sure = certain(model, [q]) and alias is not None and q.before is None and reached
        readable, fault = seen(q, read, model)
        if fault or (readable and expected == NONE and alias is not None) or \
                (not readable and sure and expected != NONE):
            problems.append(fault or "what is read")
        ours = changed(q, write)
        if stat.S_ISFIFO(q.info.st_mode) and expected == READ:
            ours = False  # a read-only mount does not keep a fifo from being written to
        fresh = stat.S_ISDIR(q.info.st_mode) and (
            model.name_is_matched(where.rstrip("/") + "/" + FRESH) or
            model.closed_on_the_way(q.path + "/" + FRESH, q.crossed))
        if (ours and alias is not None and (expected != WRITE or (fresh and model.live))) or \
                (not ours and sure and expected == WRITE and not fresh and q.writable):
            problems.append("what is written")
        if write[0] == "e" and int(write[1]) not in NOT_WRITABLE:
            problems.append("errno")
        if problems:
            raise Disagreement(
                "%s at %r (leads to %r)%s:\n  model %s, decide %s, explain %s\n"
                "  kernel: read %s, write %s" % (
                    " and ".join(problems), q.path, where, meanwhile and " after " + meanwhile,
                    word(expected), word(decided), "-" if explained is None else word(explained),
                    described(read), described(write)), " and ".join(problems))

    def _alias_is_denied(self, q):
        """Whether the file has another name that is denied, and is known by it; None: who knows."""
        model, out = self.model, False
        for other in self.aliases.get(q.identity, ()):
            if other != q.where and self._any_answer(other):
                out = None
            if other == q.where or model.access(other) != NONE:
                continue
            named = model.matched_by_name(other) or model.rules.get(other) == NONE or \
                other in model.floor
            if named and model.access(parent(other)) != NONE:
                return True
            out = None
        return out


def word(level):
    return ("deny", "read", "write")[level]


def described(answer):
    if answer[0] == "e":
        return os.strerror(int(answer[1]))
    return "ok " + " ".join(answer)


def same_file(q, answer):
    found = (int(answer[1]), int(answer[2]))
    return found == q.identity or found == q.before


def seen(q, answer, model):
    """(whether what the host has was read, what is wrong with the answer)"""
    if answer[0] == "e":
        number = int(answer[1])
        return False, "" if number in HIDDEN else "errno"
    if not same_file(q, answer):
        # A directory on the way to something open may show that way, and nothing else.
        if answer[0] != "d":
            return False, "a stand-in is read"
        for name in names(answer):
            below = os.path.join(q.where, name)
            ways = [model.cwd] + [x for e in model.entries for x in e.real.crossed] + \
                [path for path, level in model.rules.items() if level != NONE]
            if not os.path.islink(below) and not any(at_or_below(way, below) for way in ways):
                return False, "a name that nothing leads to"
        return False, ""
    if answer[0] == "d":
        hidden = set(q.names) ^ set(names(answer))
        return True, "the names in it" if hidden else ""
    if answer[0] == "f" and q.before is None and q.content != bytes.fromhex(answer[3]):
        return True, "the content"
    return True, ""


def names(answer):
    return [os.fsdecode(bytes.fromhex(x)) for x in answer[3].split(",") if x]


def changed(q, answer):
    return answer[0] != "e" and same_file(q, answer)


def snapshot(top):
    out = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            info = os.lstat(os.path.join(folder, name))
            out[os.path.join(folder, name)] = (info.st_mode, info.st_size, info.st_ino,
                                               info.st_nlink)
    return out


# ---- shrinking ----

def disagreement(case, base):
    """How the four disagree about the case, or None."""
    try:
        compare(case, base)
    except Disagreement as e:
        return e
    except Skipped:
        pass
    return None


def smaller(case):
    """Every case that has one item less."""
    for part in ("asks", "managed", "roots", "inherited", "entries", "nodes"):
        for i in reversed(range(len(case[part]))):
            items = case[part][:i] + case[part][i + 1:]
            if part == "nodes" and case["nodes"][i][0] in (case["cwd"], "h"):
                continue
            if part == "nodes":
                gone = case["nodes"][i][0]
                items = [n for n in items if not n[0].startswith(gone + "/")]
            yield dict(case, **{part: items})
    for key, value in (("depth", None), ("tmpdir", None), ("cwd", "w"), ("mode", (None, None)),
                       ("engine", "native")):
        if case[key] != value:
            yield dict(case, **{key: value})


def shrink(case, base, kind):
    """A case with a disagreement of that kind, of which nothing can be left out."""
    again = True
    while again:
        again = False
        for candidate in smaller(case):
            found = disagreement(candidate, base)
            if found is not None and found.kind == kind:
                case, again = candidate, True
                break
    return case


def script(case, base):
    """The case as a shell script."""
    top, conf = "/var/tmp/ambit-case/tree", "/var/tmp/ambit-case/conf"
    out = ["mkdir -p %s %s && cd %s" % (top, conf, top)]
    for path, kind, text in case["nodes"]:
        path, text = "./" + path, text.replace(cases.TOP, top)
        if kind == "dir":
            out.append("mkdir " + quoted(path))
        elif kind == "file":
            out.append("printf %%s %s >%s" % (quoted(text), quoted(path)))
        elif kind == "link":
            out.append("ln -s -- %s %s" % (quoted(text), quoted(path)))
        elif kind == "hard":
            out.append("ln %s %s" % (quoted("./" + text), quoted(path)))
        else:
            out.append("mkfifo " + quoted(path))
    out.append("cat >%s/config.toml <<'END'\n%s\nEND" % (
        conf, cases.profile_text(case, top, os.path.join(base, "bin"))))
    extra = ""
    if case["managed"]:
        out.append("cat >%s/requirements.toml <<'END'\n%sEND" % (
            conf, cases.requirements_text(case, top)))
        extra = " --requirements %s/requirements.toml" % conf
    tmpdir = "TMPDIR=%s/%s " % (top, case["tmpdir"]) if case["tmpdir"] else ""
    out.append("cd %s/%s && HOME=%s/h %sambit run --engine %s --config-home %s%s -P p -- sh" % (
        top, case["cwd"], top, tmpdir, case["engine"], conf, extra))
    out += ["# %s %s %s" % (kind, path and quoted(path), second and quoted(second))
            for kind, path, second in case["asks"]]
    return "\n".join(out)


def quoted(text):
    try:
        text.encode()
        return shlex.quote(text)
    except UnicodeEncodeError:
        return "$'%s'" % "".join("\\x%02x" % b for b in os.fsencode(text))


# ---- many cases ----

def prepare(base):
    os.mkdir(os.path.join(base, "bin"))
    shutil.copy(PROBER, os.path.join(base, "bin", "prober"))


def case_of(seed, index):
    return cases.make_case(random.Random("%d:%d" % (seed, index)))


def work(seed, indices, stop, results, keep):
    base = tempfile.mkdtemp(prefix="ambit-diff-", dir="/var/tmp")
    counts, index = collections.Counter(), -1
    try:
        prepare(base)
        for index in indices:
            if stop.is_set():
                break
            counts["trees"] += 1
            try:
                counts.update(compare(case_of(seed, index), base))
            except Skipped as e:
                counts["skipped"] += 1
                counts["skipped: " + str(e).split(": ")[0]] += 1
            except Disagreement as e:
                stop.set()
                results.put(("disagreement", index, str(e), *reduced(seed, index, base, e.kind)))
                break
    except Exception as e:  # the test itself is broken: say which tree
        results.put(("broken", index, repr(e), "", ""))
        raise
    finally:
        results.put(("done", counts))
        if keep:
            print("kept: " + base)
        else:
            shutil.rmtree(base, ignore_errors=True)


def reduced(seed, index, base, kind):
    try:
        small = shrink(case_of(seed, index), base, kind)
        return str(disagreement(small, base)), script(small, base)
    except Exception as e:
        return "it cannot be shrunk: %r" % e, ""


def too_long(_signal, _frame):
    raise Disagreement("no answer after %d s" % LIMIT)


def main():
    signal.signal(signal.SIGALRM, too_long)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trees", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first tree")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", action="store_true", help="leave the last trees behind")
    options = parser.parse_args()
    reason = host.why_no_sandbox()
    if reason:
        print("SKIP differential: %s\n0 passed, 0 failed, 1 skipped" % reason)
        return 0

    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    begin = time.monotonic()
    last = options.first + options.trees
    workers = [multiprocessing.Process(target=work, args=(
        options.seed, range(options.first + i, last, options.jobs), stop, results, options.keep))
        for i in range(options.jobs)]
    for w in workers:
        w.start()
    counts, found = collections.Counter(), []
    for _ in workers:
        result = results.get()
        while result[0] != "done":
            found.append(result[1:])
            result = results.get()
        counts.update(result[1])
    for w in workers:
        w.join()

    print("seed %d, trees %d to %d, uid %d, %.0f s" % (
        options.seed, options.first, options.first + counts["trees"] - 1, os.getuid(),
        time.monotonic() - begin))
    for key in sorted(counts):
        print("  %-12s %d" % (key, counts[key]))
    for index, text, small, repro in sorted(found):
        print("\nseed %d, tree %d: %s\n\nat its smallest: %s\n\n%s\n" % (
            options.seed, index, text, small, repro))
    # A generator that is refused or skipped all the time proves nothing.
    thin = not found and options.trees >= 100 and counts["compared"] < options.trees // 3
    if thin:
        print("too few trees were compared")
    failed = len(found) + thin
    print("%d passed, %d failed, 0 skipped" % (0 if failed else 1, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
