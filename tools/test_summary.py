#!/usr/bin/env python3
"""Adds up what ctest ran.

    test_summary.py LABEL=JUNIT.xml [LABEL=JUNIT.xml ...]

Reads the files that `ctest --output-junit` wrote. A test whose output ends with a line
"N passed, N failed, N skipped" counts for that many; any other test counts for one. Prints the
skips with their reasons, then what failed, its tests inside and the end of what it said, then the
total, so that the last lines of a long run tell what went wrong. Exits 1 when something failed or nothing ran.
"""
import collections
import re
import sys
import xml.etree.ElementTree as ElementTree

TOTAL = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
SKIP_LINE = re.compile(r"^SKIP (.+?): (.+)$", re.M)
# GoogleTest prints the reason on the line after "file:line: Skipped".
GTEST_REASON = re.compile(r": Skipped\n(.+)$", re.M)
# What unittest and GoogleTest say of one test of a program.
FAILED_INSIDE = re.compile(r"^(?:FAIL|ERROR): (\S+ \([^)]*\).*)$|^\[  FAILED  \] (\S+\.\S+)", re.M)
LINES_OF_A_FAILURE = 30


def read(path):
    """-> ([passed, failed, skipped], [(test, reason)], [(failed test, output)]"""
    counts, skips, failures = [0, 0, 0], [], []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        # GoogleTest adds the bytes of a parameter it cannot print.
        name = case.get("name").split("  # GetParam()")[0]
        output = case.findtext("system-out") or ""
        # ctest also says "skipped" of a test whose program is missing; that is a failure.
        skip = case.find("skipped")
        skipped = skip is not None and skip.get("message", "").startswith("SKIP_")
        failed = not skipped and case.get("status") != "run"
        totals = TOTAL.findall(output)
        if totals and not skipped:
            inside = [int(n) for n in totals[-1]]
            if failed and not inside[1]:
                inside[1] = 1  # it ended badly after its last line
            counts = [a + b for a, b in zip(counts, inside)]
            skips += SKIP_LINE.findall(output)
        else:
            counts[1 if failed else 2 if skipped else 0] += 1
        if skipped:
            said = SKIP_LINE.findall(output)
            reason = said[-1][1] if said else "; ".join(GTEST_REASON.findall(output))
            skips.append((name, reason or "no reason given"))
        if failed:
            failures.append((name, output))
    return counts, skips, failures


def names_inside(output):
    """Which tests of a program failed, each once, as ": A, B"; "" when it does not say."""
    names = dict.fromkeys(one or other for one, other in FAILED_INSIDE.findall(output))
    return ": " + ", ".join(names) if names else ""


def end_of(output):
    """The last lines of a test's output but for its skips, indented."""
    lines = [line for line in output.splitlines() if line.strip() and not SKIP_LINE.match(line)]
    return "".join("    %s\n" % line for line in lines[-LINES_OF_A_FAILURE:])


def main(arguments):
    total, failed = [0, 0, 0], []
    for argument in arguments:
        label, path = argument.split("=", 1)
        counts, skips, failures = read(path)
        total = [a + b for a, b in zip(total, counts)]
        print("as %s: %d passed, %d failed, %d skipped" % (label, *counts))
        failed += [("%s as %s" % (name, label), output) for name, output in failures]
        reasons = collections.defaultdict(list)
        for name, reason in skips:
            reasons[reason].append(name)
        for reason, names in sorted(reasons.items()):
            print("  skipped %d (%s): %s" % (
                len(names), reason, ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")))
    for name, output in failed:
        print("failed: %s%s\n%s" % (name, names_inside(output), end_of(output)), end="")
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or any("=" not in a for a in sys.argv[1:]):
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
