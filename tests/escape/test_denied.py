"""What is denied stays unread, by whatever name or call it is asked for."""
import os
import re
import shlex
import shutil

from escape import (FILES, LIVE, PROBE, SECRET, SECRETS, SNAPSHOT, Escape, Host, for_root,
                    in_both_modes, table)
import totals
from rows import rows
from sandbox import AMBIT, ENGINE


class Names(Escape):
    @rows("E02b")
    def test_depth_limit_is_of_the_pattern_alone(self):
        """The number limits what the profile's ** matches. A file at that depth is closed; one
        below is not the rule's, as the profile says itself."""
        self.configure(self.settings.replace("[permissions.p.filesystem]\n",
                                             "[permissions.p.filesystem]\nglob_scan_max_depth = 2\n"))
        self.blocked("read", "sub/prod.env")
        self.attempt("read", "a/b/c/d/e/deep.env", allowed=True)

    @rows("E86", "E03")
    def test_text_of_a_link_is_told(self):
        done = self.run_in("readlink", "alias")
        self.assertEqual(done.stdout, ".env\n")
        self.leaks_nothing("cat alias")

    @rows("E72", "E99", "E98")
    def test_other_names_are_other_names(self):
        for name in ("X.ENV", "x.еnv", "x.env ", "x.env."):
            with self.subTest(name):
                self.put("work/" + name, "own\n")
                self.attempt("read", name, allowed=True)
                os.unlink(os.path.join(self.work, name))
                self.attempt("create", name, allowed=True,
                             prepare=lambda name=name: self.forget(name))

    def forget(self, name):
        if os.path.lexists(os.path.join(self.work, name)):
            os.unlink(os.path.join(self.work, name))

    @rows("E24")
    def test_denied_directory_is_not_listed(self):
        for name in ("../home/.ssh", "secretsdir"):
            with self.subTest(name):
                self.assertNotEqual(self.plain("ls", name).stdout, "")
                done = self.run_in("ls", name)
                self.assertEqual(done.stdout, "")
                done = self.run_in("sh", "-c", 'cd "$0" && ls; cat key id_rsa', name)
                self.assertEqual(done.stdout, "")

    @rows("E85")
    def test_size_is_told_only_where_nothing_is_masked(self):
        shown = self.run_in("stat", "-c", "%s", ".env").stdout
        self.assertEqual(shown, "0\n" if self.settings == SNAPSHOT else "%d\n" % len(SECRET))

    @rows("E85")
    def test_size_of_what_is_denied_by_its_path_is_told_only_where_there_are_no_mounts(self):
        self.configure(self.settings + '"own.txt" = "deny"\n')
        for program in (["stat", "-c", "%s %a", "own.txt"],
                        ["python3", "-c", "import os; s = os.fstat(os.open('own.txt', os.O_PATH)); "
                         "print(s.st_size, '%o' % (s.st_mode & 0o777))"]):
            done = self.run_in(*program)
            self.assertEqual(done.stdout, "4 644\n" if ENGINE == "landlock" else "0 0\n", done.stderr)
        self.assertNotEqual(self.run_in("cat", "own.txt").returncode, 0)

    @rows("E88")
    def test_watching_tells_no_content(self):
        """The kernel asks for the right to read, which the mode bits give and the mask does not."""
        done = self.run_in("python3", "-c", "import ctypes, os; c = ctypes.CDLL(None); "
                           "fd = c.inotify_init1(0); print(c.inotify_add_watch(fd, b'.env', 2))")
        self.assert_status(done, 0)
        self.assertRegex(done.stdout, r"\A-?1\n\Z")

    @rows("E17", "E90", "E03")
    def test_aliases_in_proc(self):
        for name in ("/proc/self/cwd/.env", "/proc/self/root$PWD/.env", "/proc/thread-self/cwd/.env",
                     "/proc/$$/cwd/.env", "/proc/self/task/*/cwd/.env", "/proc/self/cwd/alias",
                     "/proc/self/cwd/../work/.env", "/proc/$$/fd/9/.env", "/dev/fd/9/.env",
                     "/proc/self/fd/9/sub/../.env", "/proc/$$/root$PWD/sub/prod.env",
                     "/proc/self/../self/cwd/.env"):
            with self.subTest(name):
                self.leaks_nothing("exec 9< .; cat %s" % name)

    @rows("E03", "E17")
    def test_links_made_inside(self):
        for text in (".env", "$PWD/.env", "/proc/self/cwd/.env", "sub/../.env", "alias"):
            with self.subTest(text):
                self.leaks_nothing("ln -s %s made; cat made" % text)

    @rows("E01")
    def test_programs_that_read(self):
        for script in ("cat < .env", "read x < .env; echo $x", "echo $(< .env)", "tar -c . | strings",
                       "dd if=.env", "cp .env copy; cat copy", "grep -r made-up .", "head -c9 .env; "
                       "python3 -c 'print(open(\".env\").read())'", "perl -pe1 .env",
                       "bash -c '. ./.env; echo $SECRET'", "cat <(cat .env)", "mv .env x; cat x",
                       "find . -name '*.env' -exec cat {} +", "sed '' .env", "sort .env"):
            with self.subTest(script):
                self.leaks_nothing(script)

    @rows("E89")
    def test_attributes_are_not_read(self):
        def prepare():
            self.make_tree()
            os.setxattr(os.path.join(self.work, ".env"), "user.note", b"made-up")
        self.blocked("get-attribute", ".env", "user.note", program=FILES, prepare=prepare)

    @rows("E37")
    @for_root
    def test_by_handle(self):
        self.blocked("read-by-handle", ".", ".env", program=FILES)


