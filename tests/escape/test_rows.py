"""Every row of the catalogue has a test, and every test names rows that exist."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import escape  # noqa: E402,F401
import totals  # noqa: E402
from rows import NOT_HERE, ROWS, tested  # noqa: E402


class Catalogue(unittest.TestCase):
    def test_every_row_has_a_test(self):
        found = tested()
        self.assertEqual([row for row in ROWS if row not in found], [])

    def test_tests_name_only_rows_that_exist(self):
        self.assertEqual([row for row in tested() if row not in ROWS], [])


def not_here(name):
    return lambda self: self.skipTest(NOT_HERE[name])


for each in NOT_HERE:
    setattr(Catalogue, "test_" + each.replace("-", "_"), not_here(each))


if __name__ == "__main__":
    totals.main()
