"""Every row of the catalogues has a test, and every test names rows that exist."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import escape  # noqa: E402,F401
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
        self.assertEqual([row for row in network_rows.ROWS if row not in found], [])

    def test_tests_name_only_rows_that_exist(self):
        known = set(ROWS) | set(network_rows.ROWS)
        self.assertEqual([row for row in network_rows.tested() if row not in known], [])


def not_here(name):
    return lambda self: self.skipTest(NOT_HERE[name])


for each in NOT_HERE:
    setattr(Catalogue, "test_" + each.replace("-", "_"), not_here(each))


if __name__ == "__main__":
    totals.main()
