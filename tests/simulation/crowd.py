"""Many seeds on all processors: children that each take their share, heard in the order of the seeds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

from tests.simulation.verdict import Judged

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")  # noqa: S108  a run is all files and no disk: in memory, where there is such a place
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""There is a process for every processor."""


class ChildError(Exception):
    """A child ended before its share was done."""


def judged(first: int, count: int, jobs: int) -> Generator[Judged]:
    """Each seed's verdict, in their order, whoever took which; raises ChildError. Closed, it leaves nothing."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="simulation-", dir=_memory()))
        children = []
        for job in range(jobs):
            child = _started(Path(folder) / str(job), range(first + job, first + count, jobs))
            stack.callback(_end, child)
            children.append(child)
        for place in range(count):
            yield _heard(children[place % jobs], first + place)


def _started(folder: Path, seeds: range) -> subprocess.Popen[str]:
    words = [str(folder), *map(str, (seeds.start, seeds.stop, seeds.step))]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.simulation.share", *words],
        cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


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
