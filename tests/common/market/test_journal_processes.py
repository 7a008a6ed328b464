"""A writer in a process of its own: killed at any moment, and read from outside while it writes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

import pytest

from common.market.journal import Journal, Sync
from common.market.journal_survey import records_of, survey

ROOT = Path(__file__).parents[3]
WRITER = """
import pathlib, sys
from itertools import count
from common.market.journal import Journal
journal = Journal.open(pathlib.Path(sys.argv[1]), sync=sys.argv[2], segment_bytes=5000, landmark=2)
for bar in count((journal.last_bar or 0) + 1):
    for kind in (1, 2) if bar % 7 == 1 else (1,):
        journal.append(kind, bar, bytes([bar % 251]) * (bar % 600))
    print(bar, flush=True)
"""


@contextmanager
def writing(folder: Path, policy: Sync) -> Iterator[IO[str]]:
    """A process that says every bar once it is in the journal; killed at the end."""
    command = [sys.executable, "-c", WRITER, str(folder), str(policy)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield process.stdout
        process.kill()


@pytest.mark.parametrize("policy", Sync)
def test_a_killed_writer_loses_nothing(tmp_path: Path, policy: Sync) -> None:
    """Three times in a row: every bar that was said is there, once, under the same id."""
    ids, last = set[bytes](), 0
    for most in (3, 40, 100):
        with writing(tmp_path, policy) as said:
            bars = [int(line) for line in islice(said, most)]
            assert bars == list(range(last + 1, last + 1 + most))
        with Journal.open(tmp_path, landmark=2) as journal:
            kept = [record.bar for record in journal.read() if record.kind == 1]
            ids.add(journal.id)
        assert kept == list(range(1, len(kept) + 1))
        assert len(kept) >= bars[-1]
        last = len(kept)
    assert len(ids) == 1


def test_reading_beside_a_writer(tmp_path: Path) -> None:
    """Whatever the moment: no damage is seen, and every bar that was said before is read."""
    with writing(tmp_path, Sync.NEVER) as said:
        for _ in range(20):
            bar = int(next(said))
            found = survey(tmp_path)
            assert found.problems == ()
            assert (found.parts[-1].last_bar or found.parts[-2].last_bar or 0) >= bar
            assert [record.bar for record in records_of(tmp_path) if record.kind == 1][bar - 1] == bar
