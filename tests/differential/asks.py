"""What is tried while a sandbox runs: new names, moves, and what the host changes meanwhile.

An ask knows what to send to prober, what the host has to do meanwhile, and what a model has to say
to the answer. Each is of one case on the disk, and leaves the tree as it was.
"""
import errno
import os
import stat

from model import NONE, READ, WRITE, Real, at_or_below, join, parent

FRESH = "zz-fresh-probe"  # what prober makes in a directory
HIDDEN = (errno.EACCES, errno.ENOENT, errno.EPERM)
NOT_WRITABLE = HIDDEN + (errno.EROFS, errno.EBUSY)
NOT_MOVABLE = NOT_WRITABLE + (errno.EXDEV, errno.EINVAL, errno.ENOTEMPTY, errno.EEXIST,
                              errno.ENOTDIR, errno.EISDIR)
LETTERS = {"make": b"m", "directory": b"d", "inside": b"i", "fifo": b"f", "symlink": b"s",
           "rename": b"n", "hardlink": b"l", "link": b"k", "move": b"v", "exchange": b"x",
           "chmod": b"c", "remove": b"u"}


class Question:
    """Something of the tree, perhaps through links, and where it leads."""

    def __init__(self, path):
        self.path, self.real = path, Real(path)
        self.where, self.crossed = self.real.path, self.real.crossed
        self.info = os.stat(path)
        self.identity = (self.info.st_dev, self.info.st_ino)
        self.writable = os.access(path, os.W_OK)
        self.content, self.names, self.before = b"", [], None
        if stat.S_ISREG(self.info.st_mode):
            with open(path, "rb") as f:
                self.content = f.read(256)
        elif stat.S_ISDIR(self.info.st_mode):
            self.names = os.listdir(path)


class Name:
    """A name in a directory, there or not; a link it may be is not followed."""

    def __init__(self, path):
        self.path, self.directory = path, Real(parent(path))
        self.where = join(self.directory.path, path.rsplit("/", 1)[1])
        self.crossed = self.directory.crossed

    def can_be_made(self):
        return self.directory.is_directory() and not os.path.lexists(self.path)

    def is_there(self):
        return self.directory.exists and os.path.lexists(self.path)

    def directory_identity(self):
        info = os.stat(self.directory.path)
        return info.st_dev, info.st_ino


def certain(model, names):
    """Whether nothing but the rules decides if these can be reached: a link is there only if its
    directory is, or a grant made it anew."""
    return all(model.access(parent(x)) != NONE and
               not any(at_or_below(x, p) for p in model.any_answer)
               for name in names for x in name.crossed)


def is_closed(model, name):
    """A name, or what a question is about, by what is met on the way."""
    return model.closed_on_the_way(name.path, name.crossed)


def may_make(model, path, name, where=None):
    """Whether the rules let `path` be made, which lies where `name` does (or at `where`)."""
    where = where or join(parent(name.where), path.rsplit("/", 1)[1])
    return model.access(where) == WRITE and not model.closed_on_the_way(path, name.crossed)


class Ask:
    """`names` are those of which Decide knows the access, `new` those that explain does too."""

    phase = 1

    def __init__(self, kind, path, second):
        self.kind, self.name, self.second = kind, Name(path), second
        self.names, self.new = [self.name], []

    def useful(self, _model):
        return True

    def send(self):
        out = LETTERS[self.kind] + os.fsencode(self.name.path) + b"\0"
        if self.kind in ("inside", "symlink", "link", "move", "exchange"):
            out += os.fsencode(self.second) + b"\0"
        return out

    def text(self):
        return "%s %r %s" % (self.kind, self.name.path, self.second and repr(self.second))


def made(answer, identity):
    return answer[0] == "+" and (int(answer[1]), int(answer[2])) == identity


