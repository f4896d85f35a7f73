"""Doors of the kernel that a command has no use for."""
import os
import shlex

from escape import FILES, KERNEL, PROBE, Escape, Host, for_root, table
from sandbox import ENGINE, unique_number
import totals
from rows import rows
from terminal import Terminal


class Namespaces(Escape):
    @rows("E34")
    def test_masks_are_not_uncovered(self):
        """In both modes, with the tools of the system too."""
        script = ("unshare -Urm sh -c 'umount .env; umount -l .; mount --bind / /tmp; cat .env "
                  "/tmp$PWD/.env'; unshare -Urm cat .env; nsenter -t 1 -m cat .env; cat .env")
        self.leaks_nothing(script)
        for path in (".env", "sub", ".", ".git", "/proc", "/dev", "/"):
            self.assertNotIn(" ok", self.run_in(PROBE, "umount", path).stdout)

    @rows("E67")
    def test_no_mount_is_shared(self):
        done = self.run_in("cat", "/proc/self/mountinfo")
        self.assert_status(done, 0)
        self.assertNotRegex(done.stdout, r"(shared|master):")

    @rows("E97")
    def test_mount_table_is_told(self):
        self.assertNotEqual(self.run_in("cat", "/proc/self/mounts").stdout, "")

    @rows("E71")
    def test_nothing_is_above_the_root(self):
        up = "/".join([".."] * 60)
        done = self.run_in("sh", "-c", 'cd "$0"; pwd -P; ls "$0" >/dev/null; echo x > "$0/made"', up)
        self.assertEqual(done.stdout, "/\n")
        self.assertFalse(os.path.exists("/made"))


table(Namespaces, PROBE, [("E36", "unshare", kind) for kind in ("user", "mount", "net", "pid")] +
      [("E35", "mount", "TOP/outside"), ("E71", "chroot", "sub")])
table(Namespaces, KERNEL, [("E36", "clone", kind) for kind in ("user", "mount", "net", "pid")] + [
    ("E36", "clone3"), ("E36", "new-time"), ("E36", "enter-namespace", "/proc/self/ns/uts"),
    ("E35", "copy-mounts"), ("E35", "new-filesystem"), ("E35", "reach", "move_mount"),
    ("E35", "reach", "mount_setattr"), ("E35", "reach", "pivot_root")])


class WithPrivileges(Host):
    """The same by a caller who has every privilege in namespaces of his own, as an ordinary user
    can have too."""

    ATTACKS = [(PROBE, "mount", "/tmp"), (PROBE, "chroot", "/tmp"),
               (KERNEL, "copy-mounts"), (KERNEL, "new-filesystem"), (KERNEL, "new-time"),
               (KERNEL, "reach", "move_mount"), (KERNEL, "reach", "mount_setattr"),
               (KERNEL, "reach", "pivot_root"), (KERNEL, "enter-namespace", "/proc/self/ns/mnt")] + [
                   (program, attack, kind) for program, attack in ((KERNEL, "clone"),
                                                                   (PROBE, "unshare"))
                   for kind in ("user", "mount", "net", "pid")]

    @rows("E34", "E35", "E36", "E71")
    def test_privileges_of_the_caller_are_gone(self):
        for attack in self.ATTACKS:
            with self.subTest(attack[1:]):
                self.assert_status(self.on_host("", *attack), 0)
                done = self.on_host("", *self.argv(attack))
                self.assert_status(done, 1)
                self.assertRegex(done.stdout, r" (EPERM|ENOSYS)\n\Z")


