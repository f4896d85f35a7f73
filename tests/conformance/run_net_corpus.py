#!/usr/bin/env python3
"""Runs the network-decision corpus against `ambit explain` (python3 stdlib only).

    run_net_corpus.py --bin build/ambit net/domains.json net/patterns-invalid.json

Every case is one profile (allow/deny tables, allow_local_binding) and one destination. The resolver's answer is part of
the case (`lab_dns`), so no name is looked up. Exit 0 of `ambit explain` means allow, 1 deny, 125 a refused profile.
"""
import argparse, concurrent.futures, json, os, subprocess, sys, tempfile


def config(case):
    def table(names, word):
        return "".join("%s = '%s'\n" % (json.dumps(n, ensure_ascii=False), word) for n in names)
    return ("[permissions.p]\nextends = ':workspace'\n[permissions.p.network]\nenabled = true\nallow_local_binding = %s\n"
            "[permissions.p.network.domains]\n%s%s") % (
                "true" if case.get("allow_local_binding") else "false",
                table(case["allow"], "allow"),
                table([d for d in case["deny"] if d not in case["allow"]], "deny"))


def run(binary, home, work, case):
    argv = [binary, "explain", "--config-home", home, "-P", "p", "-C", work]
    request = case.get("request")
    if request is None:                                    # a pattern that must not load
        argv += ["--connect", "example.com:443", "--resolves", "93.184.216.34"]
        want = {"config_error"}
    else:
        host = request["host"]
        if ":" in host and not host.startswith("["):
            host = "[" + host + "]"
        argv += ["--scheme", request["scheme"], "--connect=%s:%s" % (host, request["port"]),
                 "--resolves", ",".join(case.get("lab_dns") or []) or "none"]
        expect = case["expect"]
        want = {"config_error", "deny"} if expect in ("deny", "config_error_or_deny") else {expect}
    try:
        p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
    except (subprocess.TimeoutExpired, ValueError) as e:
        return None if isinstance(e, ValueError) else "no answer in 200 s"
    got = {0: "allow", 1: "deny", 125: "config_error"}.get(p.returncode, "status %d" % p.returncode)
    if got == "config_error" and "ambit: error:" not in p.stderr:
        got = "125 without a reason"
    if got in want:
        return None
    return "%s, wanted %s: %s" % (got, "/".join(sorted(want)), (p.stderr or p.stdout).strip()[-200:])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("-j", type=int, default=4)
    ap.add_argument("-v", action="store_true", help="print every failure, not the first 40")
    ap.add_argument("files", nargs="+")
    opt = ap.parse_args()
    cases = []
    for name in opt.files:
        with open(name, encoding="utf-8") as f:
            cases += json.load(f)
    homes = {}
    with tempfile.TemporaryDirectory(prefix="ambit-net-", dir="/var/tmp") as top:
        work = os.path.join(top, "work")
        os.mkdir(work)
        for case in cases:
            text = config(case)
            if text not in homes:
                homes[text] = os.path.join(top, "home%d" % len(homes))
                os.mkdir(homes[text])
                with open(os.path.join(homes[text], "config.toml"), "w", encoding="utf-8") as f:
                    f.write(text)
        with concurrent.futures.ThreadPoolExecutor(opt.j) as pool:
            answers = list(pool.map(lambda c: run(opt.bin, homes[config(c)], work, c), cases))
    shown = failed = 0
    for case, fault in zip(cases, answers):
        if fault:
            failed += 1
            if opt.v or shown < 40:
                shown += 1
                print("FAIL allow=%s deny=%s local=%s %s: %s" % (case["allow"], case["deny"],
                      case.get("allow_local_binding"), json.dumps(case.get("request")), fault))
    print("%d passed, %d failed" % (len(cases) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