table(Names, PROBE, [("E01", "read", name) for name in SECRETS if "/" not in name] +
      [("E02", "read", "sub/prod.env"), ("E02", "read", "a/b/c/d/e/deep.env"),
       ("E14", "read", "secretsdir/key"), ("E01", "read", "sp ace/é.env"),
       ("E03", "read", "alias"), ("E24", "read", "../home/.ssh/id_rsa"),
       ("E24", "read", "TOP/home/.ssh/id_rsa"),
       ("E90", "reopen", ".env"), ("E90", "reopen", "../home/.ssh/id_rsa"),
       ("E06", "link", ".env", "x"), ("E06", "link", "secretsdir/key", "x"),
       ("E06", "link", "sub/prod.env", "x"),
       ("E07", "rename", ".env", "x"), ("E07", "rename", "secretsdir", "x"),
       ("E07", "rename", "secretsdir/key", "x"), ("E08", "exchange", "own.txt", ".env"),
       ("E08", "exchange", ".env", "own.txt"), ("E08", "exchange", "sub", "secretsdir"),
       ("E19", "chmod", "0666", ".env"), ("E19", "touch", ".env"), ("E19", "truncate", ".env"),
       ("E19", "append", ".env"), ("E19", "unlink", ".env"), ("E19", "touch", "alias"),
       ("E19", "chmod", "0666", "alias"), ("E19", "chmod", "0777", "secretsdir")])
table(Names, FILES, [
    ("E01", "read-old", ".env"), ("E01", "read-openat2", ".env"), ("E01", "read-writing", ".env"),
    ("E01", "read-creating", ".env"), ("E01", "read-undumpable", ".env"), ("E01", "open-odd", ".env"),
    ("E01", "read-from-directory", "sub", "prod.env"),
    ("E01", "read-from-directory", "a/b", "../../.env"),
    ("E01", "read-from-inside", "sub", "prod.env"), ("E01", "read-from-inside", "sub", "../.env"),
    ("E14", "read-from-inside", "secretsdir", "key"),
    ("E14", "read-from-directory", "secretsdir", "key"),
    ("E01", "read-after-vfork", ".env"),
    ("E19", "owner", ".env"), ("E19", "owner-of-link", ".env"), ("E19", "times-old", ".env"),
    ("E19", "mode-through-place", ".env"), ("E19", "creat", ".env"),
    ("E89", "set-attribute", ".env"),
    ("E90", "mode-through-place", "sub/prod.env"),
])