class New(Ask):
    """Something is made at a name that is not there."""

    def __init__(self, kind, path, second):
        super().__init__(kind, path, second)
        self.new = [self.name]

    def useful(self, _model):
        if not self.name.can_be_made():
            return False
        self.identity = self.name.directory_identity()
        return True

    def problem(self, model, answer):
        name = self.name
        if self.kind in ("rename", "hardlink"):
            source = may_make(model, parent(name.path) + "/" + FRESH, name)
            if answer[0] == "n":
                return "" if not source or not certain(model, [name]) else "no source"
            if not source and made(answer, self.identity):
                return "a source is made"
        allowed = may_make(model, name.path, name) and not (
            self.kind == "symlink" and model.leads_to_a_pattern(name.where))
        if not made(answer, self.identity):
            if answer[0] == "e" and int(answer[1]) not in NOT_WRITABLE:
                return "errno"
            return "what cannot be made" if allowed and certain(model, [name]) else ""
        if not allowed:
            return "what is made"
        return self.problem_then(model, *map(int, answer[3:6]))

    def problem_then(self, model, read, undone, inside):
        if undone:
            return "what is made cannot be undone"
        closed, clear = False, True
        if self.kind == "symlink":
            closed, clear = self.leads_to_closed(model), self.is_clear(model)
        if closed and not read:
            return "what is made and read"
        if not closed and clear and read:
            return "what is made and cannot be read"
        if self.kind == "inside":
            below = may_make(model, self.name.path + "/" + self.second, self.name,
                             join(self.name.where, self.second))
            if below != (inside == 0):
                return "what is made inside"
        return ""

    def leads_to_closed(self, model):
        """A closed directory may still show the way to something open."""
        real = Real(self.second)
        return real.exists and (
            (model.access(real.path) == NONE and not real.is_directory()) or
            model.closed_on_the_way(self.second, real.crossed))

    def is_clear(self, model):
        real = Real(self.second)
        return real.exists and not os.path.islink(self.second) and not is_alias(real.path) and \
            model.access(real.path) != NONE and \
            all(model.access(parent(x)) != NONE for x in real.crossed)


def is_alias(path):
    return os.path.isfile(path) and os.stat(path).st_nlink > 1


class Link(New):
    """A second name for a file."""

    def __init__(self, kind, path, second):
        super().__init__(kind, path, second)
        self.target = Name(second)
        self.names, self.new = [self.name, self.target], [self.target]

    def useful(self, _model):
        if not self.target.can_be_made() or not self.name.is_there() or \
                os.path.isdir(self.name.path) or os.path.islink(self.name.path):
            return False
        self.identity = self.target.directory_identity()
        return True

    def problem(self, model, answer):
        old, new = self.name.where, self.target.where
        allowed = model.access(old) == WRITE and may_make(model, self.target.path, self.target) \
            and not is_closed(model, self.name)
        if made(answer, self.identity):
            if not allowed:
                return "what is linked"
            return "what is linked cannot be undone" if int(answer[4]) else ""
        if answer[0] == "e" and int(answer[1]) not in NOT_WRITABLE + (errno.EXDEV,):
            return "errno"
        if not allowed or old in model.rules or is_alias(old) or \
                model.mount(old) != model.mount(parent(new)) or \
                not certain(model, [self.name, self.target]):
            return ""
        return "what cannot be linked"


