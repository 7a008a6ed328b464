"""The mark: it says how a journal was left, or nothing at all."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import JournalError
from common.market.journal_mark import (
    FORMAT,
    MARK_BYTES,
    NAME,
    Mark,
    MarkFile,
    State,
    Witness,
    doubt,
    look_around,
    pack_mark,
    read_mark,
    unpack_mark,
)

HERE = Witness("boot", 5)
MARK = Mark(State.OPEN, bytes(range(16)), bytes(range(32)), HERE, 7, exposed=True, synced=False, after_bar=3)
GOLDEN = (
    b'{"format": 1, "state": "open", "id": "000102030405060708090a0b0c0d0e0f", '
    b'"chain": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", '
    b'"exposed": true, "synced": false, "boot": "boot", "file": 5, "pid": 7, "after_bar": 3}'
)


def test_the_bytes_never_change() -> None:
    """A mark of format 1 is this, for ever."""
    packed = pack_mark(MARK)
    assert packed[: -len("00000000\n")].rstrip() == GOLDEN
    assert len(packed) == MARK_BYTES
    assert unpack_mark(packed) == MARK


def test_every_flip_and_every_truncation_is_nothing_known() -> None:
    """Never another mark."""
    packed = pack_mark(MARK)
    for place in range(8 * len(packed)):
        bad = bytearray(packed)
        bad[place // 8] ^= 1 << place % 8
        assert unpack_mark(bytes(bad)) is None
    assert {unpack_mark(packed[:size]) for size in range(len(packed))} == {None}


def test_a_newer_format_is_refused() -> None:
    """Not guessed at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.market.journal_mark.FORMAT", FORMAT + 1)
        packed = pack_mark(MARK)
    with pytest.raises(JournalError, match="format 2"):
        unpack_mark(packed)


CLOSED = replace(MARK, state=State.CLOSED)
DOUBTS = [
    ("closed here", CLOSED, HERE, None),
    ("closed, another boot", CLOSED, Witness("later", 5), None),
    ("closed, another end", replace(CLOSED, chain=bytes(32)), HERE, "it does not end where it was closed"),
    ("closed, another id", replace(CLOSED, id=bytes(16)), HERE, "it does not end where it was closed"),
    ("open, same boot", MARK, HERE, None),
    ("open, another boot", MARK, Witness("later", 5), "the machine stopped before it was closed"),
    ("open, another boot, never exposed", replace(MARK, exposed=False), Witness("later", 5), None),
    ("copied", CLOSED, Witness("boot", 6), "it is a copy"),
    ("copied while open", replace(MARK, exposed=False), Witness("boot", 6), "it is a copy"),
    ("no mark", None, HERE, "no mark says how it was left"),
]


@pytest.mark.parametrize(("mark", "witness", "why"), [row[1:] for row in DOUBTS], ids=[row[0] for row in DOUBTS])
def test_when_a_number_could_come_twice(mark: Mark | None, witness: Witness, why: str | None) -> None:
    """Only where the end is known to be the end, or nothing can have been lost, does the numbering go on."""
    assert doubt(mark, MARK.id, MARK.chain, witness) == why


def test_it_is_written_in_place(tmp_path: Path) -> None:
    """So it is the same file, of the same size, and known to others while it is held."""
    marks = MarkFile(tmp_path, look_around)
    assert (marks.read(), marks.witness) == (None, look_around(tmp_path / NAME))
    for state in State:
        marks.write(state, MARK.id, MARK.chain, after_bar=9)
        seen = read_mark(tmp_path)
        assert seen == marks.read()
        assert seen is not None
        assert (seen.state, seen.pid, seen.after_bar, seen.witness) == (state, os.getpid(), 9, marks.witness)
    assert (tmp_path / NAME).stat().st_ino == marks.witness.file
    marks.close()
    marks.close()


def test_a_folder_without_a_mark(tmp_path: Path) -> None:
    """Nothing is known, nothing is made."""
    assert read_mark(tmp_path) is None
    assert look_around(tmp_path / NAME).file == 0
    assert list(tmp_path.iterdir()) == []
