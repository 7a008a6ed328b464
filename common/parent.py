"""A child must not outlive its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, number: int = signal.SIGKILL) -> None:
    """Ask for signal `number` when the parent's starting thread ends; exit at once if `parent` is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died between starting us and the line above
        os._exit(1)


def main(arguments: Sequence[str]) -> NoReturn:
    """`python -m common.parent PID COMMAND...`: become the command; it ends in order when our parent, PID, ends.

    What the command starts finds its process id in $ALPHABUS_LAUNCHER.
    """
    parent, *command = arguments
    die_with_parent(int(parent), signal.SIGTERM)
    os.environ["ALPHABUS_LAUNCHER"] = str(os.getpid())
    os.execvp(command[0], command)  # noqa: S606  it replaces this process


if __name__ == "__main__":
    main(sys.argv[1:])
