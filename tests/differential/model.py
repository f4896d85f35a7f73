"""What a profile means, the slow and obvious way, for the differential test only.

It follows the profile language's description rule by rule and shares nothing with the program: its
own path resolution, its own pattern matcher, its own order of rules. Paths are strings with
surrogate escapes for bytes that are not UTF-8.
"""
import errno
import os
import stat

NONE, READ, WRITE = 0, 1, 2
LEVEL = {"deny": NONE, "none": NONE, "read": READ, "write": WRITE}
PROTECTED = (".git", ".codex", ".agents", ".aws", ".ambit")
MAX_LINKS = 40

WORKSPACE = {":root": "read",
             ":workspace_roots": {".": "write", ".git": "read", ".agents": "read",
                                  ".codex": "read"},
             ":slash_tmp": "write", ":tmpdir": "write"}
READ_ONLY = {":root": "read"}
MINIMAL = ("/bin", "/sbin", "/usr", "/etc", "/lib", "/lib64", "/nix/store",
           "/run/current-system/sw")


class Refused(Exception):
    """The start has to be refused; the text says why."""


class Unclear(Exception):
    """The language does not say what happens; such a case proves nothing."""


# ---- paths ----

def parts(path):
    return [c for c in path.split("/") if c]


def join(base, *names):
    return "/" + "/".join(parts(base) + [c for n in names for c in parts(n)])


def parent(path):
    return "/" + "/".join(parts(path)[:-1])


def fold(path):
    out = []
    for c in parts(path):
        if c == "..":
            out = out[:-1]
        elif c != ".":
            out.append(c)
    return "/" + "/".join(out)


def at_or_below(path, ancestor):
    a = parts(ancestor)
    return parts(path)[:len(a)] == a


class Real:
    """Where a path leads: `path` without links, the links crossed, and whether it is there;
    `existing` is as much of it as there is."""

    def __init__(self, path):
        self.crossed, self.exists, self.loop = [], True, False
        self.existing = None
        done, todo = [], parts(path)
        while todo:
            name = todo.pop(0)
            if name == ".":
                continue
            if name == "..":
                done = done[:-1]
                continue
            here = "/" + "/".join(done + [name])
            try:
                info = os.lstat(here)
            except OSError as e:
                if e.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
                    raise
                self.exists, self.existing = False, "/" + "/".join(done)
                done += [name] + todo
                break
            if not stat.S_ISLNK(info.st_mode):
                done.append(name)
                continue
            self.crossed.append(here)
            if len(self.crossed) > MAX_LINKS:
                self.exists, self.loop = False, True
                done = parts(path)
                break
            text = os.readlink(here)
            todo = parts(text) + todo
            if text.startswith("/"):
                done = []
        self.path = "/" + "/".join(done)
        if self.existing is None:
            self.existing = parent(self.path) if self.loop else self.path

    def is_directory(self):
        return self.exists and os.path.isdir(self.path)


# ---- patterns ----

def is_pattern(text):
    return any(c in text for c in "*?[]")


def expand_braces(text):
    """The alternatives of `{a,b}`, nested too. Escapes and classes keep their characters."""
    i = 0
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if text[i] == "[":
            end = class_end(text, i)
            if end:
                i = end
                continue
        if text[i] == "{":
            depth, start, choices, j = 1, i + 1, [], i + 1
            while depth:
                if j >= len(text):
                    raise Refused("unclosed '{'")
                c = text[j]
                if c == "\\":
                    j += 2
                    continue
                if c == "[" and class_end(text, j):
                    j = class_end(text, j)
                    continue
                if c == "{":
                    depth += 1
                elif c == "}":
                    depth -= 1
                if (c == "," and depth == 1) or (c == "}" and depth == 0):
                    choices.append(text[start:j])
                    start = j + 1
                j += 1
            return [out for choice in choices
                    for out in expand_braces(text[:i] + choice + text[j:])]
        i += 1
    return [text]


def class_end(text, i):
    """The index behind the `]` of the class that begins at `i`, or None if there is none."""
    j = i + 1
    if j < len(text) and text[j] in "!^":
        j += 1
    first = True
    while j < len(text):
        if text[j] == "]" and not first:
            return j + 1
        first = False
        j += 1
    return None


