"""Which variables reach the command."""
from sandbox import Sandbox, totals

SECRET = ("GITHUB_TOKEN", "MY_SECRET", "DB_PASSWORD", "API_KEY", "npm_config_key", "Some_Credential_X",
          "AWS_REGION", "AWS_SECRET_ACCESS_KEY")
SOCKETS = ("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS")
HOOKS = ("LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "GCONV_PATH")
ORDINARY = ("EDITOR", "CFLAGS", "MAKEFLAGS", "FOO_BAR", "EMPTY")


class Environment(Sandbox):
    def variables(self, names, value="made-up", **kwargs):
        """Name -> value of what `env` prints in the sandbox when `names` are set outside."""
        env = dict.fromkeys(names, value)
        self.assertLessEqual(set(names), set(self.read(self.plain("env", env=env))))
        return self.read(self.run_in("env", env=env, **kwargs))

    def read(self, done):
        self.assert_status(done, 0)
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    def test_secrets_sockets_and_hooks_are_dropped(self):
        for names in (SECRET, SOCKETS, HOOKS):
            for name in names:
                with self.subTest(name):
                    # An empty value, so that the control run is not itself hooked.
                    self.assertNotIn(name, self.variables([name], value=""))

    def test_ordinary_variables_stay(self):
        seen = self.variables(ORDINARY)
        for name in ORDINARY:
            self.assertEqual(seen.get(name), "made-up", name)
        for name in ("PATH", "HOME", "LANG", "TERM"):
            self.assertIn(name, seen)

    def test_value_with_any_bytes_stays(self):
        done = self.run_in("printenv", "ODD", env={"ODD": "a=b\n\tc é"})
        self.assertEqual(done.stdout, "a=b\n\tc é\n")

    def test_verbose_says_what_was_dropped(self):
        done = self.run_in("true", env={"MY_SECRET": "made-up"}, options=["--verbose"])
        self.assert_status(done, 0)
        self.assertIn("MY_SECRET", done.stderr)
        self.assertNotIn("made-up", done.stderr)

    def test_profile_may_keep_drop_and_set(self):
        self.configure("""[permissions.p]
extends = ":workspace"
[permissions.p.environment]
include = ["API_KEY"]
exclude = ["foo_*"]
set = { ADDED = "by the profile" }
""")
        seen = self.variables(["API_KEY", "MY_SECRET", "FOO_BAR", "EDITOR"])
        self.assertEqual(seen.get("API_KEY"), "made-up")
        self.assertEqual(seen.get("EDITOR"), "made-up")
        self.assertEqual(seen.get("ADDED"), "by the profile")
        self.assertNotIn("MY_SECRET", seen)
        self.assertNotIn("FOO_BAR", seen)

    def test_core_and_none(self):
        for inherit, kept in (("core", {"PATH", "HOME", "LANG", "TERM"}), ("none", set())):
            with self.subTest(inherit):
                self.configure('[permissions.p]\nextends = ":workspace"\n'
                               '[permissions.p.environment]\ninherit = "%s"\n' % inherit)
                done = self.run_in("/usr/bin/env", env={"EDITOR": "x"})
                # PWD names the directory the command starts in; it is never an inherited value.
                self.assertEqual(set(self.read(done)) - {"PWD"}, kept)


if __name__ == "__main__":
    totals.main()