class Calls(Escape):
    @rows("E56")
    def test_32_bit_call(self):
        control = self.plain(KERNEL, "read-32-bit", "own.txt")
        if control.returncode != 0:
            self.skipTest("this kernel runs no 32-bit calls")
        for name in (".env", "own.txt"):
            done = self.run_in(KERNEL, "read-32-bit", name)
            self.assertEqual(done.returncode, 128 + 31, done)  # SIGSYS

    @rows("E56")
    def test_x32_call(self):
        done = self.run_in(KERNEL, "read-x32", "own.txt")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("own", done.stdout)
        self.blocked("read-x32", ".env", program=KERNEL)

    @rows("E94")
    def test_program_in_memory(self):
        self.attempt("start-from-memory", program=FILES, allowed=True)
        self.leaks_nothing("python3 -c 'import os; f = os.memfd_create(\"x\", 0); "
                           "os.write(f, b\"#!/bin/sh\\ncat .env\"); "
                           "os.execv(\"/proc/self/fd/%d\" % f, [\"x\"])'")

    @rows("E43b")
    def test_key_of_the_callers_session(self):
        control = self.run_argv([KERNEL, "with-key", KERNEL, "read-key"])
        if control.returncode != 0:
            self.skipTest("this kernel keeps no key for us: %s" % control.stdout.strip())
        self.assertIn("made-up", control.stdout)
        done = self.run_argv([KERNEL, "with-key", *self.argv([KERNEL, "read-key"])])
        self.assertEqual(done.stdout, "read-key EPERM\n")

    @rows("E39")
    def test_typing_into_the_terminal(self):
        for words in ((PROBE, "type-ahead"), (KERNEL, "type-ahead-high"),
                      (KERNEL, "console-request")):
            with self.subTest(words):
                self.in_terminal(words)

    def in_terminal(self, words):
        terminal = Terminal(self.work, self.environment())
        self.addCleanup(terminal.close)
        answer = words[1] + r" (\w+)\r"
        terminal.line(shlex.join(words))
        works = terminal.wait_for(answer).group(1) == "ok"
        if works:
            terminal.line("")
        elif words[1] == "type-ahead":
            self.skipTest("this kernel lets no ordinary program type into its terminal")
        terminal.line("echo; " + shlex.join(self.argv(list(words))))
        found = terminal.wait_for(r"(?s)\n" + answer)
        self.assertRegex(found.group(1), "E[A-Z]+")


table(Calls, PROBE, [("E43", "keyring"), ("E43", "add-key"), ("E44", "io-uring"),
                     ("E45", "user-fault")])
table(Calls, KERNEL, [(row, "reach", name) for row, names in {
    "E43": ["request_key"],
    "E44": ["io_uring_enter", "io_uring_register"],
    "E46": ["bpf"],
    "E47": ["perf_event_open"],
    "E57": ["clock_settime", "settimeofday", "adjtimex", "sethostname", "setdomainname", "syslog",
            "reboot", "swapon", "swapoff", "init_module", "finit_module", "delete_module",
            "kexec_load", "acct", "quotactl", "quotactl_fd", "iopl", "vhangup", "ustat"],
    "E57b": ["fanotify_init", "kcmp", "set_mempolicy_home_node", "set_mempolicy", "vmsplice",
             "process_madvise", "process_vm_writev"],
    "E83": ["modify_ldt", "personality"],
}.items() for name in names])


class Files(Escape):
    @rows("E66")
    def test_shared_memory_is_small(self):
        name = "/dev/shm/ambit-it-fill-" + unique_number()
        fill = ("dd if=/dev/zero of=%s bs=1M count=80 2>&1; rm -f %s" % (name, name))
        control = self.plain("sh", "-c", fill)
        if "80+0 records out" not in control.stdout:
            self.skipTest("the host's own /dev/shm is as small")
        # Without mounts there is none.
        problem = "Permission denied" if ENGINE == "landlock" else "No space left"
        self.assertIn(problem, self.run_in("sh", "-c", fill).stdout)

    @rows("E61")
    def test_program_format(self):
        self.blocked("append", "/proc/sys/fs/binfmt_misc/register")


def only_readable(path):
    @for_root
    def test(self):
        self.blocked("read", path)
    test.rows = ("E62",)
    return test


for _path in ("/dev/kmsg", "/dev/mem", "/proc/kcore"):
    setattr(Files, "test_E62_read" + _path.replace("/", "_"), only_readable(_path))

table(Files, PROBE, [("E64", "mknod", "node"), ("E59", "append", "/proc/sys/kernel/core_pattern"),
                     ("E59", "append", "/proc/sys/vm/swappiness"),
                     ("E59", "append", "/proc/sysrq-trigger"),
                     ("E59", "append", "/proc/sys/kernel/modprobe")])


class OwnEtc(Host):
    """On a host whose /etc is the test's, so that the control run may write to it."""

    SETUP = "mkdir -p etc; cp /etc/passwd /etc/group etc/; mount --bind etc /etc"

    @rows("E63")
    def test_library_for_every_program(self):
        attack = [PROBE, "create", "/etc/ld.so.preload"]
        self.assert_status(self.on_host(self.SETUP, *attack), 0)
        os.unlink(os.path.join(self.top, "etc/ld.so.preload"))
        done = self.on_host(self.SETUP, *self.argv(attack))
        self.assert_status(done, 1)
        self.assertFalse(os.path.exists(os.path.join(self.top, "etc/ld.so.preload")))


if __name__ == "__main__":
    totals.main()
