"""Every row of the catalogues has a test, and every test names rows that exist."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from escape import Sandbox  # noqa: E402
import catalogue  # noqa: E402
import network_rows  # noqa: E402
import totals  # noqa: E402
from rows import HERE, NOT_HERE, ROWS  # noqa: E402


class Catalogue(unittest.TestCase):
    def test_every_row_has_a_test(self):
        found = catalogue.tested(HERE)
        self.assertEqual([row for row in ROWS if row not in found], [])

    def test_every_row_of_the_network_has_a_test(self):
        found = network_rows.tested()
        wanted = set(network_rows.ROWS) - network_rows.NEEDS_INTERCEPTION
        self.assertEqual([row for row in wanted if row not in found], [])
        self.assertEqual([row for row in network_rows.NEEDS_INTERCEPTION if row in found], [])

    def test_tests_name_only_rows_that_exist(self):
        known = set(ROWS) | set(network_rows.ROWS)
        self.assertEqual([row for row in network_rows.tested() if row not in known], [])


class Interception(Sandbox):
    def test_a_profile_that_asks_for_it_is_refused(self):
        """As long as this holds, the rows of NEEDS_INTERCEPTION cannot go wrong."""
        if not network_rows.NEEDS_INTERCEPTION:
            self.skipTest("every row has a test of its own")
        text = '[permissions.p]\nextends = ":workspace"\n[permissions.p.network]\nenabled = true\n'
        hook = ('[permissions.p.network.mitm.hooks.h]\nhost = "api.example.com"\nmethods = ["GET"]\n'
                'path_prefixes = ["/"]\naction = ["a"]\n[permissions.p.network.mitm.actions.a]\n'
                'inject_request_headers = [{ name = "x-a", secret_env_var = "X" }]\n'
                '[permissions.p.network.domains]\n'
                '"api.example.com" = "allow"\n')
        credential = '[permissions.p.network.credentials.c]\nenv = "X"\nhosts = ["api.example.com"]\n'
        for more in (hook, credential):
            self.configure(text + more)
            done = self.run_in("echo", "ran")
            self.assert_status(done, 125)
            self.assertEqual(done.stdout, "")
        self.configure(text)
        self.assertEqual(self.run_in("echo", "ran").stdout, "ran\n")


def not_here(name):
    return lambda self: self.skipTest(NOT_HERE[name])


for each in NOT_HERE:
    setattr(Catalogue, "test_" + each.replace("-", "_"), not_here(each))


if __name__ == "__main__":
    totals.main()
