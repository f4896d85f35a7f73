#!/usr/bin/env python3
"""Checks what each directory below src/ may include and call.

    check_layers.py [ROOT]

Three rules, all of them about reading the code with trust: only src/os/ talks to the kernel; every
heavy header is included by exactly one file; a directory uses only the directories below it in
docs/design.md. Prints `file:line: rule` for each breach and exits 1 if there is one.
"""
import os
import re
import sys

# What each directory may include besides itself. "*" is every other layer.
MAY_USE = {
    "base": set(),
    "os": {"base"},
    "config": {"base"},
    "policy": {"base", "config"},
    "plan": {"base"},
    "plan_linux": {"base", "config", "policy", "plan"},
    "audit": {"base", "os"},
    "run": {"base", "config", "policy", "plan", "plan_linux", "os", "audit"},
    "proxy": {"base", "config", "policy", "os", "audit"},
    "cli": {"*"},
}

# Headers of other libraries (a prefix when it ends with "/") -> the only file that may include
# them. A library that is not here may not be used yet: adding it is a decision of its own.
ONE_FILE = {
    "toml++/": "config/toml_reader.cc",
    "ares.h": "proxy/name_lookup.cc",
    "nghttp2/nghttp2.h": "proxy/http2_connection.cc",
    "openssl/err.h": "proxy/tls.cc",
    "openssl/hmac.h": "proxy/digest.cc",
    "openssl/pem.h": "proxy/certificate_authority.cc",
    "openssl/pkcs12.h": "proxy/trust_store.cc",
    "openssl/ssl.h": "proxy/tls.cc",
    "openssl/x509v3.h": "proxy/certificate_authority.cc",
    "seccomp.h": "plan_linux/seccomp_gen.cc",
    "idn2.h": "policy/idna.cc",
    "libpsl.h": "policy/public_suffix.cc",
}
EVERYWHERE = ("fmt/",)

# Headers through which a program reaches the kernel. <cerrno> and <csignal> are free for the names
# of errors and signals; the calls of the latter are below.
KERNEL_PREFIXES = ("linux/", "asm/", "asm-generic/", "sys/", "net/", "netinet/", "arpa/", "netpacket/")
KERNEL_HEADERS = {
    "aio.h", "dirent.h", "dlfcn.h", "fcntl.h", "ftw.h", "glob.h", "grp.h", "ifaddrs.h", "link.h",
    "mntent.h", "mqueue.h", "netdb.h", "poll.h", "pthread.h", "pty.h", "pwd.h", "sched.h",
    "semaphore.h", "shadow.h", "signal.h", "spawn.h", "syscall.h", "syslog.h",
    "termios.h", "ucontext.h", "unistd.h", "utime.h", "utmp.h", "wait.h", "wordexp.h",
    "filesystem", "fstream",
}

# Calls that reach the kernel without a header of their own.
CALLS = re.compile(
    r"(?<![\w.>:])(?:::|std::)?"
    r"(syscall|system|popen|fopen|freopen|execv\w*|execl\w*|fork|vfork|clone3?|unshare|setns|mount|"
    r"umount2?|ptrace|prctl|ioctl|socket|connect|kill|raise|signal|sigaction|chroot|pivot_root|getenv|"
    r"secure_getenv|setenv|unsetenv|putenv)\s*\(")
# Reading our own environment is input like the command line is; it belongs to the program.
CALLS_ALLOWED = {"cli": {"getenv", "secure_getenv"}}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STRING = re.compile(r'R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
TOKEN = re.compile(STRING.pattern + "|" + COMMENT.pattern, re.S)


def without_text(code):
    """`code` with comments and literals blanked, line breaks kept."""
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), code)


def check_include(layer, name, kind, header):
    """The rule that `#include <header>` in src/<name> breaks, or None."""
    for prefix, home in ONE_FILE.items():
        if header == prefix or (prefix.endswith("/") and header.startswith(prefix)):
            return None if name == home else "<%s> may be included only by src/%s" % (header, home)
    if kind == "<":
        if header.startswith(KERNEL_PREFIXES) or header in KERNEL_HEADERS:
            if layer != "os":
                return "<%s> reaches the kernel: only src/os/ may include it" % header
        elif ("/" in header or header.endswith(".hpp")) and not header.startswith(EVERYWHERE):
            return "<%s> is of a library that tools/check_layers.py does not know" % header
        return None
    other = header.split("/")[0] if "/" in header else ""
    if other == layer or other == "ambit":
        return None
    if other not in MAY_USE:
        return '"%s" is not written as "<directory>/<file>.h"' % header
    allowed = MAY_USE[layer]
    if "*" not in allowed and other not in allowed:
        return "src/%s/ may use %s, not src/%s/" % (
            layer, ", ".join("src/%s/" % x for x in sorted(allowed)) or "no other directory", other)
    return None


def check_file(root, name):
    """Yields (line, rule) for the file src/<name>."""
    layer = name.split("/")[0]
    with open(os.path.join(root, "src", name), encoding="utf-8") as f:
        text = f.read()
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            rule = check_include(layer, name, include.group(1), include.group(2))
            if rule:
                yield number, rule
    if layer == "os":
        return
    for number, line in enumerate(without_text(text).splitlines(), 1):
        for call in CALLS.finditer(line):
            if call.group(1) not in CALLS_ALLOWED.get(layer, ()):
                yield number, "%s() reaches the kernel: only src/os/ may call it" % call.group(1)


def check_tree(root):
    """Every breach below `root`/src as (file, line, rule), in a stable order."""
    found = []
    for folder, folders, files in os.walk(os.path.join(root, "src")):
        folders.sort()
        for file in sorted(files):
            if not file.endswith((".cc", ".h", ".c")):
                continue
            name = os.path.relpath(os.path.join(folder, file), os.path.join(root, "src"))
            if name.split("/")[0] in MAY_USE:
                found += [("src/" + name, line, rule) for line, rule in check_file(root, name)]
            else:
                found.append(("src/" + name, 1, "src/%s is not a directory of the design; "
                              "tools/check_layers.py lists them" % name.split("/")[0]))
    return found


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not os.path.isdir(os.path.join(root, "src")):
        print("check_layers: '%s' has no src/" % root, file=sys.stderr)
        return 2
    found = check_tree(root)
    for file, line, rule in found:
        print("%s:%d: %s" % (file, line, rule))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
