#!/usr/bin/env python3
"""Compares, or renews, our copy of the corpus with the directory it is developed in.

    sync.py --check SOURCE     names the cases that differ; exit 1 if there are any
    sync.py --write SOURCE     copies them here

Only what a case asks and expects is compared: the sentence in "about" is ours, and what the source
records of other programs' behaviour is left out.
"""
import argparse
import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def file_case(case):
    """A case of fs/ as we keep it."""
    ours = {k: v for k, v in case.items() if k not in ("note", "peer_start")}
    strip = lambda probes: [{k: v for k, v in p.items() if k != "peer"} for p in probes]  # noqa: E731
    ours["probes"] = strip(case["probes"])
    if case.get("restarts"):
        ours["restarts"] = [strip(probes) for probes in case["restarts"]]
    return ours


def net_case(case):
    """A case of net/ as we keep it: the question and the one answer that is right."""
    ours = {k: case[k] for k in ("allow", "deny", "allow_local_binding", "request", "lab_dns")
            if k in case}
    ours["expect"] = case.get("recommend") or case["expect"]
    return ours


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def dump_file_case(case):
    return json.dumps(case, indent=1, ensure_ascii=False) + "\n"


def dump_net_cases(cases):
    return "[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n"


def names(folder):
    return {os.path.relpath(p, folder)
            for p in glob.glob(os.path.join(folder, "fs", "**", "*.json"), recursive=True) +
            glob.glob(os.path.join(folder, "net", "*.json"))}


def differences(source):
    """Yields (name, what is wrong, text our file should have or None)."""
    for name in sorted(names(source) | names(HERE)):
        theirs, ours = os.path.join(source, name), os.path.join(HERE, name)
        if not os.path.exists(theirs):
            yield name, "is no longer in the source", None
            continue
        if name.startswith("net"):
            want = [net_case(c) for c in load(theirs)]
            text, have = dump_net_cases(want), load(ours) if os.path.exists(ours) else None
        else:
            want, have = file_case(load(theirs)), load(ours) if os.path.exists(ours) else None
            if have is not None:
                want["about"] = have["about"]
            text = dump_file_case(want)
        if have is None:
            yield name, "is missing here", text
        elif have != want:
            yield name, "differs", text


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = ap.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--write", action="store_true")
    ap.add_argument("source")
    opt = ap.parse_args()
    found = list(differences(opt.source))
    for name, what, text in found:
        print("%s %s" % (name, what))
        if not opt.write:
            continue
        if text is None:
            os.unlink(os.path.join(HERE, name))
            continue
        os.makedirs(os.path.dirname(os.path.join(HERE, name)), exist_ok=True)
        with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
            f.write(text)
    return 1 if found and opt.check else 0


if __name__ == "__main__":
    sys.exit(main())
