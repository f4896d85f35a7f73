"""Runs the unittest cases of the calling file and prints what ./dev test adds up.

Every skipped test becomes a line `SKIP name: reason`; the last line is
`N passed, N failed, N skipped`.
"""
import sys
import unittest

import sanitizer_reports


class _Result(unittest.TextTestResult):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.passed = 0
        self.reported = 0
        self.succeeded = False

    def startTest(self, test):
        self.reported = sanitizer_reports.used()
        self.succeeded = False
        super().startTest(test)

    def stopTest(self, test):
        text = sanitizer_reports.since(self.reported)
        if text:
            self.passed -= self.succeeded
            self.failures.append((test, text))
        super().stopTest(test)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self.succeeded = True


def main(module="__main__"):
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules[module])
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=_Result)
    result = runner.run(suite)
    for test, reason in result.skipped:
        print("SKIP %s: %s" % (test.id().replace("__main__.", ""), reason))
    # One test may break in several sub-tests; it is one test.
    broken = len({getattr(test, "test_case", test).id()
                  for test, _ in result.failures + result.errors})
    broken += len(result.unexpectedSuccesses)
    print("%d passed, %d failed, %d skipped" % (result.passed, broken, len(result.skipped)))
    # A file without a test proves nothing.
    sys.exit(0 if not broken and (result.testsRun or result.skipped) else 1)
