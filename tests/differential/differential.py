#!/usr/bin/env python3
"""Asks four what a profile allows, on random small trees, until two of them disagree.

  model    model.py, a slow reading of the profile language
  decide   policy::Decide, through decide_tool
  explain  `ambit explain --json`
  kernel   open(2) in a real sandbox, through `ambit run` and prober

Usage: differential.py [--trees N] [--seed S] [--first I] [--jobs J] [--keep]

The programs are AMBIT_BIN, AMBIT_PROBER and AMBIT_DECIDE. The tree number I of a seed is always the
same. The first disagreement is shrunk and printed as a shell script; --keep leaves its tree behind.
"""
import argparse
import collections
import errno
import json
import multiprocessing
import os
import random
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import cases  # noqa: E402
import host  # noqa: E402
from model import (  # noqa: E402
    NONE, READ, WRITE, Model, Real, Refused, Unclear, at_or_below, parent)

AMBIT, PROBER, DECIDE = (os.path.abspath(os.environ.get(name, default)) for name, default in (
    ("AMBIT_BIN", "build/dev/src/cli/ambit"),
    ("AMBIT_PROBER", "build/dev/tests/differential/prober"),
    ("AMBIT_DECIDE", "build/dev/tests/differential/decide_tool")))
WORDS = {"deny": NONE, "read": READ, "write": WRITE}
HIDDEN = (errno.EACCES, errno.ENOENT, errno.EPERM)
NOT_WRITABLE = HIDDEN + (errno.EROFS, errno.EBUSY)
REFUSED = 125
LIMIT = 60  # seconds after which a program counts as hanging
FRESH = "zz-fresh-probe"  # what prober makes in a directory


class Disagreement(Exception):
    """`kind` says what is wrong without saying where."""

    def __init__(self, text, kind=None):
        super().__init__(text)
        self.kind = kind or text.split(":")[0]


class Skipped(Exception):
    pass


class Question:
    """A name of the tree, perhaps through links, and where it leads."""

    def __init__(self, path):
        self.path, self.real = path, Real(path)
        self.info = os.stat(path)
        self.plain = path == self.real.path


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
        return subprocess.run(argv, cwd=self.cwd, env=dict(self.env, PWD=self.cwd),
                              input=questions, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=LIMIT)

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

    # -- the four --

    def model(self):
        return Model(cases.setup(self.case, self.top, self.programs))

    def decide(self, questions):
        p = self.start([DECIDE, "explain", *self.options, "--read", "/"],
                       b"".join(os.fsencode(q.real.path) + b"\0" for q in questions))
        if p.returncode == REFUSED:
            raise Refused(message(p))
        self.check(p.returncode == 0, "decide_tool", p)
        return [WORDS[line] for line in p.stdout.decode().split()]

    def explain(self, questions):
        asked = [x for q in questions for x in ("--read", q.path, "--write", q.path)]
        p = self.start([AMBIT, "explain", "--json", *self.options, *asked])
        if p.returncode == REFUSED:
            raise Refused(message(p))
        self.check(p.returncode in (0, 1), "ambit explain", p)
        answers = json.loads(p.stdout.decode("utf-8", "surrogateescape"))["answers"]
        levels = []
        for read, write in zip(answers[::2], answers[1::2]):
            levels.append(int(read["allowed"]) + int(write["allowed"]))
            if write["allowed"] and not read["allowed"]:
                raise Disagreement("explain allows to write but not to read " + write["asked"])
        return levels

    def kernel(self, questions):
        text = b"".join(kind + os.fsencode(q.path) + b"\0" for q in questions
                        for kind in (b"r", b"w"))
        p = self.start([AMBIT, "run", *self.options, "--", self.programs + "/prober"], text)
        if p.returncode == REFUSED:
            raise Refused(message(p))
        self.check(p.returncode == 0, "ambit run", p)
        lines = p.stdout.decode().split("\n")[:-1]
        self.check(len(lines) == 2 * len(questions), "ambit run", p)
        return [line.split(" ") for line in lines]

    @staticmethod
    def check(good, what, p):
        if not good:
            raise Disagreement("%s ended with %d: %s" % (what, p.returncode, message(p)))


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
    decided, no_policy = answer_or_refusal(run.decide, questions)
    explained, no_answer = answer_or_refusal(run.explain, questions)
    before = snapshot(run.top)
    opened, no_start = answer_or_refusal(run.kernel, questions)
    if snapshot(run.top) != before:
        raise Disagreement("the tree has changed")

    refusals = {"model": reason, "decide": no_policy, "explain": no_answer, "run": no_start}
    if any(r is not None for r in refusals.values()):
        if all(r is not None for r in refusals.values()):
            return {"refused": 1}
        raise Disagreement("\n".join(
            ["not all refuse to start:"] +
            ["  %-8s %s" % (who, "starts" if why is None else why)
             for who, why in refusals.items()]),
            "refusal: " + " ".join(who for who, why in refusals.items() if why is not None))
    for i, q in enumerate(questions):
        compare_one(model, q, decided[i], explained[i], opened[2 * i], opened[2 * i + 1])
    return {"compared": 1, "questions": 2 * len(questions)}


