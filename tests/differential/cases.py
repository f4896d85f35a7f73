"""Random small trees and random profiles over them, for the differential test.

A case is plain data, so that it can be shrunk item by item: `nodes` (what the tree has, parents
first), `entries` and the other parts of the profile, each a list, and `asks`, what is tried while
the sandbox runs. Paths in it are relative to the top of the tree; a key that begins with TOP stands
for the absolute path.
"""
import os

TOP = "@TOP@"
NAMES = ["a", "b", "d", "sub", "a.env", ".env", "x.env", "y.pem", "key.pem", ".git", ".codex",
         ".agents", ".aws", ".hidden", "sp ace", "new\nline", "\udcff\udcfe", "b\udce9d.env",
         "st*r", "qu?", "br[a]ck", "{x,y}", 'quo"te', "it's", "back\\slash", "-dash", "\u00fc",
         "\u65e5\u672c.env", "#hash", "$HOME", "..x", " ", "L" * 255, "a,b", "!no", "]", "tab\t"]
PLAIN = ["a", "b", "d", "sub", "a.env", ".env", "x.env", "y.pem"]
NEW = PLAIN + ["new.env", "q.pem", "zz9", "missing", ".git", ".codex", "xa", "new", "n\u00fcw.env"]
DIRECTORIES = ["w", "o", "h", "t"]  # workspace, outside, home, TMPDIR
# What is tried at a name that is not there: `make` FILE; `directory`; `inside` (make a directory,
# and a file in it); `fifo`; `symlink`; `rename` or `hardlink` a new file there; `host`, `hostdir`
# (the host makes it, the sandbox looks). Between two names: `move`, `exchange`, `link`. At a name
# that is there: `chmod`, `remove` (asked only where it must fail), `save` (the host saves over it).
AT_NEW = ["make", "make", "directory", "inside", "fifo", "symlink", "rename", "rename", "hardlink",
          "host", "host", "hostdir"]
BETWEEN = ["move", "move", "exchange", "link"]
AT_OLD = ["chmod", "remove", "remove", "save"]


def name(rng):
    return rng.choice(PLAIN if rng.random() < 0.55 else NAMES)


def link_text(rng, where, target):
    """The text of a link at `where` that leads to `target`, both relative to the top."""
    if rng.random() < 0.3:
        return TOP + "/" + target
    up = len([c for c in where.split("/") if c]) - 1
    return "../" * up + target or "."


def make_tree(rng):
    nodes = [(d, "dir", "") for d in DIRECTORIES]
    folders, files = ["w", "w", "w", "o"], []
    used = set(DIRECTORIES)
    for _ in range(rng.randint(3, 14)):
        where = rng.choice(folders)
        path = where + "/" + name(rng)
        if path in used or path.count("/") > 5:
            continue
        used.add(path)
        kind = rng.random()
        if kind < 0.42:
            nodes.append((path, "dir", ""))
            folders.append(path)
        elif kind < 0.75 or not files:
            text = "content of %d\n" % len(nodes)
            if path.endswith("/.git"):
                text = rng.choice(["garbage\n", "gitdir: %s\n" % rng.choice(
                    [TOP + "/o", "../o/b", "missing", TOP + "/" + rng.choice(folders)])])
            nodes.append((path, "file", text))
            files.append(path)
        elif kind < 0.93:
            target = rng.choice(folders + files + [x[0] for x in nodes])
            what = rng.random()
            if what < 0.1:
                target = "nowhere/at/all"
            elif what < 0.15:
                target = path  # a loop
            text = "/etc/hostname" if 0.15 < what < 0.2 else link_text(rng, path, target)
            nodes.append((path, "link", text))
        elif kind < 0.97:
            nodes.append((path, "hard", rng.choice(files)))
        else:
            nodes.append((path, "fifo", ""))
    if rng.random() < 0.2:
        nodes.append(("wl", "link", rng.choice(["w", TOP + "/w"])))
    if rng.random() < 0.1:
        nodes.append(("ol", "link", "o"))
    return nodes


