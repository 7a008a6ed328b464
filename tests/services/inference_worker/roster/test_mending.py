"""Files of a bundle that could not be loaded: when a change of them is a reason to try again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alphabus.testing import ManualClock
from common.models.records import ModelRef
from common.models.signature import write_signature
from services.inference_worker.roster.mending import LOOK_NS, Mending

REF = ModelRef("demo", 1, "0" * 64)


class Watch:
    """One arm that waits for a bundle with one file."""

    def __init__(self, root: Path) -> None:
        self.folder, self.clock = root / REF.digest, ManualClock()
        self.folder.mkdir()
        (self.folder / "model.txt").write_text("damaged")
        self.mending = Mending(lambda _ref: self.folder, self.clock)
        self.mending.watch("shadow", REF)

    def looks(self, times: int = 1) -> list[bool]:
        """Whether it is to be tried, look by look."""
        found = []
        for _ in range(times):
            self.clock.advance(LOOK_NS)
            found.append(self.mending.mended() == {"shadow": REF})
        return found


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """Nothing has changed yet."""
    return Watch(tmp_path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "mended": lambda folder: (folder / "model.txt").write_text("sound.."),
    "one more file": lambda folder: (folder / "more").touch(),
    "one file less": lambda folder: (folder / "model.txt").unlink(),
    "signed": lambda folder: write_signature(folder, b"signature"),
    "gone": lambda folder: folder.rename(folder.parent / "elsewhere"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_told_once_and_when_it_is_over(watch: Watch, change: str) -> None:
    """Whatever was done to the files, at the second look that finds them so."""
    assert watch.looks(2) == [False, False]
    CHANGES[change](watch.folder)
    assert watch.looks(4) == [False, True, False, False]


def test_while_somebody_is_at_it_nothing_is_tried(watch: Watch) -> None:
    """A file that grows from look to look is not there yet."""
    for size in (10, 20, 30):
        (watch.folder / "model.txt").write_text("x" * size)
        assert watch.looks() == [False]
    assert watch.looks(2) == [True, False]


def test_files_are_not_looked_at_in_every_turn(watch: Watch) -> None:
    """Only after a moment."""
    watch.looks()
    CHANGES["mended"](watch.folder)
    assert [watch.mending.mended() for _ in range(3)] == [{}, {}, {}]
    assert watch.looks(2) == [False, True]


def test_an_arm_that_is_served_is_watched_no_more(watch: Watch) -> None:
    """And one of which nobody knows by what is only remembered as such."""
    CHANGES["mended"](watch.folder)
    watch.mending.forget("shadow")
    assert "shadow" not in watch.mending
    assert watch.looks(3) == [False, False, False]
    watch.mending.watch("shadow", None)
    assert "shadow" in watch.mending
    assert watch.looks(3) == [False, False, False]
