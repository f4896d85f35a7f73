"""tools/check_layers.py on small trees, each with one planted breach."""
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import check_layers  # noqa: E402
import totals  # noqa: E402


def breaches(name, text):
    """What the check says about a tree whose only file is src/`name`."""
    with tempfile.TemporaryDirectory() as root:
        path = os.path.join(root, "src", name)
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return check_layers.check_tree(root)


class Breaches(unittest.TestCase):
    # file, content, line of the breach (0: none), a word of the rule
    TABLE = [
        ("policy/a.cc", "#include <vector>\n#include <sys/mount.h>\n", 2, "kernel"),
        ("base/a.h", "#include <unistd.h>\n", 1, "kernel"),
        ("run/a.cc", "  #  include <linux/seccomp.h>\n", 1, "kernel"),
        ("os/a.cc", "#include <sys/mount.h>\n#include <unistd.h>\n", 0, ""),
        ("config/a.cc", "#include <toml++/toml.h>\n", 1, "toml_reader.cc"),
        ("config/toml_reader.cc", "#include <toml++/toml.h>\n", 0, ""),
        ("cli/a.cc", "#include <boost/any.hpp>\n", 1, "does not know"),
        ("cli/a.cc", "#include <fmt/format.h>\n#include <cstdio>\n", 0, ""),
        ("os/a.cc", "#include <seccomp.h>\n", 1, "seccomp_gen.cc"),
        ("plan_linux/seccomp_gen.cc", "#include <seccomp.h>\n", 0, ""),
        ("base/a.cc", '#include "os/fd.h"\n', 1, "no other directory"),
        ("policy/a.cc", '#include "plan/op.h"\n', 1, "src/plan/"),
        ("policy/a.cc", '#include "config/config.h"\n', 0, ""),
        ("cli/a.cc", '#include "run/run.h"\n#include "os/fd.h"\n', 0, ""),
        ("plan/a.cc", '#include "op.h"\n', 1, "<directory>/<file>.h"),
        ("policy/a.cc", "int F() {\n  return ::fork();\n}\n", 2, "fork()"),
        ("policy/a.cc", "int F() { return syscall(1); }\n", 1, "syscall()"),
        ("run/a.cc", "#include <csignal>\nint a = SIGTERM;\n", 0, ""),
        ("run/a.cc", "#include <csignal>\nauto a = std::signal(SIGTERM, SIG_IGN);\n", 2, "signal()"),
        ("policy/a.cc", "// never calls fork()\nconst char* a = \"mount(x)\";\n", 0, ""),
        ("policy/a.cc", "void F(Disk& d) { d.mount(1); }\n", 0, ""),
        ("policy/a.cc", "auto a = std::getenv(\"HOME\");\n", 1, "getenv()"),
        ("cli/a.cc", "auto a = std::getenv(\"HOME\");\n", 0, ""),
        ("helpers/a.cc", "\n", 1, "not a directory of the design"),
    ]

    def test_table(self):
        for name, text, line, word in self.TABLE:
            with self.subTest(file=name, text=text):
                found = breaches(name, text)
                if line == 0:
                    self.assertEqual(found, [])
                else:
                    self.assertEqual([(f, n) for f, n, _ in found], [("src/" + name, line)])
                    self.assertIn(word, found[0][2])


if __name__ == "__main__":
    totals.main()
