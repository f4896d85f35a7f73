"""The catalogue of escapes: every known way that a command might try, with the safe outcome.

A test says which rows it is about with @rows("E01", ...); test_rows.py checks that each row here
has a test or stands in NOT_HERE. `python3 rows.py` prints the table with the tests. What concerns the
network is in network_rows.py.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import catalogue  # noqa: E402
from catalogue import rows  # noqa: E402,F401

ROWS = {
    # Reading what is denied.
    "E01": "read a file that a deny pattern matches",
    "E02": "the same six directories down",
    "E02b": "a match below the depth that the profile gives to **",
    "E03": "read through a link to a denied file",
    "E05": "read by a second name that was given earlier",
    "E06": "give the denied file a second name",
    "E07": "rename the denied file",
    "E08": "exchange the names of a denied file and an own one",
    "E10": "rename a parent, make it again and plant a file that is denied there",
    "E12": "rename an own file to a name that matches",
    "E13": "make a directory, then a match in it",
    "E14": "a pattern that names a directory closes all below it",
    "E15b": "a name that is not UTF-8",
    "E16": "a match at a path longer than any call takes",
    "E17": "aliases in /proc/self of the root and the working directory",
    "E19": "change mode and times of a denied file",
    "E20": "give a file without a name one that matches",
    "E23": "let git store the denied file and show it",
    "E24": "a directory denied by its path",
    "E72": "another case of the letters is another name",
    "E85": "size and times of a denied file are told (masked in snapshot mode)",
    "E86": "the text of a link is told",
    "E88": "watching a denied file tells when it is used, nothing of its content",
    "E89": "read and set extended attributes of a denied file",
    "E90": "open a path-only descriptor of a denied file again",
    "E74": "run, source and copy onto denied names",
    "E98": "names of 255 bytes; blanks and dots after the name make another name",
    "E99": "a letter that only looks the same makes another name",
    "E84b": "deny a path that does not exist yet",
    "E100": "read through another mount of the workspace, its parent or its child",
    # While the host changes the files.
    "L1": "the host makes a match after the start",
    "L2": "the host replaces the denied file by renaming another over it",
    "L3": "the host removes a denied file and makes it again",
    "L4": "the host makes a directory with a match",
    "L5": "the host renames the directory of a denied file",
    "L6": "open the denied file again and again while the host replaces it",
    "L7": "rewrite the path while the call that names it is decided",
    # Writing elsewhere.
    "E25": "write and create outside",
    "E26": "write through a link that leads outside",
    "E73": "open a descriptor for reading again for writing",
    "E96": "change a protected file through shared memory",
    "E93": "TMPDIR that names any directory",
    "E87": "rename between two writable places works or is EXDEV",
    "E68": "leave a set-id program for the host",
    "F1": "an inherited descriptor of a file outside",
    "F2": "an inherited descriptor of a directory outside",
    "E28": "write .git/config",
    "E29": "write .git/hooks",
    "E30": "move .git away and make another",
    "E32": "make missing protected names",
    "E33": "put a .git file into a subdirectory",
    "G1": ".git that is a link or a worktree's pointer",
    # Namespaces and mounts.
    "E34": "uncover a mask in namespaces of the command's own",
    "E35": "mount calls",
    "E36": "new namespaces",
    "E37": "open by handle",
    "E67": "mounts that reach the host",
    "E71": "chroot, and .. above the root",
    "E97": "the mount table is told",
    # Processes.
    "E38": "inherited descriptors",
    "E39": "type into the terminal",
    "E40": "touch a process outside",
    "E41": "touch the first process of the sandbox",
    "E42": "files of /proc of a process outside",
    "F3": "kill the launcher: the command dies and nothing is left",
    "E78": "descriptors of the parent process",
    "E79": "what the first process was started with",
    "E58": "programs with a set-id bit",
    "E95": "limits of the command",
    "E65": "as many processes as one can make",
    "E94": "a program in memory runs, and is confined",
    # The kernel.
    "E43": "keys",
    "E43b": "a key of the caller's session",
    "E44": "io_uring",
    "E45": "page faults in user space",
    "E46": "programs in the kernel",
    "E47": "performance counters",
    "E56": "calls of other architectures",
    "E57": "administration of the machine",
    "E57b": "watching and comparing calls",
    "E83": "weaker memory layouts",
    "E59": "kernel settings",
    "E61": "register a program format",
    "E62": "the kernel's log and memory",
    "E63": "a library for every program of the host",
    "E64": "device nodes",
    "E66": "fill /dev/shm",
    # Sockets and shared objects.
    "E48": "shared memory, message queues, /dev/shm of the host",
    "E49": "abstract sockets of the host",
    "E50": "socket files of the host",
    "E50c": "datagrams to socket files through a pair, with a descriptor too",
    "E51": "socket files in the shared /tmp",
    "E52": "sockets of the system's services",
    "E53": "have a service start something",
    "E54": "kinds of socket",
    "E54b": "a listener of the host, with and without a handshake",
    "E80": "nothing is left after a normal end",
}

# Kept as tests for hosts that have it; here they could not even be tried.
NOT_HERE = {
    "casefold": "this needs a filesystem with case folding (CONFIG_UNICODE)",
    "wsl": "this needs WSL2: its interop sockets and drvfs",
    "yama": "this needs a kernel with Yama, at its levels 1 to 3",
    "network-home": "this needs NFS, autofs or FUSE below a governed root",
    "apparmor": "this needs AppArmor's restriction of user namespaces",
}


if __name__ == "__main__":
    catalogue.show(ROWS, catalogue.tested(HERE))
