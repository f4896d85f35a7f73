"""Ordinary work goes on although every open is decided: the tools of a build, of an archive, of a
repository. Each script first has to do its work without the sandbox; inside it prints the same."""
import os
import shutil
import unittest

from escape import Escape, LIVE
from sandbox import ENGINE
import totals

MAIN = """#include <stdio.h>
#include "part.h"
int main(void) { printf("%d\\n", part(20)); return 0; }
"""


def with_mounts(test):
    reason = "the landlock engine has no /dev/shm and no terminals of its own"
    return unittest.skipIf(ENGINE == "landlock", reason)(test)


class Tools(Escape):
    settings = LIVE + '".git" = "write"\n'

    def make_tree(self):
        super().make_tree()
        shutil.rmtree(os.path.join(self.work, ".git"))
        os.unlink(os.path.join(self.work, os.fsdecode(b"bad\xff.env")))
        self.put("work/c/main.c", MAIN)
        self.put("work/c/part.h", "int part(int);\n")
        self.put("work/c/part.c", "int part(int n) { return n + 1; }\n")
        self.put("work/c/Makefile", "objects = main.o part.o\nprogram: $(objects)\n\t"
                 "$(CC) -o $@ $(objects)\nclean:\n\trm -f $(objects) program\n")
        for i in range(40):
            self.put("work/many/d%d/file%d.txt" % (i % 7, i), "text %d\n" % i)

    def works(self, program, script):
        if shutil.which(program, path="/usr/local/bin:/usr/bin:/bin") is None:
            self.skipTest("'%s' is not installed" % program)
        env = {"GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE":
               "2024-01-01T00:00:00Z", "GIT_CONFIG_GLOBAL": "/dev/null"}
        text = ("set -e; umask 022; git() { command git -c user.name=a -c user.email=a@b "
                "-c init.defaultBranch=main \"$@\"; }\n" + script)
        control = self.plain("bash", "-c", text, env=env)
        self.assert_status(control, 0)
        self.make_tree()
        inside = self.run_in("bash", "-c", text, env=env)
        self.assert_status(inside, 0)
        self.assertEqual(inside.stdout, control.stdout, inside.stderr)
        self.assertNotIn("denied", inside.stderr)

    def test_git(self):
        self.works("git", """
            echo '*.env' > .gitignore; echo secretsdir >> .gitignore
            git init -q; git add .gitignore own.txt c many; git commit -qm one; git log --format=%H
            git checkout -qb other; echo more >> own.txt; git commit -qam two
            git checkout -q main; cat own.txt; git merge -q other; git status --short | sort
            git clone -q . ../work/copy; cd copy; git log --oneline | wc -l; git mv own.txt x.txt
            git commit -qm three; git rebase -q HEAD~1; git stash list; git gc -q; git fsck
            git diff --stat HEAD~1; git worktree add -q tree; ls tree; git rev-parse HEAD""")

    def test_c_build(self):
        self.works("gcc", "cd c; gcc -Wall -O1 -o p main.c part.c; ./p; gcc -c part.c; "
                   "ar rc lib.a part.o; ranlib lib.a; gcc main.c lib.a -o q; ./q; strip q; ./q; "
                   "gcc -shared -fPIC -o libpart.so part.c; gcc main.c -L. -lpart -Wl,-rpath,$PWD "
                   "-o r; ./r; gcc -pipe -g -save-temps main.c part.c -o s; ./s; ls")

    def test_cxx_build(self):
        self.works("g++", r"""
            printf '#include <iostream>\n#include <map>\n#include <string>\nint main() {
            std::map<std::string, int> m{{"a", 1}}; std::cout << m.size() << std::endl; }' > a.cc
            g++ -std=c++20 -O0 a.cc -o program; ./program""")

    def test_make(self):
        self.works("make", "cd c; make -sj4 program; ./program; touch part.c; make -s; make -s clean; "
                   "ls")

    def test_cmake(self):
        self.works("cmake", "cd c; printf 'cmake_minimum_required(VERSION 3.10)\\nproject(p C)\\n"
                   "add_executable(p main.c part.c)\\n' > CMakeLists.txt; cmake -S . -B out > log; "
                   "cmake --build out > log; out/p")

    def test_python(self):
        self.works("python3", """
            mkdir pkg; echo 'x = 3' > pkg/__init__.py; python3 -c 'import pkg; print(pkg.x)'
            ls pkg/__pycache__ | wc -l; python3 -c 'import ssl, asyncio, json, sqlite3, ctypes'
            python3 -c 'import tempfile; f = tempfile.TemporaryFile(); f.write(b"x"); print(f.tell())'
            python3 -c 'import tempfile, os; d = tempfile.mkdtemp(); os.rmdir(d); print("made")'
            """)

    @with_mounts
    def test_python_processes(self):
        self.works("python3", "python3 -c 'import multiprocessing as m; "
                   "print(m.Pool(2).map(abs, [-1, -2]))'")

    def test_python_environment(self):
        if self.plain("python3", "-c", "import ensurepip").returncode != 0:
            self.skipTest("this Python has no ensurepip, which venv needs")
        self.works("python3", "python3 -m venv --without-pip v; v/bin/python -c 'print(1)'")

    def test_perl(self):
        self.works("perl", "perl -MFile::Find -e 'find(sub { $n++ }, \"many\"); print \"$n\\n\"'; "
                   "perl -pi -e 's/own/mine/' own.txt; cat own.txt; "
                   "perl -MFile::Temp=tempfile -e 'my ($f, $n) = tempfile(); print -e $n, \"\\n\"'")

    def test_tar(self):
        self.works("tar", "tar -czf x.tgz many c; mkdir t; tar -xzf x.tgz -C t; diff -r many t/many; "
                   "tar -tzf x.tgz | sort; tar -C t -cf - . | tar -xf - -C c; ls c; "
                   "tar --no-same-owner --numeric-owner -cf y.tar own.txt; tar -xpf y.tar; cat own.txt")

    def test_programs_that_hide_their_memory(self):
        """Where the broker cannot read it they are told that they cannot hide it, and go on."""
        self.works("ssh-agent", "ssh-agent -a $PWD/agent cat own.txt; ssh-agent sh -c "
                   "'test -S $SSH_AUTH_SOCK; echo $?'")
        self.works("gpg", "mkdir -m 700 keys; gpg --homedir keys -q --no-autostart --list-keys; "
                   "gpg --homedir keys --print-md sha256 own.txt; gpg --enarmor < own.txt | tail -n 1")

    def test_rsync(self):
        self.works("rsync", "rsync -a many/ copy/; diff -r many copy; rsync -a --delete c/ copy/; "
                   "ls copy")

    def test_npm(self):
        self.works("npm", """
            mkdir -p n/one n/two; cd n; echo '{"name":"one","version":"1.0.0"}' > one/package.json
            echo 'module.exports = 7' > one/index.js
            echo '{"name":"two","version":"1.0.0","dependencies":{"one":"file:../one"}}' > two/package.json
            cd two; npm install --offline --no-audit --no-fund --loglevel=error > log
            node -e 'console.log(require("one"))'""")

    def test_sqlite(self):
        self.works("sqlite3", "for mode in delete wal truncate; do sqlite3 d$mode.db "
                   "\"pragma journal_mode=$mode; create table t(x); insert into t values(1); "
                   "select count(*) from t\"; done; (for i in 1 2 3; do sqlite3 -cmd "
                   "'.timeout 5000' dwal.db 'insert into t values(2)' & done; wait); "
                   "sqlite3 dwal.db 'select count(*) from t'; rm d*; ls -d *.db* | wc -l || true")

    def test_find(self):
        self.works("find", "find many c -type f | sort; find many -name 'file1*' -exec cat {} + | sort;"
                   "find many -newer own.txt | wc -l; find many -delete; ls; find c -name many")

    def test_copies(self):
        self.works("cp", "cp -a many copy; diff -r many copy; cp -al many hard; stat -c %h "
                   "hard/d0/file0.txt; cp -rp c c2; ls c2; cp --preserve=all own.txt x; cmp own.txt x; "
                   "ln -s x y; cp -P y z; readlink z; install -m 640 own.txt i; stat -c %a i; "
                   "cp -n own.txt x; cp -u own.txt x; cp --sparse=always own.txt s; cat s")

    def test_removal(self):
        self.works("rm", "rm -rf many; mkdir -p a1/b/c; touch a1/b/c/d; chmod 500 a1/b; chmod 700 a1/b;"
                   "rm -rf a1; mkdir e; rmdir e; ls; rm -f nothing; unlink own.txt; ls")

    def test_temporary_places(self):
        self.works("mktemp", "d=$(mktemp -d); touch $d/x; ls $d; rm -r $d; d=$(mktemp -d ./xXXX); "
                   "f=$(mktemp -p $d); echo a > $f; cat $f; rm -r $d; ls; touch /tmp/ambit-it-$$; "
                   "rm /tmp/ambit-it-$$")

    def test_locks(self):
        self.works("flock", "exec 9> lock; flock 9; flock -n lock true || echo held; flock -u 9; "
                   "flock -n lock echo free")

    def test_own_descriptors(self):
        self.works("ls", "ls -l /proc/self/fd > l; test $(wc -l < l) -ge 4; readlink /proc/self/fd/0; "
                   "ls /proc/self/task | wc -l; cat /proc/self/comm; readlink /proc/self/cwd | "
                   "xargs basename; readlink /proc/self/exe | xargs basename; ps >/dev/null || true")

    def test_shell(self):
        self.works("bash", """
            cat << END
here $(echo document)
END
            cat <<< string; diff <(sort own.txt) <(sort own.txt); while read -r l; do echo "$l"; done \
< <(echo a; echo b)
            exec 5< own.txt; read -r x <&5; echo "$x"; exec 5<&-; (cd many && pwd | xargs basename)
            set -o noclobber; (echo > own.txt) 2>/dev/null || echo kept; coproc cat; echo co >&"${COPROC[1]}"
            read -r y <&"${COPROC[0]}"; echo "$y"; wc -l < own.txt; test -r c -a -w c -a -x c && echo all""")

    @with_mounts
    def test_terminals(self):
        self.works("python3", """
            python3 -c 'import pty, sys; sys.exit(pty.spawn(["sh", "-c", "tty >/dev/null && echo yes; \
echo x > /dev/tty"]) >> 8)' < /dev/null""")

    @with_mounts
    def test_script(self):
        self.works("script", "script -qec 'tty > /dev/null && echo yes' log < /dev/null | tr -d '\\r'")

    def test_editors(self):
        """Saving by a temporary file that is renamed over the old one."""
        self.works("sed", "sed -i s/own/mine/ own.txt; cat own.txt; cp own.txt own.txt~; "
                   "mv own.txt~ own.txt; touch -d 2020-01-01 own.txt; stat -c %Y own.txt; "
                   "chmod 4644 own.txt 2>/dev/null || chmod 600 own.txt; truncate -s 3 own.txt; "
                   "cat own.txt; sort -o own.txt own.txt; split -b 1 own.txt part; cat part*")

    def test_archives_and_sums(self):
        self.works("gzip", "gzip -k own.txt; zcat own.txt.gz; sha256sum own.txt; xargs -a own.txt echo; "
                   "tee x y < own.txt > z; cmp x y; sync x; fallocate -l 10 f || true; dd if=own.txt "
                   "of=o bs=1 count=2 2>/dev/null; cat o; grep -rc text many | sort | head -3")


if __name__ == "__main__":
    totals.main()
