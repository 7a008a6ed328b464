"""A plan's file that was cut or changed anywhere is never taken for one: not its state, and not its place either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from common.errors import SnapshotError
from services.factor_engine.snapshot import SUFFIX, Position, Shelf, decode_snapshot, encode_snapshot
from tests.common.damage import cuts, flips, holes

SAVED = encode_snapshot(Position(b"j" * 16, 7, b"p" * 32), bytes(range(1, 200)))
Damage = Callable[[bytes], Iterator[bytes]]
DAMAGE: dict[str, Damage] = {"cut": cuts, "flipped": flips, "a hole": partial(holes, size=16)}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_found_wherever_it_is(how: str) -> None:
    """Each beginning, each bit and each lost block: refused, with one kind of error."""
    tried = 0
    for damaged in DAMAGE[how](SAVED):
        with pytest.raises(SnapshotError, match="damaged"):
            decode_snapshot(damaged)
        tried += 1
    assert tried >= len(SAVED) // 16


def test_damage_on_disk_is_found_when_it_is_read(tmp_path: Path) -> None:
    """The same through the file, at every byte of it."""
    shelf = Shelf(tmp_path)
    shelf.save("plan", SAVED)
    assert shelf.load("plan") == decode_snapshot(SAVED)
    for damaged in (*cuts(SAVED), *list(flips(SAVED))[::8]):
        (tmp_path / f"plan{SUFFIX}").write_bytes(damaged)
        with pytest.raises(SnapshotError, match="damaged"):
            shelf.load("plan")
