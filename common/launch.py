"""`python -m common.launch PROCFILE`: honcho, and an end that comes whatever state its children are in.

By itself honcho ends only once a first child has ended; where all of them stand still (SIGSTOP) that is never. And one
that is told to end before it has started everybody forgets it. Here whoever stands still goes on, to hear that it is to
end, and what has not ended 5 s later is killed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from honcho.environ import expand_processes, parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from common.lines import Lines

SPILLED_CHARACTERS = 64 * 1024


class Spill:
    """What standard output did not take, up to a limit, to another descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._left, self._lines = SPILLED_CHARACTERS, Lines(descriptor)

    def __call__(self, text: str) -> None:
        """Keep it."""
        self._lines.write(text[: self._left])
        self._left -= min(len(text), self._left)


class Launcher(Manager):  # type: ignore[misc]  # honcho has no types
    """Runs the lines of a Procfile; SIGTERM, SIGINT or the end of any line ends all."""

    def __init__(self, procfile: str, output: Lines) -> None:
        super().__init__(Printer(output, colour=False))
        self._told = False
        for line in expand_processes(parse_procfile(procfile).processes):
            self.add_process(line.name, line.cmd, env=os.environ | line.env)

    def terminate(self) -> None:
        """Tell all to end, once all are there to hear it; the loop comes back to what was told too early."""
        self._told = True
        if self._all_started():
            super().terminate()
            self._let_go_on()

    def _any_stopped(self) -> bool:
        # The loop counts the time until it kills from the moment that this is true.
        return self._told or bool(super()._any_stopped())

    def _let_go_on(self) -> None:
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process["pid"], signal.SIGCONT)


def main(arguments: Sequence[str]) -> int:
    """Run until all have ended; the exit status is honcho's.

    A second argument is the descriptor that takes what a full disk does not.
    """
    procfile, *spill = arguments
    make = partial(Lines, sys.stdout.fileno())
    output = make(Spill(int(spill[0]))) if spill else make()
    launcher = Launcher(Path(procfile).read_text(encoding="utf-8"), output)
    launcher.loop()
    return int(launcher.returncode or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
