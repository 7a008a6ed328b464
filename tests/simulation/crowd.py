"""Many seeds on all processors: children that each take their share, heard in the order of the seeds."""

from __future__ import annotations

import gc
import json
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.simulation.judge import Judge, Judged

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")  # noqa: S108  a run is all files and no disk: in memory, where there is such a place
COLLECT_EVERY = 50


class ChildError(Exception):
    """A child ended before its share was done."""


def judged(first: int, count: int, jobs: int) -> Iterator[Judged]:
    """Each seed's verdict, in their order, whoever took which; raises ChildError."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="simulation-", dir=_memory()))
        command = [sys.executable, "-m", "tests.simulation.crowd", folder, str(first), str(count), str(jobs)]
        children = []
        for job in range(jobs):
            child = subprocess.Popen([*command, str(job)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            stack.callback(_end, child)
            children.append(child)
        for place in range(count):
            yield _heard(children[place % jobs], first + place)


def work(folder: str, first: int, count: int, jobs: int, job: int) -> None:
    """Take every so many-th seed; one line each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends us
    judge = Judge(Path(folder) / str(job))
    gc.freeze()
    gc.disable()  # looking for cycles after every so many objects takes a tenth of a seed
    for place, seed in enumerate(range(first + job, first + count, jobs), start=1):
        found = judge.try_seed(seed)
        sys.stdout.write(json.dumps([seed, found.broken, found.tally]) + "\n")
        sys.stdout.flush()
        if place % COLLECT_EVERY == 0:
            gc.collect()


def _heard(child: subprocess.Popen[str], seed: int) -> Judged:
    line = "" if child.stdout is None else child.stdout.readline()
    if not line.endswith("\n"):
        raise ChildError(f"seed {seed} has no verdict: its process ended with exit status {child.wait()}")
    said, broken, tally = json.loads(line)
    return Judged(said, tuple(broken), Counter(tally))


def _end(child: subprocess.Popen[str]) -> None:
    with child:
        child.terminate()


def _memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


if __name__ == "__main__":
    work(sys.argv[1], *(int(word) for word in sys.argv[2:]))
