"""Name what the system lacks before anything is installed, and the command that installs it; needs only Python."""

import ctypes.util
import importlib.util
import platform
import sys
from typing import NamedTuple

OLDEST = (3, 11)


class Need(NamedTuple):
    """Something the system must bring."""

    what: str
    met: bool
    how: str


def needs() -> list[Need]:
    """All that is needed, met or not."""
    return [
        Need(
            f"Python {OLDEST[0]}.{OLDEST[1]} or later (this is {platform.python_version()})",
            sys.version_info >= OLDEST,
            "apt-get install python3.11 python3.11-venv",
        ),
        Need("Python's venv module", importlib.util.find_spec("ensurepip") is not None, "apt-get install python3-venv"),
        Need("Linux", platform.system() == "Linux", "run it on Linux: pidfd, memfd and parent-death signals are used"),
        Need("libgomp1, for LightGBM", bool(ctypes.util.find_library("gomp")), "apt-get install libgomp1"),
    ]


def main() -> int:
    """Print what is missing; returns 0 when nothing is."""
    missing = [need for need in needs() if not need.met]
    for need in missing:
        print(f"missing: {need.what}\n   mend: {need.how}", file=sys.stderr)
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