class Move(Ask):
    """Something gets another name, or two things change places."""

    phase = 3

    def __init__(self, kind, path, second):
        super().__init__(kind, path, second)
        self.target = Name(second)
        self.names = [self.name, self.target]
        self.new = [self.target] if kind == "move" else []

    def useful(self, model):
        if not self.name.is_there() or self.name.where == self.target.where:
            return False
        if not (self.target.can_be_made() if self.kind == "move" else self.target.is_there()):
            return False
        self.identity = self.target.directory_identity()
        if any(is_closed(model, n) for n in self.names):
            self.expected = False
            return True
        self.expected = model.may_move(self.name.where, self.target.where)
        if self.kind == "exchange" and self.expected is not False:
            back = model.may_move(self.target.where, self.name.where)
            self.expected = back if back is not True else self.expected
        return True

    def restore(self, answer):
        """Does for prober what a rule kept it from doing."""
        if answer[0] != "+" or int(answer[4]) == 0:
            return
        old, new = self.name.where, self.target.where
        if self.kind == "exchange":
            aside = old + "-aside"
            os.rename(old, aside)
            os.rename(new, old)
            os.rename(aside, new)
        else:
            os.rename(new, old)

    def problem(self, model, answer):
        if made(answer, self.identity):
            return "what is moved" if self.expected is False else ""
        if answer[0] == "e" and int(answer[1]) not in NOT_MOVABLE:
            return "errno"
        if self.expected and certain(model, [self.name, self.target]):
            return "what cannot be moved"
        return ""


class Change(Ask):
    """The mode of something is set to what it is."""

    def useful(self, _model):
        try:
            self.question = Question(self.name.path)
        except OSError:
            return False
        return True

    def problem(self, model, answer):
        q = self.question
        level = NONE if is_closed(model, q) else model.access(q.where)
        if answer[0] != "e" and (int(answer[1]), int(answer[2])) == q.identity:
            return "what is changed" if level != WRITE else ""
        if answer[0] == "e" and int(answer[1]) not in NOT_WRITABLE:
            return "errno"
        if level == WRITE and certain(model, [q]) and \
                not any(at_or_below(q.where, p) for p in model.any_answer):
            return "what cannot be changed"
        return ""


class Remove(Ask):
    """Something is removed that has to stay."""

    def useful(self, model):
        where = self.name.where
        if not self.name.is_there() or any(at_or_below(where, p) for p in model.any_answer):
            return False
        info = os.lstat(where)
        self.identity = (info.st_dev, info.st_ino)
        return model.access(where) != WRITE or model.access(parent(where)) != WRITE

    def problem(self, _model, answer):
        gone = answer[0] != "e" and (int(answer[1]), int(answer[2])) == self.identity
        return "what is removed" if gone else ""


class Host(Ask):
    """The host makes something, which the sandbox then meets like all that was there before."""

    phase = 2

    def __init__(self, kind, path, second):
        super().__init__(kind, path, second)
        if kind == "hostdir":
            self.names.append(Name(path + "/" + second))
        if kind != "save":
            self.new = self.names
        self.questions = []

    def useful(self, _model):
        if self.kind != "save":
            return self.name.can_be_made()
        if not self.name.is_there():
            return False
        info = os.lstat(self.name.where)
        return stat.S_ISREG(info.st_mode) and info.st_nlink == 1

    def prepare(self, aside):
        """Changes the tree. `aside` is a free name outside of it."""
        where, self.aside, before = self.name.where, aside, None
        paths = [self.name.path]
        if self.kind == "hostdir":
            os.mkdir(where)
            write(join(where, self.second))
            paths.append(self.name.path + "/" + self.second)
        elif self.kind == "host":
            write(where)
        else:
            info = os.lstat(where)
            before = (info.st_dev, info.st_ino)
            os.link(where, aside)
            write(aside + "-new")
            os.rename(aside + "-new", where)
        self.questions = [Question(path) for path in paths]
        for q in self.questions:
            q.before = before

    def restore(self):
        if not self.questions:
            return
        where = self.name.where
        if self.kind == "hostdir":
            os.unlink(join(where, self.second))
            os.rmdir(where)
        elif self.kind == "host":
            os.unlink(where)
        else:
            os.rename(self.aside, where)


def write(path):
    with open(path, "x", encoding="utf-8") as f:
        f.write("by the host\n")


CLASSES = {"link": Link, "move": Move, "exchange": Move, "chmod": Change, "remove": Remove,
           "host": Host, "hostdir": Host, "save": Host}


def make_ask(kind, path, second):
    return CLASSES.get(kind, New)(kind, path, second)
