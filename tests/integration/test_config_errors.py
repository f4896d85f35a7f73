"""A mistake in the configuration is one line with its place and the way out; nothing runs."""
import os
import re

from sandbox import Sandbox, totals

HEAD = '[permissions.p]\nextends = ":workspace"\n'
FILES = HEAD + "[permissions.p.filesystem]\n"


class ConfigErrors(Sandbox):
    # name, text of config.toml, line of the mistake, words the message has to contain
    TABLE = [
        ("syntax", HEAD + "[permissions.p.filesystem\n", 3, []),
        ("unclosed string", HEAD + 'description = "x\n', 3, []),
        ("key twice", HEAD + 'extends = ":read-only"\n', 3, []),
        ("unknown key", '[permissions.p]\nextend = ":workspace"\n', 2, ["'extend'", "'extends'"]),
        ("unknown table", HEAD + "[permissions.p.filesytem]\n", 3, ["'filesytem'", "'filesystem'"]),
        ("unknown network key", HEAD + "[permissions.p.network]\nenable = true\n", 4,
         ["'enable'", "'enabled'"]),
        ("wrong access word", FILES + '"/srv" = "raed"\n', 4, ["'raed'", "read"]),
        ("access word is a number", FILES + '"/srv" = 3\n', 4, ["/srv"]),
        ("relative path", FILES + '"srv" = "read"\n', 4, ["srv"]),
        ("pattern with a grant", FILES + '"/srv/*.txt" = "read"\n', 4, ["/srv/*.txt"]),
        ("unclosed brace", FILES + '"/srv/*.{a,b" = "deny"\n', 4, ["{"]),
        ("depth of zero", FILES + "glob_scan_max_depth = 0\n", 4, ["glob_scan_max_depth"]),
        ("unknown parent", '[permissions.p]\nextends = "nobody"\n', 2, ["nobody"]),
        ("cycle", '[permissions.p]\nextends = "q"\n[permissions.q]\nextends = "p"\n', None,
         ["p", "q"]),
        ("wrong type of parent", "[permissions.p]\nextends = [':workspace']\n", 2, ["extends"]),
        ("reserved name", HEAD + '[permissions.":mine"]\n', 3, [":mine"]),
        ("pattern from the root", FILES + '"/**/*.env" = "deny"\n', 4, ["/**/*.env"]),
    ]

    def test_table(self):
        for name, text, line, words in self.TABLE:
            with self.subTest(name):
                self.configure(text)
                done = self.run_in("touch", "ran")
                self.assert_status(done, 125)
                self.assertRegex(done.stderr, r"\Aambit: error: [^\n]+\n\Z")
                self.assertEqual(done.stdout, "")
                self.assertNotIn("work/ran", self.snapshot())
                if line:
                    self.assertRegex(done.stderr, r"/config/config\.toml:%d:\d+: " % line)
                for word in words:
                    self.assertIn(word, done.stderr)

    def test_corrected_file_runs(self):
        """The control for the table: its sound parts are accepted."""
        self.configure(FILES + '"/srv" = "read"\n"/srv/*.txt" = "deny"\nglob_scan_max_depth = 1\n')
        self.assert_status(self.run_in("true"), 0)

    def test_mistake_on_the_command_line(self):
        done = self.run_in("true", options=["-c", "permissions.p.extends=3"])
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"\Aambit: error: [^\n]*extends[^\n]*\n\Z")

    def test_pattern_whose_match_cannot_be_closed(self):
        """The exact text: what it needs is on the disk, so no table of texts can have it."""
        self.configure(FILES + '":workspace_roots" = { "*/x.env" = "deny" }\n')
        os.mkdir(os.path.join(self.work, "sub"))
        link = os.path.join(self.work, "sub", "x.env")
        os.symlink("..", link)
        done = self.run_in("touch", "ran")
        self.assert_status(done, 125)
        self.assertRegex(done.stderr, r"\Aambit: error: [^\n]*/config/config\.toml:4:24: " + re.escape(
            "'%s' matches ':workspace_roots/*/x.env' and leads to '%s', which cannot be closed "
            "because the command works inside it; remove the link or narrow the pattern\n"
            % (link, self.work)) + r"\Z")
        self.assertNotIn("work/ran", self.snapshot())

    def test_name_with_a_line_break_stays_on_one_line(self):
        self.configure(FILES + '"a\\nb\\u001b[31m" = "read"\n')
        done = self.run_in("true")
        self.assert_status(done, 125)
        self.assertEqual(len(re.findall("\n", done.stderr)), 1)
        self.assertNotIn("\x1b", done.stderr)

    def test_missing_name_is_not_protected_in_silence(self):
        self.configure(FILES + '"%s/not-yet" = "deny"\ndeny_mode = "snapshot"\n' % self.work)
        done = self.run_in("true")
        self.assert_status(done, 0)
        self.assertRegex(done.stderr, r"\Aambit: warning: [^\n]*/config/config\.toml:4:\d+: not "
                                      r"enforced: [^\n]*not-yet' does not exist yet[^\n]*\n\Z")
        self.assertEqual(self.run_in("true", options=["--quiet"]).stderr, "")
        self.put("work/not-yet")
        self.assertEqual(self.run_in("true").stderr, "")

    def test_missing_name_cannot_be_made(self):
        self.configure(FILES + '"%s/not-yet" = "deny"\n' % self.work)
        done = self.run_in("touch", "not-yet", "else")
        self.assert_status(done, 1)
        self.assertRegex(done.stderr, r"\Atouch: [^\n]*not-yet[^\n]*Permission denied\n\Z")
        self.assertEqual(sorted(os.listdir(self.work)), ["else"])

    def test_profile_to_be_chosen(self):
        done = self.run_in("true", profile=None)
        self.assert_status(done, 125)
        self.assertIn("default_permissions", done.stderr)


if __name__ == "__main__":
    totals.main()
