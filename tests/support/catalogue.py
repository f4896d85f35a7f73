"""Rows of a catalogue of attacks, and the tests that are about them."""
import glob
import importlib.util
import os
import sys
import unittest


def rows(*ids):
    """Marks a test with the rows it is about."""
    def mark(test):
        test.rows = getattr(test, "rows", ()) + ids
        return test
    return mark


def load(path):
    """The module of a test file; two directories may have files of one name."""
    folder = os.path.dirname(path)
    name = os.path.basename(folder) + "." + os.path.basename(path)[:-3]
    if name not in sys.modules:
        if folder not in sys.path:
            sys.path.insert(0, folder)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except SystemExit:
            del sys.modules[name]
            raise unittest.SkipTest(os.path.basename(path) + " cannot be loaded here") from None
    return sys.modules[name]


def tested(*folders):
    """Row -> names of its tests, found in the test files of these directories."""
    found = {}
    for path in sorted(path for folder in folders
                       for path in glob.glob(os.path.join(folder, "test_*.py"))):
        module = load(path)
        for case in vars(module).values():
            if not (isinstance(case, type) and issubclass(case, unittest.TestCase)):
                continue
            if case.__module__ != module.__name__:
                continue  # imported from another test file
            for name in unittest.defaultTestLoader.getTestCaseNames(case):
                for row in getattr(getattr(case, name), "rows", ()):
                    found.setdefault(row, []).append("%s.%s.%s" % (
                        module.__name__, case.__name__, name))
    return found


def show(table, found):
    for row, what in table.items():
        print("%-5s %s\n      %s" % (row, what, "\n      ".join(found.get(row, ["(no test)"]))))