def writable_in_toml(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def some_path(rng, nodes, below=None):
    """A path of the tree that TOML can hold, now and then one that is missing."""
    paths = [n[0] for n in nodes if writable_in_toml(n[0])
             and (below is None or n[0].startswith(below + "/"))]
    if not paths:
        return (below or "w") + "/a"
    path = rng.choice(paths)
    chance = rng.random()
    if chance < 0.08:
        path += "/" + rng.choice(PLAIN + ["missing/b"])
    elif chance < 0.12:
        path += "/" + rng.choice([".git", ".codex", ".git/hooks"])
    return path


def quoted(rng, text):
    """A pattern component that matches `text` only."""
    out = ""
    for c in text:
        if c in "*?[]{}\\":
            out += "[%s]" % c if c in "*?[" and rng.random() < 0.5 else "\\" + c
        else:
            out += c
    return out


def some_component(rng, text):
    """A pattern component that matches `text` and perhaps more."""
    way = rng.random()
    dot = text.rfind(".")
    if not writable_in_toml(text):
        return rng.choice(["*", "?*", "*?"])
    if way < 0.3:
        return quoted(rng, text)
    if way < 0.5:
        return "*" + (quoted(rng, text[dot:]) if dot > 0 else "")
    if way < 0.6:
        return quoted(rng, text[:1]) + "*"
    at = rng.randrange(len(text))
    if way < 0.7:
        return quoted(rng, text[:at]) + "?" + quoted(rng, text[at + 1:])
    if way < 0.8 and text[at] not in "*?[]{}\\!^-":
        body = rng.choice([text[at], "x" + text[at], "!Z", "^Q", "a-z", text[at] + "-" + text[at]])
        return quoted(rng, text[:at]) + "[" + body + "]" + quoted(rng, text[at + 1:])
    if way < 0.9:
        return "{" + quoted(rng, text).replace(",", "\\,") + ",zz*}"
    return "*"


def some_pattern(rng, nodes, below):
    """A pattern relative to the directory `below`, made from a path of the tree there."""
    paths = [n[0] for n in nodes if n[0].startswith(below + "/")]
    names = rng.choice(paths)[len(below) + 1:].split("/") if paths else ["a"]
    way = rng.random()
    if way < 0.3:
        out = ["**", some_component(rng, names[-1])]
    elif way < 0.4:
        out = [quoted(rng, c) if writable_in_toml(c) else "*" for c in names] + ["**"]
    else:
        fixed = rng.randint(0, len(names) - 1) if rng.random() < 0.5 else 0
        out = [c if writable_in_toml(c) and not set(c) & set("*?[]{}\\") else "*"
               for c in names[:fixed]]
        out += [some_component(rng, c) for c in names[fixed:]]
        if rng.random() < 0.25:
            out.insert(rng.randint(0, len(out)), "**")
    pattern = "/".join(out)
    return pattern if any(c in pattern for c in "*?[]") else pattern + "*"


def some_word(rng):
    return rng.choice(["read", "write", "deny", "deny", "write", "none"])


def literal(text):
    return not set(text) & set("*?[]")


def some_entry(rng, nodes):
    """(key, subpath or None, access)"""
    way = rng.random()
    if way < 0.3:
        path = some_path(rng, nodes, "w")[2:]
        if literal(path):
            return (":workspace_roots", path, some_word(rng))
        return (":workspace_roots", quoted(rng, path) + "*", "deny")
    if way < 0.5:
        return (":workspace_roots", some_pattern(rng, nodes, "w"), "deny")
    if way < 0.75:
        path = some_path(rng, nodes)
        key = rng.choice([TOP + "/"] * 5 + ["~/../", TOP + "/o/../", TOP + "//"]) + path
        if literal(path):
            return (key, None, some_word(rng))
        return (key + "*" if rng.random() < 0.5 else key, None, "deny")
    base = rng.choice(["w", "o", "w", "o"] + [n[0] for n in nodes if n[1] in ("dir", "link")
                                              and writable_in_toml(n[0])])
    if way < 0.87:
        pattern = some_pattern(rng, nodes, base)
        if rng.random() < 0.5 and literal(base):
            return (TOP + "/" + base, pattern, "deny")
        return (TOP + "/" + base + "/" + pattern, None, "deny")
    if literal(base):
        path = some_path(rng, nodes, base)[len(base) + 1:]
        if literal(path):
            return (TOP + "/" + base, path, some_word(rng))
        return (TOP + "/" + base, ".", some_word(rng))
    return (":workspace_roots", ".", some_word(rng))


def some_asks(rng, nodes):
    """(kind, path, second path or name)"""
    folders = [n[0] for n in nodes if n[1] == "dir" and n[0].startswith(("w", "o"))] + \
              [n[0] for n in nodes if n[1] == "link"]
    below = [n[0] for n in nodes if n[0] not in DIRECTORIES]
    old = below + DIRECTORIES[:2]
    inside = [n[0] for n in nodes if n[1] == "dir" and n[0].startswith("w")]
    full = [d for d in inside[1:] if any(n.startswith(d + "/") for n in below)]

    def new():
        return rng.choice(folders) + "/" + (rng.choice(NEW) if rng.random() < 0.8 else name(rng))
    out = []
    for _ in range(rng.randint(4, 12)):
        way = rng.random()
        if way < 0.6:
            kind = rng.choice(AT_NEW)
            second = rng.choice(old) if kind == "symlink" else rng.choice(PLAIN)
            out.append((kind, new(), second if kind in ("symlink", "inside", "hostdir") else ""))
        elif way < 0.75 and full:
            # A whole directory within the workspace, which may take something out of a pattern.
            out.append(("move", rng.choice(full),
                        rng.choice(inside) + "/" + rng.choice(NEW[:8] + NEW[-3:])))
        elif way < 0.88:
            kind = rng.choice(BETWEEN)
            out.append((kind, rng.choice(old), rng.choice(old) if kind == "exchange" else new()))
        else:
            out.append((rng.choice(AT_OLD), rng.choice(old), ""))
    return out


def make_case(rng):
    nodes = make_tree(rng)
    parent = rng.choice([":workspace", ":workspace", ":read-only", "", ""])
    entries = []
    if not parent:
        entries += [(rng.choice([":root", ":minimal"]), None, "read")]
        if rng.random() < 0.7:
            entries.append((":workspace_roots", ".", "write"))
    entries += [some_entry(rng, nodes) for _ in range(rng.randint(1, 6))]
    inherited = [some_entry(rng, nodes) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    folders = [n[0] for n in nodes if n[1] == "dir" and writable_in_toml(n[0])]
    roots = []
    if rng.random() < 0.2:
        root = rng.choice(folders)
        roots.append((rng.choice([TOP + "/" + root, "../" + root]), rng.random() < 0.85))
    managed = []
    if rng.random() < 0.2:
        for _ in range(rng.randint(1, 2)):
            path = some_path(rng, nodes)
            if literal(path) and rng.random() < 0.6:
                managed.append(TOP + "/" + path)
            else:
                base = rng.choice(["w", "o"])
                managed.append(TOP + "/" + base + "/" + some_pattern(rng, nodes, base))
    case = {
        "nodes": nodes, "parent": parent, "entries": entries, "inherited": inherited,
        "roots": roots, "managed": managed,
        "depth": rng.choice([1, 2, 3]) if rng.random() < 0.15 else None,
        "cwd": "wl" if nodes and any(n[0] == "wl" for n in nodes) and rng.random() < 0.7 else "w",
        "tmpdir": rng.choice([None, "t", "t", "o"])}
    # (for the parent profile, for the profile): the nearer one counts.
    case["mode"] = rng.choice([(None, None)] * 7 + [(None, "live"), ("snapshot", "live"),
                                                    (None, "snapshot"), (None, "snapshot"),
                                                    ("snapshot", None), ("live", "snapshot")])
    case["asks"] = some_asks(rng, nodes) if is_live(case) else []
    case["engine"] = "landlock" if is_live(case) and rng.random() < 0.2 else "native"
    return case


def is_live(case):
    inherited, own = case["mode"]
    return (own or (case["inherited"] and inherited) or "live") == "live"


# ---- putting a case on the disk ----

def build(case, top):
    """Makes the tree below the existing directory `top`. A node whose place is missing is left
    out: shrinking may have taken its parent."""
    for path, kind, text in case["nodes"]:
        full = top + "/" + path
        try:
            if kind == "dir":
                os.mkdir(full)
            elif kind == "file":
                with open(full, "x", encoding="utf-8", errors="surrogateescape") as f:
                    f.write(text.replace(TOP, top))
            elif kind == "link":
                os.symlink(text.replace(TOP, top), full)
            elif kind == "hard":
                os.link(top + "/" + text, full)
            else:
                os.mkfifo(full)
        except (FileNotFoundError, NotADirectoryError, FileExistsError):
            pass


def toml_string(text):
    out = ""
    for c in text:
        if c in '"\\':
            out += "\\" + c
        elif c < " " or c == "\x7f":
            out += "\\u%04x" % ord(c)
        else:
            out += c
    return '"' + out + '"'


def table(entries, top):
    """The entries as one table; a later one of the same key wins, like a later line would."""
    out = {}
    for key, sub, access in entries:
        key = key.replace(TOP, top)
        if sub is None:
            if not isinstance(out.get(key), dict):
                out[key] = access
        elif isinstance(out.setdefault(key, {}), dict):
            out[key][sub] = access
    return out


def table_text(entries):
    lines = []
    for key, value in entries.items():
        if isinstance(value, dict):
            inner = ", ".join("%s = %s" % (toml_string(k), toml_string(v))
                              for k, v in value.items())
            lines.append("%s = { %s }" % (toml_string(key), inner))
        else:
            lines.append("%s = %s" % (toml_string(key), toml_string(value)))
    return "\n".join(lines)


def profile_text(case, top, programs):
    """The configuration. The directory `programs` is readable, or nothing could be asked."""
    out, parent = [], case["parent"]
    if case["inherited"]:
        out.append("[permissions.q]")
        if parent:
            out.append("extends = " + toml_string(parent))
        out.append("[permissions.q.filesystem]")
        out += mode_lines(case["mode"][0])
        out += [table_text(table(case["inherited"], top)), ""]
        parent = "q"
    out.append("[permissions.p]")
    if parent:
        out.append("extends = " + toml_string(parent))
    if case["roots"]:
        out.append("workspace_roots = { %s }" % ", ".join(
            "%s = %s" % (toml_string(k.replace(TOP, top)), str(v).lower())
            for k, v in dict(case["roots"]).items()))
    out.append("[permissions.p.filesystem]")
    if case["depth"]:
        out.append("glob_scan_max_depth = %d" % case["depth"])
    out += mode_lines(case["mode"][1])
    out += ["%s = \"read\"" % toml_string(programs), table_text(table(case["entries"], top)), ""]
    return "\n".join(out)


def mode_lines(mode):
    return ["deny_mode = \"%s\"" % mode] if mode else []


def requirements_text(case, top):
    return "[permissions.filesystem]\ndeny_read = [%s]\n" % ", ".join(
        toml_string(text.replace(TOP, top)) for text in case["managed"])


def setup(case, top, programs):
    """The same for the model."""
    return {
        "parent": case["parent"],
        "filesystem": [table(case["inherited"], top),
                       dict(table(case["entries"], top), **{programs: "read"})],
        "roots": [{k.replace(TOP, top): v for k, v in case["roots"]}],
        "depth": case["depth"], "live": is_live(case),
        "managed": [t.replace(TOP, top) for t in case["managed"]],
        "cwd": top + "/" + case["cwd"], "home": top + "/h",
        "tmpdir": case["tmpdir"] and top + "/" + case["tmpdir"]}
