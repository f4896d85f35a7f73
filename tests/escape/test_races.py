"""Being quick does not help: paths rewritten, links turned and files replaced while calls are
decided. AMBIT_RACE_ATTEMPTS says how many opens there are in all (default 100 000)."""
import os
import re
import subprocess
import threading

from escape import RACER, SECRET, Escape, in_both_modes
import totals
from sandbox import LIMIT
from rows import rows

ATTEMPTS = int(os.environ.get("AMBIT_RACE_ATTEMPTS", "100000"))
CONTROL = 5000
OPEN = "OPEN FILE\n"


class Races(Escape):
    def make_tree(self):
        super().make_tree()
        self.put("work/own.txt", OPEN)
        self.put("work/open.txt", OPEN)
        self.put("work/sub/open.txt", OPEN)

    def race(self, attempts, *words, sandboxed=True):
        """-> (opens of allowed files, of denied ones)"""
        command = [RACER, str(attempts), *words]
        argv = self.argv(command) if sandboxed else command
        done = subprocess.run(argv, cwd=self.work, env=self.environment(), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=LIMIT + attempts / 500, check=False,
                              start_new_session=True)
        self.assert_status(done, 0)
        found = re.match(r"attempts %d open (\d+) denied (\d+)\n" % attempts, done.stdout)
        self.assertTrue(found, done.stdout)
        print("    %s %s" % ("inside" if sandboxed else "without", done.stdout.strip()), flush=True)
        return int(found.group(1)), int(found.group(2))

    def won_outside(self, *words):
        """Without the sandbox something denied is got at, on a busy machine after some tries."""
        for _ in range(400):
            if self.race(CONTROL, *words, sandboxed=False)[1] > 0:
                return
        self.fail("the control run gets at nothing that is denied")

    def lost(self, share, *words):
        """The race is won without the sandbox and lost inside."""
        self.won_outside(*words)
        self.make_tree()
        self.lost_inside(ATTEMPTS * share // 10, *words)

    def lost_inside(self, attempts, *words):
        """Nothing that is denied is read, while allowed files are. Where opens are as quick as the
        kernel's, one round may be over before another thread has run."""
        won = 0
        for _ in range(20):
            found, leaked = self.race(attempts, *words)
            self.assertEqual(leaked, 0)
            won += found
            if won > attempts // 100:
                return
        self.fail("the races read nothing at all")

    @rows("L7")
    def test_rewritten_path(self):
        self.lost(3, "flip", "open.txt", ".env")

    @rows("L7")
    def test_rewritten_path_with_directories(self):
        self.lost(1, "flip", "./sub/open.txt", "./sub/prod.env")

    def turn(self, turns, done):
        """What a host does to the files until `done` is set."""
        step = 0
        while not done.is_set():
            for each in turns:
                each(step)
            step += 1
        self.turned = step

    def while_turning(self, turns, work):
        done = threading.Event()
        thread = threading.Thread(target=self.turn, args=(turns, done))
        thread.start()
        try:
            return work()
        finally:
            done.set()
            thread.join()

    def at(self, name):
        return os.path.join(self.work, name)

    def replace(self, _):
        os.rename(self.put("outside/next", SECRET), self.at(".env"))

    def make_again(self, _):
        os.unlink(self.at("sub/prod.env"))
        self.put("work/sub/prod.env", SECRET)

    def move_parent(self, _):
        os.rename(self.at("a/b"), self.at("a/b2"))
        os.rename(self.at("a/b2"), self.at("a/b"))

    def move_far(self, _):
        os.rename(self.at("a/b/c"), self.at("sub/c"))
        os.rename(self.at("sub/c"), self.at("a/b/c"))

    def turn_link(self, step):
        os.symlink(("open.txt", ".env", "sub/prod.env", "a/b/c/d/e/deep.env")[step % 4],
                   self.at("next-link"))
        os.rename(self.at("next-link"), self.at("turning"))

    def host_race(self, share, turns, *names):
        self.while_turning(turns, lambda: self.won_outside("fixed", "own.txt", *names))
        attempts = ATTEMPTS * share // 10
        self.while_turning(turns, lambda: self.lost_inside(attempts, "fixed", "own.txt", *names))
        self.assertGreater(self.turned, 10)


class LiveRaces(Races):
    @rows("L6", "L2", "L3")
    def test_host_replaces_files(self):
        self.host_race(2, [self.replace, self.make_again], ".env", "sub/prod.env", "alias")

    @rows("L6", "L5")
    def test_host_moves_directories(self):
        self.host_race(2, [self.move_parent, self.move_far], "a/b/c/d/e/deep.env",
                       "sub/c/d/e/deep.env", "a/b2/c/d/e/deep.env")

    @rows("L6", "E03")
    def test_turning_links(self):
        self.turn_link(0)
        self.host_race(1, [self.turn_link], "turning")

    @rows("L7", "E13")
    def test_rewritten_path_of_a_new_file(self):
        attempts = ATTEMPTS // 10
        self.won_outside("make", "made.txt", "made.env")
        self.make_tree()
        won, leaked = self.race(attempts, "make", "made.txt", "made.env")
        self.assertEqual(leaked, 0)
        self.assertGreater(won, 0)
        left = [name for name in os.listdir(self.work) if name.startswith("made") and
                name.endswith(".env")]
        self.assertEqual(left, [])



in_both_modes(globals(), Races)


if __name__ == "__main__":
    totals.main()