class System(Escape):
    """Most of what is opened lies below /usr, and is looked at less."""

    def test_way_over_the_system(self):
        for way in ("/usr/..%s/.env", "/usr//..%s/.env", "/usr/lib/../..%s/.env",
                    "/usr/./../%s/sub/prod.env"):
            with self.subTest(way):
                self.blocked("read", way % self.work)

    def test_rules_for_the_system(self):
        names = ("/usr/lib/os-release", "/usr//lib/os-release", "/usr/lib/../lib/os-release",
                 "/lib/os-release", "/etc/os-release")
        for rule in ('"/usr/lib/os-release" = "deny"', '"/usr/lib/**/os-rel*" = "deny"',
                     '"/usr/l*/os-release" = "deny"'):
            self.configure(LIVE.replace("[permissions.p.filesystem]\n",
                                        "[permissions.p.filesystem]\n%s\n" % rule))
            for name in names:
                with self.subTest(rule, name=name):
                    self.blocked("read", name)


class Programs(Escape):
    """A denied program does not run, and a denied file is no program's part."""

    def make_tree(self):
        super().make_tree()
        self.put("work/tool.env", "#!/bin/sh\nexit 0\n", 0o755)
        self.put("work/run", "#!%s/tool.env\n" % self.work, 0o755)
        shutil.copy("/bin/true", os.path.join(self.work, "machine.env"))
        self.put("work/run-machine", "#!%s/machine.env\n" % self.work, 0o755)
        with open("/bin/true", "rb") as f:
            program = f.read()
        # The kernel opens the loader that a program names (PT_INTERP of elf(5)).
        loader = re.search(rb"/lib[^\0]*/ld-linux[^\0]*\0", program).group()
        shutil.copy(loader[:-1], os.path.join(self.work, "ld.env"))
        self.put("work/loaded", program.replace(loader, b"./ld.env".ljust(len(loader), b"\0"), 1),
                 0o755)


table(Programs, FILES, [("E74", "start", "./tool.env"), ("E74", "start-descriptor", "./tool.env"),
                        ("E74", "start", "./machine.env"),
                        ("E74", "start", "./run"), ("E74", "start", "./run-machine"),
                        ("E74", "start", "./loaded")])


class SecondNames(Escape):
    """One file, two names, one of them denied."""

    def make_tree(self):
        super().make_tree()
        os.link(os.path.join(self.work, ".env"), os.path.join(self.work, "innocent"))

    @rows("E05")
    def test_name_given_before_the_start(self):
        self.blocked("read", "innocent")

    @rows("E05")
    def test_name_in_another_writable_place(self):
        def prepare():
            self.make_tree()
            os.link(os.path.join(self.work, "sub/prod.env"), os.path.join(self.outside, "innocent"))
        prepare()
        self.configure(self.settings.replace('"~/.ssh" = "deny"', '"~/.ssh" = "deny"\n"%s" = "write"'
                                             % self.outside))
        self.blocked("read", "../outside/innocent", prepare=prepare)
        self.blocked("append", "../outside/innocent", prepare=prepare)

    @rows("E05")
    def test_exact_rule(self):
        def prepare():
            self.make_tree()
            os.link(os.path.join(self.work, "own.txt"), os.path.join(self.work, "sub/innocent"))
        prepare()
        self.configure(self.settings.replace('"**/*.env" = "deny"', '"own.txt" = "deny"').replace(
            '"**/secretsdir" = "deny"\n', ""))
        self.blocked("read", "sub/innocent", prepare=prepare)
        self.blocked("read", "own.txt", prepare=prepare)

    @rows("E05")
    def test_exact_rule_and_a_directory_that_cannot_be_looked_into(self):
        """Masks lie over what exact rules close; they neither hide what the file is nor end the
        search for others."""
        if self.settings == SNAPSHOT:
            self.skipTest("names outside of what is writable are not looked for")
        self.configure(LIVE + '"one.txt" = "deny"\n"a" = "deny"\n"a/b" = "read"\n')

        def prepare():
            self.make_tree()
            self.put("work/one.txt", SECRET)
            os.link(os.path.join(self.work, "one.txt"), os.path.join(self.work, "other"))
            self.put("work/z/late.env", SECRET)
            os.link(os.path.join(self.work, "z/late.env"), os.path.join(self.outside, "late"))
            os.link(os.path.join(self.work, "a/b/c/d/e/deep.env"),
                    os.path.join(self.outside, "deep"))
        for script in ("cat other", "cat ../outside/late", "cat ../outside/deep"):
            with self.subTest(script):
                prepare()
                self.leaks_nothing(script, prepare)


