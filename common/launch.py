"""`python -m common.launch PROCFILE [NAME ...]`: honcho, and an end that comes whatever state its children are in.

By itself honcho ends only once a first child has ended; where all of them stand still (SIGSTOP) that is never. And one
that is told to end before it has started everybody forgets it. Here whoever stands still goes on, to hear that it is to
end, and what has not ended 5 s later is killed. `python` in a line is the Python that runs this.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from honcho.environ import expand_processes, parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from common.exits import WRONG_USAGE
from common.lines import Lines
from common.nearest import did_you_mean

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
    """Runs lines of a Procfile, by name; SIGTERM, SIGINT or the end of any line ends all."""

    def __init__(self, lines: Mapping[str, str], output: Lines) -> None:
        super().__init__(Printer(output, colour=False))
        self._told = False
        for line in expand_processes(lines):
            self.add_process(line.name, line.cmd, env=_environment() | line.env)

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


def _environment() -> dict[str, str]:
    """Ours, with our own Python's folder first: whoever did not activate it means it all the same."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def main(arguments: Sequence[str]) -> int:
    """Run until all have ended; the exit status is honcho's, 2 for a name that the Procfile has not."""
    parsed = _parser().parse_args(arguments)
    try:
        lines = parse_procfile(parsed.procfile.read_text(encoding="utf-8")).processes
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"error: {parsed.procfile} cannot be read: {getattr(error, 'strerror', error)}\n")
        return WRONG_USAGE
    for name in parsed.names:
        if name not in lines:
            sys.stderr.write(f"error: {parsed.procfile}: no line is named {name!r}{did_you_mean(name, lines)}\n")
            return WRONG_USAGE
    make = partial(Lines, sys.stdout.fileno())
    output = make() if parsed.spill is None else make(Spill(parsed.spill))
    launcher = Launcher({name: lines[name] for name in parsed.names or lines}, output)
    launcher.loop()
    return int(launcher.returncode or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m common.launch", description=__doc__)
    parser.add_argument("procfile", type=Path, metavar="PROCFILE")
    parser.add_argument("names", nargs="*", metavar="NAME", help="lines to run (default: all)")
    parser.add_argument("--spill", type=int, metavar="DESCRIPTOR", help="takes what a full disk does not")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