def compare_one(model, q, decided, explained, read, write):
    where = q.real.path
    any_answer = any(at_or_below(where, p) for p in model.any_answer)
    expected = decided if any_answer else model.access(where)
    problems = []
    if not expected == decided == explained:
        problems.append("the rules")
    # A link is there only if its directory is, or a grant made it anew.
    certain = all(model.access(parent(x)) != NONE for x in q.real.crossed)
    readable, fault = seen(q, read, model)
    if fault or (readable and expected == NONE) or (not readable and certain and expected != NONE):
        problems.append(fault or "what is read")
    ours = changed(q, write)
    if stat.S_ISFIFO(q.info.st_mode) and expected == READ:
        ours = False  # a read-only mount does not keep a fifo from being written to
    fresh = stat.S_ISDIR(q.info.st_mode) and \
        model.name_is_matched(where.rstrip("/") + "/" + FRESH)
    if (ours and expected != WRITE) or \
            (not ours and certain and expected == WRITE and not fresh and
             os.access(where, os.W_OK)):
        problems.append("what is written")
    if write[0] == "e" and int(write[1]) not in NOT_WRITABLE:
        problems.append("errno")
    if problems:
        raise Disagreement(
            "%s at %r (leads to %r):\n  model %s, decide %s, explain %s\n"
            "  kernel: read %s, write %s" % (
                " and ".join(problems), q.path, where, word(model.access(where)), word(decided),
                word(explained), described(read), described(write)), " and ".join(problems))


def word(level):
    return ("deny", "read", "write")[level]


def described(answer):
    if answer[0] == "e":
        return os.strerror(int(answer[1]))
    return "ok " + " ".join(answer)


def same_file(q, answer):
    return (int(answer[1]), int(answer[2])) == (q.info.st_dev, q.info.st_ino)


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
            below = os.path.join(q.real.path, name)
            ways = [model.cwd] + [x for e in model.entries for x in e.real.crossed] + \
                [path for path, level in model.rules.items() if level != NONE]
            if not os.path.islink(below) and not any(at_or_below(way, below) for way in ways):
                return False, "a name that nothing leads to"
        return False, ""
    if answer[0] == "d":
        hidden = set(os.listdir(q.real.path)) ^ set(names(answer))
        return True, "the names in it" if hidden else ""
    if answer[0] == "f":
        with open(q.path, "rb") as f:
            if f.read(256) != bytes.fromhex(answer[3]):
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
    for part in ("managed", "roots", "inherited", "entries", "nodes"):
        for i in reversed(range(len(case[part]))):
            items = case[part][:i] + case[part][i + 1:]
            if part == "nodes" and case["nodes"][i][0] in (case["cwd"], "h"):
                continue
            if part == "nodes":
                gone = case["nodes"][i][0]
                items = [n for n in items if not n[0].startswith(gone + "/")]
            yield dict(case, **{part: items})
    for key, value in (("depth", None), ("tmpdir", None), ("cwd", "w")):
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
    out.append("cd %s/%s && HOME=%s/h %sambit run --config-home %s%s -P p -- sh" % (
        top, case["cwd"], top, tmpdir, conf, extra))
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
    counts = collections.Counter()
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


def main():
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
