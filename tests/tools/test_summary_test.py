"""tools/test_summary.py on reports as ctest writes them."""
import contextlib
import io
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import test_summary  # noqa: E402
import totals  # noqa: E402

PASSED = '<testcase name="ok" status="run"><system-out>fine</system-out></testcase>'
FAILED = '<testcase name="bad" status="fail"><failure message=""/><system-out/></testcase>'
SKIPPED = ('<testcase name="sk" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
           '<system-out>SKIP sk: offline</system-out></testcase>')
GTEST_SKIPPED = ('<testcase name="A.B" status="notrun">'
                 '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
                 '<system-out>a.cc:2: Skipped\nneeds Landlock\n</system-out></testcase>')
NO_PROGRAM = ('<testcase name="gone" status="notrun">'
              '<skipped message="Unable to find executable"/><system-out/></testcase>')
MANY = ('<testcase name="many" status="run"><system-out>SKIP a.b: no terminal\n'
        '12 passed, 0 failed, 1 skipped\n</system-out></testcase>')
MANY_FAILED = ('<testcase name="many" status="fail"><system-out>'
               '12 passed, 2 failed, 0 skipped\n</system-out></testcase>')
MANY_CRASHED_LATE = ('<testcase name="many" status="fail"><system-out>'
                     '12 passed, 0 failed, 0 skipped\n</system-out></testcase>')


def summary(*cases):
    """-> (status, what is printed) for one report with `cases`."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.xml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("<testsuite>%s</testsuite>" % "".join(cases))
        with contextlib.redirect_stdout(io.StringIO()) as out:
            status = test_summary.main(["root=" + path])
    return status, out.getvalue()


class Summary(unittest.TestCase):
    TABLE = [
        ("passed", [PASSED], 0, "1 passed, 0 failed, 0 skipped"),
        ("failed", [PASSED, FAILED], 1, "1 passed, 1 failed, 0 skipped"),
        ("skipped", [PASSED, SKIPPED], 0, "1 passed, 0 failed, 1 skipped"),
        ("nothing ran", [SKIPPED], 1, "0 passed, 0 failed, 1 skipped"),
        ("missing program", [PASSED, NO_PROGRAM], 1, "1 passed, 1 failed, 0 skipped"),
        ("counted inside", [MANY], 0, "12 passed, 0 failed, 1 skipped"),
        ("failed inside", [MANY_FAILED], 1, "12 passed, 2 failed, 0 skipped"),
        ("ended badly after its total", [MANY_CRASHED_LATE], 1, "12 passed, 1 failed, 0 skipped"),
    ]

    def test_totals(self):
        for name, cases, status, line in self.TABLE:
            with self.subTest(name):
                got, text = summary(*cases)
                self.assertEqual((got, text.splitlines()[-1]), (status, line))

    def test_reasons_of_skips_are_printed(self):
        _, text = summary(PASSED, SKIPPED, GTEST_SKIPPED, MANY)
        for reason in ("(offline): sk", "(needs Landlock): A.B", "(no terminal): a.b"):
            self.assertIn(reason, text)

    def test_what_failed_comes_last_with_what_it_said(self):
        said = PASSED.replace("ok", "loud").replace('"run"', '"fail"').replace("fine", "x = 1\nSKIP a: b")
        _, text = summary(said, SKIPPED)
        self.assertEqual(text.splitlines()[-3:],
                         ["failed: loud as root", "    x = 1", "0 passed, 1 failed, 1 skipped"])

    def test_what_failed_inside_is_named(self):
        said = ("FAIL: test_a (__main__.One.test_a) [fsopen]\n" + "x\n" * 100 +
                "ERROR: test_b (__main__.Two.test_b)\n" + "x\n" * 100 + "0 passed, 2 failed, 0 skipped\n")
        _, text = summary(PASSED.replace("ok", "many").replace('"run"', '"fail"').replace("fine", said))
        self.assertIn("failed: many as root: test_a (__main__.One.test_a) [fsopen], "
                      "test_b (__main__.Two.test_b)\n", text)


if __name__ == "__main__":
    totals.main()
