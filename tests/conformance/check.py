#!/usr/bin/env python3
"""Runs the corpus and compares the outcome with expected_failures.txt.

    check.py --bin PATH [--engine NAME] [-j N] [--filter TEXT] [--list]

A case fails when it goes wrong and is not on the list, and also when it is on the list and goes
right: then its line has to go, so the list only gets shorter. A line that begins with "ENGINE:"
counts for that engine only; net/ is asked once, without an engine. `--list` prints the names of all
cases that go wrong and changes nothing.
"""
import argparse
import concurrent.futures
import glob
import hashlib
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import host  # noqa: E402
import run_corpus  # noqa: E402
import run_net_corpus  # noqa: E402


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def read_list(path, engine):
    """-> {name: reason} of the expected failures of an engine."""
    expected = {}
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            name, _, reason = (part.strip() for part in line.partition("#"))
            if not name:
                continue
            if not reason or name in expected:
                sys.exit("%s:%d: error: '%s' %s" % (
                    path, number, name, "is listed twice" if reason else "needs a reason after '#'"))
            expected[name] = reason
    prefix = (engine or "native") + ":"
    own = {name.removeprefix(prefix): why for name, why in expected.items()
           if name.startswith(("net/", prefix)) or ":" not in name}
    return {name: why for name, why in own.items() if not engine or not name.startswith("net/")}


def use_engine(engine):
    """Makes the runner say which engine it wants."""
    plain, folder = run_corpus.ADAPTERS["ambit"]

    def adapter(opt, case, d, cmd):
        argv, env = plain(opt, case, d, cmd)
        return argv[:2] + ["--engine", engine] + argv[2:], env

    run_corpus.ADAPTERS["ambit"] = (adapter, folder)


def net_name(stem, case):
    """net/ cases have no names; their content names them, so inserting one renames no other."""
    text = json.dumps(case, sort_keys=True, ensure_ascii=False)
    return "net/%s:%s" % (stem, hashlib.sha256(text.encode()).hexdigest()[:8])


def run_files(opt, pool):
    """Yields (name, list of faults) for every case of fs/."""
    cases = [load(path) for path in run_corpus.find_cases([os.path.join(HERE, "fs")], True)]
    cases = [c for c in cases if opt.filter in c["name"]]
    for case, (faults, _, _) in zip(cases, pool.map(lambda c: run_corpus.run_case(opt, c), cases)):
        yield case["name"], faults


class NetRunner:
    """Asks the questions of net/, each with a config home of its own profile."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.work = os.path.join(folder, "work")
        os.mkdir(self.work)
        self.homes = {}

    def home(self, case):
        text = run_net_corpus.config(case)
        if text not in self.homes:
            home = os.path.join(self.folder, "home%d" % len(self.homes))
            os.mkdir(home)
            with open(os.path.join(home, "config.toml"), "w", encoding="utf-8") as f:
                f.write(text)
            self.homes[text] = home
        return self.homes[text]

    def run(self, case):
        fault = run_net_corpus.run(self.binary, self.home(case), self.work, case)
        return [fault] if fault else []


def run_network(opt, pool):
    """Yields (name, list of faults) for every case of net/."""
    with tempfile.TemporaryDirectory(prefix="ambit-net-", dir="/var/tmp") as folder:
        runner = NetRunner(opt.bin, folder)
        for path in sorted(glob.glob(os.path.join(HERE, "net", "*.json"))):
            stem = os.path.splitext(os.path.basename(path))[0]
            cases = [(net_name(stem, c), c) for c in load(path)]
            cases = [c for c in cases if opt.filter in c[0]]
            for _, case in cases:
                runner.home(case)  # before the threads
            yield from zip((n for n, _ in cases), pool.map(runner.run, (c for _, c in cases)))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--engine")
    ap.add_argument("-j", type=int, default=2)
    ap.add_argument("--filter", default="")
    ap.add_argument("--list", action="store_true")
    opt = ap.parse_args()
    opt.bin = os.path.abspath(opt.bin)
    opt.adapter, opt.verbose, opt.keep = "ambit", False, False
    expected = {} if opt.list else read_list(os.path.join(HERE, "expected_failures.txt"),
                                              opt.engine)
    if opt.engine:
        use_engine(opt.engine)
    if not os.access(opt.bin, os.X_OK):
        sys.exit("check.py: error: '%s' is not a program" % opt.bin)

    reason = host.why_no_engine(opt.engine)
    passed, failed, skipped = 0, 0, []
    seen = set()
    with tempfile.TemporaryDirectory(prefix="ambit-corpus-", dir="/var/tmp") as opt.tmp, \
            concurrent.futures.ThreadPoolExecutor(max(1, opt.j)) as pool:
        outcomes = [] if reason else list(run_files(opt, pool))
        outcomes += [] if opt.engine else run_network(opt, pool)
    for name, faults in outcomes:
        seen.add(name)
        listed = name in expected
        if opt.list:
            if faults:
                print("%s  # %s" % (name, faults[0].splitlines()[0][:150]))
            failed += bool(faults)
            passed += not faults
        elif faults and listed:
            skipped.append((name, "not expected to pass yet: " + expected[name]))
        elif faults:
            failed += 1
            print("FAIL %s\n     %s" % (name, "\n     ".join("\n".join(faults).splitlines())))
        elif listed:
            failed += 1
            print("FAIL %s\n     passes now: remove it from expected_failures.txt" % name)
        else:
            passed += 1
    if not reason and not opt.filter:
        for name in sorted(set(expected) - seen):
            failed += 1
            print("FAIL %s\n     is in expected_failures.txt, but there is no such case" % name)
    if reason:
        skipped.append(("fs", reason))
    for name, why in skipped:
        print("SKIP %s: %s" % (name, why))
    print("%d passed, %d failed, %d skipped" % (passed, failed, len(skipped)))
    return 1 if failed or (not passed and not reason) else 0


if __name__ == "__main__":
    sys.exit(main())
