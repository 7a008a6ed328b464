"""Raw values on file: whole or not at all, the older one until then, and nothing left of what was killed."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from common.atomic import sync_file, sync_folder
from common.errors import DatasetError
from common.factors.block import FactorBlock
from common.research import array_store, raw_file
from common.research.raw import Raw
from common.research.raw_file import drop_raw, read_raw, write_raw
from tests.common.research.kept import array_of


def raw_of(value: float) -> Raw:
    """Two sections of one symbol, one factor."""
    marks = np.ones((2, 1), np.uint8)
    factors = FactorBlock(("A",), ("one",), np.full((1, 2, 1), value), marks, marks, marks)
    return Raw(np.arange(2), np.arange(2), factors, {"close": np.full((2, 1), np.nan)})


def value_of(place: Path) -> float:
    """The factor of what is kept there."""
    found: float = read_raw(place)[0].factors.values[0, 0, 0]
    return found


def arrays(folder: Path) -> set[str]:
    """All that lies among the arrays."""
    return {path.name for path in (folder / ".arrays").iterdir()}


def named(*entries: Path) -> set[str]:
    """The files of arrays that entries name."""
    return {array_of(entry, name).name for entry in entries for name in raw_file.ARRAYS}


def test_words_come_back_with_the_values(tmp_path: Path) -> None:
    """To the bit, whatever the values; without words there are none."""
    write_raw(tmp_path / "a.entry", raw_of(-0.0), {"of": ["whom", None, 1]})
    found, words = read_raw(tmp_path / "a.entry")
    assert words == {"of": ["whom", None, 1]}
    assert np.signbit(found.factors.values).all()
    assert np.isnan(found.columns["close"]).all()
    write_raw(tmp_path / "b.entry", raw_of(1.0))
    assert read_raw(tmp_path / "b.entry")[1] == {}


def test_a_later_one_replaces_the_older_one(tmp_path: Path) -> None:
    """Nothing lies beside it, nor after it was dropped; what another entry names as well stays."""
    one, other = tmp_path / "a.entry", tmp_path / "b.entry"
    write_raw(other, raw_of(1.0))
    for value in (1.0, 2.0):
        write_raw(one, raw_of(value))
    assert (value_of(one), value_of(other)) == (2.0, 1.0)
    assert arrays(tmp_path) == named(one, other)
    drop_raw(one)
    assert value_of(other) == 1.0
    assert arrays(tmp_path) == named(other)
    drop_raw(other)
    assert arrays(tmp_path) == set()


def test_the_older_one_stays_where_the_later_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is left of the later one."""
    place = tmp_path / "a.entry"
    write_raw(place, raw_of(1.0))

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(array_store, "sync_file", full)
    with pytest.raises(OSError, match="No space"):
        write_raw(place, raw_of(2.0))
    assert value_of(place) == 1.0
    assert arrays(tmp_path) == named(place)


def in_a_child(work: Callable[[], None]) -> int:
    """The signal a process of its own ended by, 0 for none."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(step: int, place: Path, value: float) -> int:
    """Write in a process that is killed before so many a step that makes something durable."""
    steps = iter(range(step, -1, -1))

    def counting(sync: Callable[[Path], None]) -> Callable[[Path], None]:
        def counted(path: Path) -> None:
            if next(steps) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            sync(path)

        return counted

    def work() -> None:
        with pytest.MonkeyPatch.context() as patched:
            for name, sync in (("sync_file", sync_file), ("sync_folder", sync_folder)):
                patched.setattr(array_store, name, counting(sync))
            write_raw(place, raw_of(value))

    return in_a_child(work)


def test_a_kill_leaves_the_older_one_or_the_newer_one(tmp_path: Path) -> None:
    """At every step; and what it leaves beside them goes with the next write, of whatever name."""
    place, other = tmp_path / "a.entry", tmp_path / "b.entry"
    write_raw(place, raw_of(0.0))
    kept, step, left = 0.0, 0, 0
    while killed_at(step, place, step + 1.0) != 0:
        assert value_of(place) in {kept, step + 1.0}
        kept = value_of(place)
        left += len(arrays(tmp_path) - named(place))
        write_raw(other, raw_of(-1.0))
        assert arrays(tmp_path) == named(place, other)
        step += 1
    assert value_of(place) == step + 1.0
    assert (step, left > 0) == (2 * (len(raw_file.ARRAYS) + 1), True)


def test_many_write_at_once(tmp_path: Path) -> None:
    """Nobody's arrays are swept away under him, and one of them stands in the end."""
    places = [tmp_path / f"{name}.entry" for name in "ab"]

    def write(turn: int) -> float:
        write_raw(places[turn % 2], raw_of(turn))
        return value_of(places[turn % 2])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(write, range(48)))
    assert all(value % 2 == turn % 2 for turn, value in enumerate(found))
    write_raw(places[0], raw_of(-1.0))
    assert arrays(tmp_path) == named(*places)


def test_what_an_entry_that_cannot_be_read_names_is_kept(tmp_path: Path) -> None:
    """Of a later version, or damaged: it may name any array."""
    place, other = tmp_path / "a.entry", tmp_path / "b.entry"
    write_raw(place, raw_of(1.0))
    body = place.read_bytes()
    place.write_bytes(body[:-1])
    write_raw(other, raw_of(2.0))
    drop_raw(other)
    place.write_bytes(body)
    assert value_of(place) == 1.0


@pytest.mark.parametrize("stranger", [b"no entry at all", b"", b"\xff" * 200, b"[]"])
def test_an_entry_that_cannot_be_read_does_not_stop_the_sweeping(tmp_path: Path, stranger: bytes) -> None:
    """A damaged stranger keeps nothing; one of another format keeps what it names, and no more."""
    place, other = tmp_path / "a.entry", tmp_path / "b.entry"
    (tmp_path / "stranger.entry").write_bytes(stranger)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(raw_file, "FORMAT", 9)
        write_raw(other, raw_of(0.0))
    kept = arrays(tmp_path)
    for value in (1.0, 2.0, 3.0):
        write_raw(place, raw_of(value))
    assert arrays(tmp_path) == kept | named(place)


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With both numbers."""
    with monkeypatch.context() as patched:
        patched.setattr(raw_file, "FORMAT", 9)
        write_raw(tmp_path / "a.entry", raw_of(1.0))
    with pytest.raises(DatasetError, match="of format 9; this version reads 2"):
        read_raw(tmp_path / "a.entry")