class LinksWithClosedNames(Escape):
    """A link whose own name is closed opens nothing, whoever leads to it and wherever it leads."""

    def make_tree(self):
        super().make_tree()
        self.put("outside/keys/secret", SECRET)
        os.symlink("../outside/keys/secret", os.path.join(self.work, "link.env"))
        os.symlink("../outside/keys", os.path.join(self.work, "dir.env"))
        os.symlink("link.env", os.path.join(self.work, "to-link"))
        os.symlink("../work/link.env", os.path.join(self.outside, "far"))
        os.symlink("../work", os.path.join(self.outside, "same"))
        os.symlink("..", os.path.join(self.work, "sub/up"))

    @rows("E03")
    def test_every_way_there(self):
        for name in ("link.env", "./link.env", "sub/../link.env", "to-link", "../outside/far",
                     "sub/up/to-link", "../outside/same/link.env", "dir.env/secret",
                     "../outside/same/sub/up/link.env", "../outside/same/dir.env/secret",
                     "/proc/self/cwd/link.env", "/proc/self/cwd/to-link"):
            with self.subTest(name):
                self.make_tree()
                self.leaks_nothing("cat " + name)
        self.assert_status(self.run_in("cat", "../outside/keys/secret"), 0)

    @rows("E03")
    def test_explain_says_so(self):
        for name, status in (("link.env", 1), ("to-link", 1), ("../outside/same/link.env", 1),
                             ("dir.env/secret", 1), ("../outside/keys/secret", 0)):
            with self.subTest(name):
                self.assert_status(self.run_argv(
                    [AMBIT, "explain", "--config-home", self.config, "-P", "p", "--read", name]),
                    status)

    @rows("E12")
    def test_changes(self):
        self.configure(LIVE + '[permissions.p.workspace_roots]\n"../outside" = true\n')
        for script in ("echo x > dir.env/new", "mkdir dir.env/new", "mv own.txt dir.env/new",
                       "ln own.txt dir.env/new", "ln -s own.txt dir.env/new",
                       "cd ../outside/same/sub; echo x > ../dir.env/new"):
            with self.subTest(script):
                self.make_tree()
                self.makes_nothing(script, "../outside/keys/new")


class TwoMounts(Host):
    """The workspace is mounted at a second place, as is its parent and a child."""

    settings = LIVE
    SETUP = """
mkdir -p names/whole names/parent names/child
mount --bind work names/whole
mount --bind . names/parent
mount --bind work/sub names/child
"""

    @rows("E100")
    def test_second_mount(self):
        for name in ("names/whole/.env", "names/whole/sub/prod.env", "names/parent/work/.env",
                     "names/child/prod.env", "names/parent/home/.ssh/id_rsa"):
            with self.subTest(name):
                for path in ("work/.env", "work/sub/prod.env", "home/.ssh/id_rsa"):
                    self.put(path, SECRET)
                attack = [PROBE, "read", "../" + name]
                self.assertIn("made-up", self.on_host(self.SETUP, *attack).stdout)
                done = self.on_host(self.SETUP, *self.argv(attack))
                self.assert_status(done, 1)
                self.assertNotIn("made-up", done.stdout)


