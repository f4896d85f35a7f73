#!/usr/bin/python3
"""What live rules cost real work: each job without a sandbox, under ":workspace", and under a
profile that also denies "**/*.env".

    bench/workloads.py --ambit build/release/src/cli/ambit [--rounds N] [--only JOB]

Every round runs a job once each way, one after the other, so that a busy moment of the machine hits
all of them; starting the sandbox is part of the time. A ratio is that of the medians. A job whose
tool is missing is left out with the reason. Works in a fresh directory of /var/tmp and removes it.

    git     git status in a repository of 14 000 files
    gcc     12 C files that include most of the standard library
    g++     one C++ file with <regex>, <thread>, <map>
    npm     npm install of express, eslint and typescript from a full cache, offline; what was installed
            is put aside, not removed, for ext4 is slow to make files where many have just gone
    rg      ripgrep over the 14 000 files
"""
import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

FILES, DIRECTORIES = 14_000, 700
PACKAGES = {"express": "4.19.2", "eslint": "8.57.0", "typescript": "5.4.5"}
C_HEADERS = ("stdio stdlib string math time signal errno ctype locale unistd fcntl pthread "
             "sys/socket sys/stat sys/types netinet/in netdb poll").split()
CONFIG = """[permissions.live]
extends = ":workspace"
[permissions.live.filesystem.":workspace_roots"]
"**/*.env" = "deny"
"""


class Missing(Exception):
    """What a job needs is not there."""


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Missing(f"'{program}' is not installed")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run(argv, cwd, **more):
    return subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False, **more)


def make_repository(top):
    for i in range(FILES):
        write(f"{top}/d{i % DIRECTORIES}/f{i}.txt", f"line {i}\nneedle {i % 50}\n")
    write(f"{top}/.env", "SECRET=1\n")
    for argv in (["git", "init", "-q"], ["git", "add", "."],
                 ["git", "-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qm", "b"]):
        run(argv, top)


def git(top):
    need("git")
    make_repository(top)
    return ["git", "status"], None


def rg(top):
    need("rg")
    make_repository(top)
    return ["rg", "-c", "needle 7$"], None


def gcc(top):
    need("gcc")
    includes = "".join(f"#include <{name}.h>\n" for name in C_HEADERS)
    for i in range(12):
        write(f"{top}/s{i}.c", includes + f"int f{i}(void) {{ return {i}; }}\n")
    return ["sh", "-c", "for f in s*.c; do gcc -O1 -c $f || exit 1; done"], None


def gxx(top):
    need("g++")
    write(f"{top}/s.cc", "#include <map>\n#include <regex>\n#include <string>\n#include <thread>\n"
                         "bool M(const std::string& s) { return std::regex_match(s, std::regex(\"a+\")); }\n"
                         "void T() { std::thread([] {}).join(); }\n")
    return ["g++", "-O1", "-std=c++17", "-c", "s.cc"], None


def npm(top):
    need("npm")
    wanted = ", ".join(f'"{name}": "{version}"' for name, version in PACKAGES.items())
    write(f"{top}/package.json", f'{{"name": "b", "private": true, "dependencies": {{{wanted}}}}}\n')
    # The lock file has to name what the cache holds, or npm asks for every package's description.
    argv = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
            "--omit-lockfile-registry-resolved=false", "--cache", f"{top}/cache"]
    if run(argv, top).returncode != 0:
        raise Missing("the package registry cannot be reached")
    installed, aside = f"{top}/node_modules", itertools.count()
    return [*argv, "--offline"], lambda: os.rename(installed, f"{top}.{next(aside)}")


JOBS = {"git": git, "gcc": gcc, "g++": gxx, "npm": npm, "rg": rg}


def timed(argv, cwd, before):
    if before is not None:
        before()
    began = time.perf_counter()
    done = run(argv, cwd)
    spent = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"workloads.py: {' '.join(argv)}: {done.stderr.decode(errors='replace').strip()}")
    return spent


def measure(name, ambit, rounds, scratch):
    top = f"{scratch}/{name}"
    os.makedirs(top)
    argv, before = JOBS[name](top)
    sandbox = [ambit, "run", "--config-home", scratch]
    ways = {"none": argv, ":workspace": [*sandbox, "-P", ":workspace", "--", *argv],
            "live": [*sandbox, "-P", "live", "--", *argv]}
    times = {way: [] for way in ways}
    for _ in range(rounds):
        for way, command in ways.items():
            times[way].append(timed(command, top, before))
    none, workspace, live = (statistics.median(times[way]) for way in ways)
    print(f"{name:<6}{none * 1e3:>10.1f}{workspace * 1e3:>12.1f}{live * 1e3:>10.1f}"
          f"{workspace / none:>12.2f}{live / none:>8.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ambit", required=True, help="the program to measure")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=JOBS, help="one job alone")
    options = parser.parse_args()
    ambit = os.path.abspath(options.ambit)
    scratch = tempfile.mkdtemp(prefix="ambit-bench-", dir="/var/tmp")
    write(f"{scratch}/config.toml", CONFIG)
    print(f"{'ms':<6}{'none':>10}{':workspace':>12}{'live':>10}{':workspace':>12}{'live':>8}  x none")
    try:
        for name in [options.only] if options.only else JOBS:
            try:
                measure(name, ambit, options.rounds, scratch)
            except Missing as reason:
                print(f"{name:<6}left out: {reason}", flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