def in_class(body, c):
    negated = body[:1] in ("!", "^")
    if negated:
        body = body[1:]
    hit, i = False, 0
    while i < len(body):
        if i + 2 < len(body) and body[i + 1] == "-":
            if body[i] > body[i + 2]:
                raise Refused("a range that runs backwards")
            hit = hit or body[i] <= c <= body[i + 2]
            i += 3
        else:
            hit = hit or body[i] == c
            i += 1
    return hit != negated


def name_matches(pattern, name):
    """One component against one component."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(name_matches(pattern[1:], name[i:]) for i in range(len(name) + 1))
    if pattern[0] == "?":
        return bool(name) and name_matches(pattern[1:], name[1:])
    if pattern[0] == "[":
        end = class_end(pattern, 0)
        if end:
            return (bool(name) and in_class(pattern[1:end - 1], name[0])
                    and name_matches(pattern[end:], name[1:]))
    if pattern[0] == "\\":
        return name[:1] == pattern[1:2] and name_matches(pattern[2:], name[1:])
    return name[:1] == pattern[0] and name_matches(pattern[1:], name[1:])


def names_match(pattern, names, depth):
    """Components against components. `depth` limits what `**` and all behind it may cover."""
    if not pattern:
        return not names
    if pattern[0] == "**":
        if depth is not None and len(names) > depth:
            return False
        rest = pattern[1:]
        if not rest:
            return bool(names)  # everything below, not the directory itself
        return any(names_match(rest, names[i:], depth) for i in range(len(names) + 1))
    return bool(names) and name_matches(squeeze(pattern[0]), names[0]) and \
        names_match(pattern[1:], names[1:], depth)


def squeeze(component):
    """`**` inside a component is `*`; this also keeps the matcher from trying them all."""
    while "**" in component:
        component = component.replace("**", "*")
    return component


class Pattern:
    def __init__(self, base, text, depth):
        """`base` is literal, `text` is relative to it. The search starts behind what is fixed of
        `text`, which is what comes before the first character with a meaning."""
        first = min((text.index(c) for c in "*?[]{}\\" if c in text), default=len(text))
        cut = text.rfind("/", 0, first) + 1
        self.given, self.depth = join_raw(base, text), depth
        self.prefix = fold(join_raw(base, text[:cut]))
        if self.prefix == "/":
            raise Refused("pattern from the root of the disk: " + self.given)
        self.real = Real(self.prefix)
        self.alternatives = [parts(a) for a in expand_braces(text[cut:])]

    def matches(self, names):
        return any(names_match(a, names, self.depth) for a in self.alternatives)

    def knows(self, path):
        """Whether `path`, there or not, is a name that this means."""
        base = self.real.path
        return at_or_below(path, base) and self.matches(parts(path)[len(parts(base)):])

    def searches(self):
        return any("**" in a for a in self.alternatives)

    def found(self):
        """(path without links, names below the base, links on the way, is a link) of every match
        that is reached by names alone and through linked directories."""
        out = []
        if self.real.is_directory():
            self._search(self.real.path, [], [], [], out)
        return out

    def _search(self, directory, names, linked, chain, out):
        longest = max(len(a) for a in self.alternatives)
        if self.searches():
            # Every round through a circle of links may add a name that the pattern has.
            if chain.count(directory) >= longest:
                return
        elif len(names) >= longest:
            return
        for name in sorted(os.listdir(directory)):
            here, below = join(directory, name), names + [name]
            link = os.path.islink(here)
            if self.matches(below):
                out.append((here, below, linked, link))
                continue  # closed with all below it
            if link:
                target = Real(here)
                if target.is_directory():
                    self._search(target.path, below, linked + [here], chain + [directory], out)
            elif os.path.isdir(here):
                self._search(here, below, linked, chain + [directory], out)


# ---- profiles ----

def identity(path):
    """What tells that another name means the same file; None where there is no other name."""
    try:
        info = os.lstat(path)
    except OSError:
        return None
    several = stat.S_ISREG(info.st_mode) and info.st_nlink > 1
    return (info.st_dev, info.st_ino) if several else None


def merge(lower, higher):
    out = dict(lower)
    for key, value in higher.items():
        if isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = merge(out[key], value)
        else:
            out[key] = value
    return out


class Entry:
    def __init__(self, given, access, base):
        self.given, self.level, self.base = given, LEVEL[access], base
        self.real = Real(given)


class Model:
    """A profile made concrete. `setup` has: filesystem (list of tables, parents first), parent
    (":workspace", ":read-only" or ""), roots (list of tables), depth, live (whether rules hold for
    what appears later), managed (list), cwd, home, tmpdir (or None)."""

    def __init__(self, setup):
        self.live, self._matched = setup["live"], {}
        self.cwd = Real(setup["cwd"]).path
        self.home, self.tmpdir = setup["home"], setup["tmpdir"]
        table = {":workspace": WORKSPACE, ":read-only": READ_ONLY, "": {}}[setup["parent"]]
        for child in setup["filesystem"]:
            table = merge(table, child)
        if not any(LEVEL[table.get(name, "deny")] for name in (":root", ":minimal")):
            raise Refused("no program can be loaded")
        self.roots = self._roots(setup["roots"])
        self.entries, self.written, self.patterns = [], [], []
        for key, value in table.items():
            self._add(key, value, setup["depth"])
        self.managed, self.managed_patterns = [], []
        for text in setup["managed"]:
            if is_pattern(text):
                self.managed_patterns.append(Pattern(*self._split_home(text), None))
            else:
                self.managed.append(Entry(fold(self._absolute(text)), "deny", "managed"))
        self._settle()
        self._close_matches()
        self._protect()
        self._close_missing()
        self._check_links()
        self._check_managed()
        if not self.live:
            self._close_other_names()

    # -- expansion --

    def _absolute(self, text):
        return join(self.home, text[1:]) if text[:1] == "~" else text

    def _split_home(self, text):
        """(base, rest) of an absolute or home-relative key."""
        return (self.home, text[2:]) if text[:1] == "~" else ("/", text[1:])

    def _roots(self, tables):
        merged = {}
        for t in tables:
            merged.update(t)
        out, self.named_roots = [self.cwd], []
        for key, on in merged.items():
            path = self._absolute(key) if key[:1] in "/~" else join(self.cwd, key)
            real = Real(fold(path))
            if on and real.exists and real.path not in out:
                if not real.is_directory():
                    raise Unclear("a workspace root that is a file")
                out.append(real.path)
            if on and real.exists:
                self.named_roots.append(fold(path))
        for root in out:
            if root == "/":
                raise Refused("'/' as workspace root")
            if any(c in PROTECTED for c in parts(root)):
                raise Unclear("a workspace root in a protected directory")
        return out

    def _add(self, key, value, depth):
        if isinstance(value, dict):
            for sub, access in value.items():
                if key == ":workspace_roots":
                    for root in self.roots:
                        self._add_one(root, sub, access, depth, "root")
                else:
                    self._add_one(fold(self._absolute(key)), sub, access, depth, "scoped")
            return
        if key == ":workspace_roots":
            for root in self.roots:
                self._add_one(root, ".", value, depth, "root")
        elif key == ":root":
            self._exact("/", value, "special")
        elif key == ":minimal":
            for path in MINIMAL:
                if os.path.exists(path):
                    self._exact(path, "read", "special")
        elif key == ":slash_tmp":
            if os.path.isdir("/tmp"):
                self._exact("/tmp", value, "special")
        elif key == ":tmpdir":
            if self.tmpdir and os.path.isdir(self.tmpdir):
                self._exact(self.tmpdir, value, "special")
        else:
            base, rest = self._split_home(key)
            self._add_one(base, rest or ".", value, depth, "absolute")

    def _add_one(self, base, sub, access, depth, kind):
        if kind != "absolute":
            self._check_subpath(sub)
            if kind == "scoped" and is_pattern(base):
                raise Refused("pattern characters in the base '%s'" % base)
        if not is_pattern(sub):
            self._exact(base if sub == "." else fold(join(base, sub)), access, kind)
        elif LEVEL[access] == NONE:
            self.patterns.append(Pattern(base, sub, depth))
        elif sub.endswith("/**") and not is_pattern(sub[:-3]):
            self._exact(fold(join(base, sub[:-3])), access, kind)
        else:
            raise Refused("a grant with a pattern: " + sub)

    @staticmethod
    def _check_subpath(sub):
        if sub == ".":
            return
        if not sub or sub.startswith("/") or any(c in (".", "..") for c in sub.split("/")):
            raise Refused("subpath '%s'" % sub)
        if sub.split("/")[0] == "~":
            raise Unclear("'~' as a subpath")

    def _exact(self, given, access, kind):
        self.written.append(Entry(given, access, kind))

    # -- effective access --

    def _settle(self):
        """At one path deny beats write beats read. A write entry grants nothing where nothing is,
        but a read entry has lost to it all the same."""
        self.asked = {}
        for strength in (READ, WRITE, NONE):
            for e in self.written:
                if e.level == strength:
                    self.asked[e.real.path] = strength
        vain = {e.real.path for e in self.written if e.level == WRITE and not e.real.exists}
        self.rules = {path: level for path, level in self.asked.items()
                      if level != WRITE or path not in vain}
        self.entries = [e for e in self.written if e.real.path in self.rules and
                        (e.level != WRITE or e.real.exists)]
        self.own = dict(self.rules)  # without protection
        self.floor = {e.real.path for e in self.managed}

    def _closed(self, path):
        return any(at_or_below(path, f) for f in self.floor)

    def access(self, path):
        """What may be done with `path`, which has no links and may be missing."""
        if self._closed(path) or (self.live and self.matched_by_name(path)):
            return NONE
        names = parts(path)
        for n in range(len(names), -1, -1):
            rule = self.rules.get("/" + "/".join(names[:n]))
            if rule is not None:
                return rule
        return NONE

    def _close_matches(self):
        """Looks every pattern up that has to be; what is behind a link in a closed place does not
        matter. Live patterns know names, and need a search only for what a matching name leads to,
        which is closed as well unless the pattern has `**`: that would be a search everywhere."""
        self.any_answer, self.link_floor, self.searched = [], set(), []
        exact = [e.real.path for e in self.entries if e.level == NONE] + \
                [e.real.path for e in self.managed]
        found = [(p, hit) for p in self.patterns + self.managed_patterns
                 if not (self.live and p.searches()) for hit in p.found()]
        closed = set(exact) | {path for _, (path, _, linked, link) in found
                               if not link and not linked}
        for pattern, (path, names, linked, link) in found:
            target = Real(path)
            if link and not target.exists:
                continue
            ways = linked + ([path] if link else [])
            if any(at_or_below(way, c) for way in ways for c in closed) or \
                    any(self.access(parent(way)) == NONE for way in ways) or \
                    (self.live and any(self.matched_by_name(way) for way in linked)):
                # Nobody gets at this link; closing what it leads to is neither asked nor forbidden.
                if at_or_below(self.cwd, target.path) or \
                        at_or_below(pattern.real.path, target.path):
                    raise Unclear("a matching link in a closed place")
                self.any_answer.append(target.path)
                continue
            if link or linked:
                if at_or_below(self.cwd, target.path) or \
                        at_or_below(pattern.real.path, target.path):
                    raise Refused("a matching link to where the command works: " + path)
                self.link_floor.add(target.path)
            if link or linked or not self.live:
                self.floor.add(target.path)
                self.searched.append((target.path, pattern.real.path, bool(linked), link))

    def _close_other_names(self):
        """A mask covers one name of a file: the others are looked for in what may be written and
        where patterns start."""
        closed = {path for path, level in self.rules.items() if level == NONE}
        closed |= {e.real.path for e in self.managed}
        # What a rule closes as a whole is not looked into, but for patterns that start inside it,
        # and what a pattern matches is not looked into by those that start where it does.
        granted = [path for path, level in self.rules.items()
                   if level != NONE and not self.matched_by_name(path)]
        whole = [c for c in closed if not any(g != c and at_or_below(g, c) for g in granted)]
        straight = [(path, base) for path, base, linked, link in self.searched
                    if not linked and not link]
        for path, base, linked, link in self.searched:
            hidden = any(at_or_below(path, c) and (linked or at_or_below(c, base)) for c in whole)
            below = any(start == base and path != other and at_or_below(path, other)
                        for other, start in straight)
            if link or not (hidden or below):
                closed.add(path)
        wanted = {identity(path) for path in closed} - {None}
        perhaps = {identity(path) for path in self.any_answer} - {None} - wanted
        places = [path for path, level in self.rules.items() if level == WRITE and path != "/"]
        places += [p.real.path for p in self.patterns + self.managed_patterns if p.real.path != "/"]
        for place in places:
            for folder, _, files in os.walk(place):
                for path in (os.path.join(folder, name) for name in files):
                    if identity(path) in wanted and self.access(path) != NONE:
                        self.floor.add(path)
                    elif identity(path) in perhaps:
                        self.any_answer.append(path)

    # -- protected metadata --

    def _protect(self):
        writable = [p for p, level in self.own.items()
                    if level == WRITE and os.path.isdir(p) and self.access(p) == WRITE]
        for p, level in self.own.items():
            if level == WRITE and any(at_or_below(p, f) for f in self.link_floor) and \
                    any(os.path.islink(join(p, name)) for name in PROTECTED):
                raise Unclear("protected metadata where only a matching link closes")
        pointed = []
        for root in writable:
            for name in PROTECTED:
                path = join(root, name)
                if os.path.islink(path):
                    if any(path == e.given or path in e.real.crossed
                           for e in self.written if e.level == WRITE):
                        raise Unclear("write entry on a link with a protected name")
                    raise Refused("protected metadata that is a link: " + path)
                if path not in self.asked:
                    self.rules[path] = READ
            pointed += self._git_directories(join(root, ".git"))
        for path, _ in pointed:
            if any(at_or_below(o, path) or at_or_below(path, o) and o != "/"
                   for o in self.own if self.own[o] == WRITE and join(parent(o), ".git") == o):
                raise Unclear("a grant on what a .git file points to")
            if path in self.own:
                self.any_answer.append(path)
            elif self.access(path) == WRITE:
                self.rules[path] = READ
        for path, crossed in pointed:
            if self._replaceable(crossed):
                raise Refused("a .git file points through a link: " + path)

    def _git_directories(self, dot_git):
        """Where a .git file points to, the directory that has the common parts, and the links on
        the way to each."""
        if not os.path.isfile(dot_git):
            return []
        with open(dot_git, encoding="utf-8", errors="surrogateescape", newline="") as f:
            text = f.read().strip()
        if not text.startswith("gitdir:"):
            return []
        target = Real(join_relative(parent(dot_git), text[len("gitdir:"):].strip()))
        if not target.exists:
            return []
        out = [(target.path, target.crossed)]
        common = join(target.path, "commondir")
        if os.path.isfile(common):
            with open(common, encoding="utf-8", errors="surrogateescape") as f:
                real = Real(join_relative(target.path, f.read().strip()))
            if real.exists:
                out.append((real.path, real.crossed))
        return out

    def _close_missing(self):
        """Whoever could make the first missing directory on the way to a rule could put something
        else in its place."""
        added = {}
        for e in self.written + self.managed:
            missing = e.real.path in self.rules or e in self.managed
            if not missing or e.real.exists or e.level == WRITE or \
                    self.access(e.real.existing) != WRITE:
                continue
            if e.level == READ and (self._closed(e.real.path) or
                                    self.matched_by_name(e.real.path)):
                continue  # a grant without effect
            below = parts(e.real.path)[len(parts(e.real.existing)):]
            first = join(e.real.existing, *below[:1])
            if first not in self.rules and first not in self.floor:
                added[first] = READ
        self.rules.update(added)
        # What an entry means that leads into a circle of links is not said.
        self.any_answer += [x for e in self.written + self.managed if e.real.loop
                            for x in [e.real.path] + e.real.crossed]
        # What a grant on something missing below protected metadata lifts is not said.
        self.any_answer += [e.real.path for e in self.written
                            if e.level == WRITE and not e.real.exists
                            and any(c in PROTECTED for c in parts(e.real.path)[:-1])]

    # -- names --

    def name_is_matched(self, path):
        """Whether a pattern knows the name `path`, which need not exist."""
        return any(p.knows(path) for p in self.patterns + self.managed_patterns)

    def matched_by_name(self, path):
        """The same for `path` or a directory above it."""
        if path == "/":
            return False
        if path not in self._matched:
            self._matched[path] = self.name_is_matched(path) or self.matched_by_name(parent(path))
        return self._matched[path]

    def closed_on_the_way(self, path, crossed):
        """Whether `path`, as it is written, or one of the links that it crosses has a name that is
        closed: then it opens nothing, wherever it leads."""
        return self.live and any(self.matched_by_name(x) for x in [path] + crossed)

    def leads_to_a_pattern(self, path):
        """Whether a pattern starts at or below `path`, there or not: it must not come to mean
        another place."""
        return any(at_or_below(p.real.path, path) for p in self.patterns + self.managed_patterns)

    def mount(self, path):
        """Where the mount that `path` is on may begin: what a rule names, or leads to something
        that stays as it is, may be one."""
        fixed = [*self.rules, *self.floor] + [p.real.path for p in
                                              self.patterns + self.managed_patterns]
        while path != "/" and not any(at_or_below(x, path) for x in fixed):
            path = parent(path)
        return path

    def may_move(self, old, new):
        """Whether what is called `old` may come to be called `new` (both without links): True,
        False, or None where mounts may stand in the way of what the rules allow."""
        if any(self.access(x) != WRITE for x in (old, parent(old), new)) or at_or_below(new, old):
            return False
        # A grant on what is closed by its name has no effect.
        rules = [p for p, level in self.rules.items() if level == NONE or self.access(p) != NONE]
        # What a pattern closes by its name as well needs no link that leads to it.
        exact = {e.real.path for e in self.managed}
        floor = [f for f in self.floor if f in exact or f not in self.link_floor or
                 not self.matched_by_name(f)]
        if any(at_or_below(p, old) and self.rules[p] != WRITE for p in rules) or \
                any(at_or_below(f, old) for f in floor):
            return False
        if self.leads_to_a_pattern(old) or \
                (os.path.islink(old) and self.leads_to_a_pattern(new)):
            return False
        if os.path.isdir(old) and not os.path.islink(old):
            for folder, folders, files in os.walk(old):
                for name in folders + files:
                    here = join(folder, name)
                    if self.matched_by_name(here) and \
                            not self.matched_by_name(new + here[len(old):]):
                        return False
        if any(at_or_below(p, old) for p in rules) or \
                self.mount(old) != self.mount(parent(new)):
            return None
        return True

    # -- refusals --

    def _replaceable(self, links):
        closed, self.floor = self.floor, self.floor - self.link_floor
        named = [x for x in links if self.access(parent(x)) == WRITE]
        self.floor = closed
        out = [x for x in named if self.access(parent(x)) == WRITE]
        if named and not out:
            raise Unclear("a link in a directory that only a matching link closes")
        return out

    def _check_links(self):
        for e in self.entries + self.managed:
            bad = self._replaceable(e.real.crossed)
            if bad and e.level == NONE:
                raise Refused("deny '%s' crosses the link '%s'" % (e.given, bad[0]))
            if bad and e.level == READ:
                others = [o for o in self.entries + self.written
                          if o.real.path == e.real.path and o is not e]
                # A circle of links is taken for any one of them.
                loops_into_match = e.real.loop and any(map(self.matched_by_name, e.real.crossed))
                if others or loops_into_match or self._closed(e.real.path) or \
                        self.matched_by_name(e.real.path):
                    raise Unclear("a read entry without effect through a link that can be replaced")
                raise Refused("read '%s' crosses the link '%s'" % (e.given, bad[0]))
        for p in self.patterns + self.managed_patterns:
            bad = self._replaceable(p.real.crossed)
            if bad:  # with or without a match: patterns are live, one may come
                raise Refused("pattern '%s' crosses the link '%s'" % (p.given, bad[0]))

    def _openly_closed(self, name, also_itself):
        """Whether a requirement names `name`, there or not, or (not `also_itself`) a directory
        above it; links are not looked through."""
        if any(at_or_below(name, f) and (also_itself or f != name)
               for e in self.managed for f in (e.given, e.real.path)):
            return True
        for p in self.managed_patterns:
            for base in (p.prefix, p.real.path):
                if at_or_below(name, base):
                    below = parts(name)[len(parts(base)):]
                    if any(p.matches(below[:n]) for n in range(1, len(below) + 1)):
                        return True
        return False

    def _check_managed(self):
        """A grant, or a root that gets one, under a name that a requirement closes."""
        roots_get_access = any(e.base == "root" and e.level != NONE for e in self.written)
        for root in self.named_roots:
            if roots_get_access and self._openly_closed(root, True):
                raise Refused("workspace root '%s' inside a managed deny" % root)
        for e in self.written:
            if e.level == NONE or e.base in ("special", "root"):
                continue
            # A scoped entry for the very path of a requirement loses the tie.
            if self._openly_closed(e.given, e.base != "scoped"):
                raise Refused("grant '%s' inside a managed deny" % e.given)

def join_raw(base, sub):
    return base.rstrip("/") + "/" + sub


def join_relative(base, text):
    return text if text.startswith("/") else base.rstrip("/") + "/" + text