class KernelElsewhere(Host):
    """A change root in the workspace, and one beside it, have a /proc, a /sys and a /dev of their own,
    as those who build packages make them."""

    settings = LIVE
    SETUP = """
for root in work/root other; do
  mkdir -p $root/proc $root/sys $root/dev
  mount --rbind /proc $root/proc
  mount --rbind /sys $root/sys
  mount --rbind /dev $root/dev
done
"""

    def closed(self, *attacks):
        """Those that work without the sandbox fail inside, and there are some. Each says its name."""
        script = "".join("%s; echo %d $?\n" % (shlex.join(attack), i) for i, attack in enumerate(attacks))
        results = []
        for command in (["sh", "-c", script], self.argv(["sh", "-c", script])):
            done = self.on_host(self.SETUP, *command)
            self.assertNotEqual(done.returncode, 125, done.stderr)
            results.append(dict(re.findall(r"(?m)^(\d+) (\d+)$", done.stdout)))
            self.assertEqual(len(results[-1]), len(attacks), done.stdout)
        worked = [i for i, status in results[0].items() if status == "0"]
        self.assertTrue(worked)
        self.assertEqual([attacks[int(i)] for i in worked if results[1][i] != "1"], [])

    @rows("E42", "E40")
    def test_processes_are_not_read(self):
        self.closed(*[[PROBE, "read", "%s/proc/%d/%s" % (root, os.getpid(), name)]
                      for root in ("root", "../other")
                      for name in ("cmdline", "status", "environ", "cwd/rows.py", "fd/0")])

    @rows("E17", "E41")
    def test_it_is_no_other_name_of_files_and_of_ambit(self):
        self.closed(*[[PROBE, "read", "root/proc/" + name]
                      for name in ("version", "self/status", "self/cwd/.env", "self/root%s/.env" % self.work)])

    @rows("E59", "E62", "E64")
    def test_switches_and_devices_are_not_opened(self):
        names = ("proc/self/oom_score_adj", "proc/sys/vm/swappiness", "proc/sys/kernel/core_pattern",
                 "sys/kernel/mm/transparent_hugepage/enabled", "dev/kmsg", "dev/ptmx", "dev/null")
        self.closed(*[[PROBE, attack, "root/" + name] for name in names
                      for attack in ("append", "read") if attack == "append" or "dev/" not in name],
                    [PROBE, "chmod", "0644", "root/proc/self/oom_score_adj"])

    @rows("E42", "E10")
    def test_they_are_not_moved_away(self):
        script = "mv root root2; cat root*/proc/%d/cmdline" % os.getpid()
        self.assertIn("python", self.on_host(self.SETUP, "sh", "-c", script).stdout)
        shutil.rmtree(os.path.join(self.work, "root2"))
        done = self.on_host(self.SETUP, *self.argv(["sh", "-c", script]))
        self.assertEqual(done.stdout, "", done.stderr)

    @rows("E42", "L4")
    def test_one_that_is_mounted_later(self):
        """Also where there are no mounts of the sandbox's own, into which nothing comes."""
        late = ("mkdir -p work/late\n(cd work; until [ -e started ]; do sleep 0.05; done; "
                "mount --rbind /proc late; touch go) &")
        script = "touch started; until [ -e go ]; do sleep 0.05; done; cat late/%d/cmdline" % os.getpid()
        self.assertIn("python", self.on_host(late, "sh", "-c", script).stdout)
        for name in ("started", "go"):
            os.unlink(os.path.join(self.work, name))
        done = self.on_host(late, *self.argv(["sh", "-c", script]))
        self.assertEqual(done.stdout, "", done.stderr)
        self.assertNotEqual(done.stderr, "")


in_both_modes(globals(), Names, Programs, SecondNames, TwoMounts)


if __name__ == "__main__":
    totals.main()
