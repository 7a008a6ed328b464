"""Many seeds on all processors: children that each take their share, and one pipe for what they find."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.simulation.judge import Judge, Judged

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")  # noqa: S108  a run is all files and no disk: in memory, where there is such a place
MOST_WORDS = 1500  # a line is written whole, by whichever child, only as long as it is shorter than a page


def judged(first: int, count: int, jobs: int) -> Iterator[Judged]:
    """Each seed's verdict, in the order in which they are found; a child that dies leaves its seeds out."""
    read, write = os.pipe()
    share = [sys.executable, "-m", "tests.simulation.crowd", str(first), str(count), str(jobs)]
    children = [subprocess.Popen([*share, str(job)], cwd=ROOT, stdout=write) for job in range(jobs)]
    os.close(write)
    try:
        with os.fdopen(read, encoding="utf-8") as lines:
            for line in lines:
                seed, broken, tally = json.loads(line)
                yield Judged(seed, tuple(broken), Counter(tally))
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def work(first: int, count: int, jobs: int, job: int) -> None:
    """Take every so many-th seed; one line each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends us
    with tempfile.TemporaryDirectory(prefix="simulation-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        judge = Judge(Path(folder))
        for seed in range(first + job, first + count, jobs):
            found = judge.try_seed(seed)
            broken = [words[:MOST_WORDS] for words in found.broken[:1]]
            sys.stdout.write(json.dumps([seed, broken, found.tally]) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    work(*(int(word) for word in sys.argv[1:]))
