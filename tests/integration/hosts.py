"""Hosts that let programs do less, each made here by the kernel: limits of namespaces, seccomp
filters, a tracer for Landlock's version, other sandboxes (see probes/limiter.c)."""
import os
import shutil

from sandbox import AMBIT, OWN_MOUNTS

LIMITER = os.path.abspath(os.environ.get("AMBIT_LIMITER", "build/dev/tests/integration/limiter"))

# What an old kernel lacks, or a filter that does not know it refuses: one at a time.
MISSING_CALLS = (
    "openat2", "clone3", "close_range", "execveat", "faccessat2", "fchmodat2", "fsconfig", "fsmount",
    "fsopen", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self",
    "memfd_create", "mount_setattr", "move_mount", "open_tree", "pidfd_getfd", "pidfd_open",
    "pidfd_send_signal", "process_vm_readv", "process_vm_writev", "renameat2", "rseq", "seccomp",
    "statx")


class SimulatedHost:
    """`limits` are words of the limiter, `setup` is a shell text that changes mounts and limits of
    a namespace of the test's own, `around` is a command around all. `remedy` is what the doctor has
    to say there: "" when nothing is missing, None when that depends."""

    def __init__(self, limits=(), setup="", around=None, remedy=""):
        self.limits, self.setup, self.around, self.remedy = limits, setup, around, remedy

    def argv(self, test, command):
        command = list(command)
        if self.limits:
            command = [LIMITER, *self.limits, "--", *command]
        if self.setup:
            command = [*OWN_MOUNTS, "sh", "-c", "set -e\n%s\nexec \"$@\"" % self.setup, "sh", *command]
        return self.around(test, command) if self.around else command

    def why_not(self):
        """Why this host cannot be made here; None when it can."""
        if self.around in (in_bubblewrap, in_bubblewrap_and_ambit) and not shutil.which("bwrap"):
            return "'bwrap' is not installed"
        if any(word.startswith("landlock-abi") for word in self.limits):
            if os.uname().machine != "x86_64":
                return "the tracer of this test is for x86-64"
            wanted = int(self.limits[-1].partition("=")[2])
            if landlock_abi() < wanted:
                return "Landlock of this kernel has ABI %d" % landlock_abi()
        if COVERED_PROC in self.setup:
            with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
                if sum(" - proc " in line for line in f) > 1:
                    return "another proc mount is in full view, so the kernel gives out more"
        return None


def landlock_abi():
    import ctypes
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def in_ambit(profile):
    def around(test, command):
        return [AMBIT, "run", "--config-home", test.config, "-P", profile, "--quiet", "--", *command]
    return around


def in_bubblewrap(_, command):
    return ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--unshare-pid", "--unshare-net",
            "--unshare-ipc", "--proc", "/proc", "--", *command]


def in_bubblewrap_and_ambit(test, command):
    return in_bubblewrap(test, in_ambit(":read-only")(test, command))


NO_USER_NAMESPACES = "echo 0 > /proc/sys/user/max_user_namespaces"
NO_NETWORK_NAMESPACES = "echo 0 > /proc/sys/user/max_net_namespaces"
COVERED_PROC = "mount -t tmpfs none /proc/sys"
AMBIT_AROUND = "a sandbox around ambit"
NEWER_LANDLOCK = "the landlock engine needs 6"

# Each is tried with every kind of policy.
HOSTS = {
    "plain": SimulatedHost(),
    "limit_of_user_namespaces": SimulatedHost(setup=NO_USER_NAMESPACES,
                                              remedy="user.max_user_namespaces = "),
    "limit_of_network_namespaces": SimulatedHost(setup=NO_NETWORK_NAMESPACES,
                                                 remedy="user.max_net_namespaces = "),
    "namespaces_forbidden": SimulatedHost(("namespaces=EPERM",), remedy="namespaces are forbidden"),
    # What AppArmor's restriction of user namespaces does: they are made, and can do nothing.
    "mounts_forbidden": SimulatedHost(("mounts=EPERM",), remedy="mount"),
    "mounts_denied": SimulatedHost(("mounts=EACCES",), remedy="mount"),
    "container": SimulatedHost(("container=EPERM",), remedy="namespaces are forbidden"),
    "container_with_covered_proc": SimulatedHost(("container=EPERM",), setup=COVERED_PROC,
                                                 remedy=AMBIT_AROUND),
    "covered_proc": SimulatedHost(setup=COVERED_PROC, remedy="Parts of /proc are covered"),
    "no_landlock": SimulatedHost(("landlock=ENOSYS",), remedy="Landlock"),
    "landlock_off": SimulatedHost(("landlock=EOPNOTSUPP",), remedy="Landlock"),
    "neither_namespaces_nor_landlock": SimulatedHost(("namespaces=EPERM", "landlock=ENOSYS"),
                                                     remedy="Landlock"),
    "neither_namespaces_nor_scopes": SimulatedHost(("namespaces=EPERM", "landlock-abi=5"),
                                                   remedy=NEWER_LANDLOCK),
    "listener_above": SimulatedHost(("listener",), remedy=AMBIT_AROUND),
    "listener_above_without_namespaces": SimulatedHost(("namespaces=EPERM", "listener"),
                                                       remedy=AMBIT_AROUND),
    "in_ambit": SimulatedHost(around=in_ambit(":workspace"), remedy=AMBIT_AROUND),
    "in_read_only_ambit": SimulatedHost(around=in_ambit(":read-only"), remedy=AMBIT_AROUND),
    "in_bubblewrap": SimulatedHost(around=in_bubblewrap, remedy=None),  # covers /proc only for root
    "in_ambit_in_bubblewrap": SimulatedHost(around=in_bubblewrap_and_ambit, remedy=AMBIT_AROUND),
}

# Each is tried with a few kinds of policy.
OLD_KERNELS = {
    **{"landlock_abi_%d" % abi: SimulatedHost(("landlock-abi=%d" % abi,),
                                              remedy=NEWER_LANDLOCK if abi < 6 else "")
       for abi in range(1, 8)},
    **{"without_" + call: SimulatedHost((call + "=ENOSYS",)) for call in MISSING_CALLS},
    "without_listeners": SimulatedHost(("new-listener=EINVAL",),
                                       remedy="system calls cannot be answered here"),
    "without_handing_over": SimulatedHost(("hand-over=EINVAL",),
                                          remedy="system calls cannot be answered here"),
    "without_killable_waits": SimulatedHost(("wait-killable=EINVAL",)),
    "without_waiting_by_descriptor": SimulatedHost(("wait-pidfd=EINVAL",)),
}
for _call in ("openat2", "close_range", "pidfd_open", "pidfd_getfd", "pidfd_send_signal",
              "landlock_add_rule", "landlock_restrict_self"):
    OLD_KERNELS["without_" + _call].remedy = _call
OLD_KERNELS["without_landlock_create_ruleset"].remedy = NEWER_LANDLOCK
OLD_KERNELS["without_seccomp"].remedy = "no system call filter can be installed"
for _call in ("fsconfig", "fsmount", "fsopen", "mount_setattr", "move_mount", "open_tree"):
    OLD_KERNELS["without_" + _call].remedy = "mount_setattr"
