"""What this machine lets a test do, found out without ambit."""
import ctypes
import functools
import os
import subprocess

import waiting


@functools.lru_cache(None)
def why_no_sandbox():
    """The reason why no sandbox can be made here, or None. It asks unshare(1), not ambit: a
    program that refuses everywhere must fail its tests, not skip them."""
    try:
        p = subprocess.run(["unshare", "--user", "--map-current-user", "--mount", "--pid", "--net",
                            "--fork", "true"], capture_output=True, text=True, timeout=waiting.LIMIT)
    except (OSError, subprocess.TimeoutExpired) as e:
        return "cannot try user namespaces: %s" % e
    if p.returncode == 0:
        return None
    return "this machine allows no user namespaces: " + (p.stderr.strip().splitlines() or ["?"])[-1]


@functools.lru_cache(None)
def why_no_landlock_engine():
    """The reason why nothing can be enforced here without namespaces, or None."""
    abi = ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1)  # landlock_create_ruleset
    if abi >= 6:
        return None
    return "Landlock of this kernel has ABI %d, the engine needs 6" % max(abi, 0)


def may_trace():
    """Whether we have CAP_SYS_PTRACE."""
    with open("/proc/self/status", encoding="utf-8") as f:
        permitted = next(line.split()[1] for line in f if line.startswith("CapPrm:"))
    return int(permitted, 16) >> 19 & 1 == 1


@functools.lru_cache(None)
def why_no_bubblewrap_engine():
    """The reason why bwrap makes no sandbox here, or None."""
    if not os.path.exists("/usr/bin/bwrap"):
        return "there is no bwrap here"
    if os.stat("/usr/bin/bwrap").st_uid != 0:
        return "in this user namespace nobody can tell whose program bwrap is"
    try:
        p = subprocess.run(["/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc",
                            "/proc", "--dev", "/dev", "true"],
                           capture_output=True, text=True, timeout=waiting.LIMIT)
        options = subprocess.run(["/usr/bin/bwrap", "--help"], capture_output=True, text=True,
                                 timeout=waiting.LIMIT).stdout
    except (OSError, subprocess.TimeoutExpired) as e:
        return "cannot try bwrap: %s" % e
    if p.returncode != 0:
        return "bwrap makes no sandbox: " + (p.stderr.strip().splitlines() or ["?"])[-1]
    return None if "--ro-bind-fd" in options else "this bwrap has no --ro-bind-fd"


def why_no_engine(engine):
    """The reason why this engine cannot work here, or None."""
    return {"landlock": why_no_landlock_engine,
            "bubblewrap": why_no_bubblewrap_engine}.get(engine, why_no_sandbox)()
