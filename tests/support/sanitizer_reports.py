"""What sanitizers have reported about the program under test (see sanitizer_reports.cc), from the
file that a build with AMBIT_SANITIZE keeps in its directory."""
import os

_HEAD = 8  # octets that say how much is used


def _place():
    # AMBIT_BIN is src/cli/ambit below the build's directory.
    built = os.path.dirname(os.path.abspath(os.environ.get("AMBIT_BIN", "build/dev/src/cli/ambit")))
    return os.path.join(built, "..", "..", "sanitizer_reports")


def used():
    """How many octets of reports there are."""
    try:
        with open(_place(), "rb") as f:
            return int.from_bytes(f.read(_HEAD), "little")
    except FileNotFoundError:
        return 0  # not built so


def since(start):
    """The reports after the first `start` octets."""
    end = used()
    if end <= start:
        return ""
    with open(_place(), "rb") as f:
        f.seek(_HEAD + start)
        return f.read(end - start).decode(errors="replace")
