"""Promotions of a running pipeline, on real processes: good ones take over, bad ones change nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from alphabus.clock import SystemClock
from scripts.drill.cast import WHY
from scripts.drill.course import run
from scripts.drill.dice import Plan
from scripts.drill.verdict import EXCUSED, complaints, figures
from scripts.processes.kin import children_of
from tests.e2e.acting import Play, playing
from tests.e2e.harness import processes_of

SHORT = Plan(sections=100, promotions=50, seed=1)
"""A twentieth of what `python -m scripts.drill swaps` does."""


@pytest.fixture
def play(tmp_path: Path, run_dir: Path) -> Iterator[Play]:
    """A pipeline; at its end every section had its signal, computed or held for a reason a busy machine has."""
    with playing(run_dir / tmp_path.name[:8]) as it:
        yield it
        first = [signals for signals in it.said if not signals.revision]
        assert [two.bar - one.bar for one, two in pairwise(first)] == [1] * (len(first) - 1)
        assert {signals.reason.value for signals in first} <= set(EXCUSED)


@pytest.mark.long
def test_many_promotions_under_load(run_dir: Path) -> None:
    """Good and bad models at random moments: no bar without its signal, none of a model that may not serve."""
    folder = run_dir / "drill"
    folder.mkdir()
    seen = run(folder, SHORT, SystemClock(), lambda: None)
    assert complaints(seen) == []
    told = dict(figures(seen))
    assert (told["sections"], told["promotions"]) == ("100", "50")
    assert seen.wish is not None  # whom the worker then followed: how many swaps that took is the machine's business
    assert {change.action for change in seen.history} <= {"start", "swap", "swap_failed"}


def test_one_of_each_sort(play: Play) -> None:
    """Every bad candidate is refused for its own reason while the old model serves; every good one takes over."""
    trained = play.cast.models["trained"].key
    for sort in WHY:
        play.promote(sort)
        refused = play.happens("swap_failed", sort)
        assert any(words in refused.why for words in WHY[sort])
        assert {(it.model.name, it.model.version) for it in play.said} == {trained}
    for sort in ("first", "processed", "other", "trained"):
        play.promote(sort)
        swap = play.happens("swap", sort)
        assert swap.by == "inference_worker"
        key = play.cast.models[sort].key
        play.until(lambda key=key: (play.said[-1].model.name, play.said[-1].model.version) == key)  # type: ignore[misc]


def test_a_rollback_needs_no_child(play: Play) -> None:
    """The model before is still loaded: back and forth, the worker's children stay the same but for the spares."""
    play.promote("first")
    play.happens("swap", "first")
    worker = play.act.pid("inference_worker")
    served = set(children_of(worker))
    play.registry.rollback("bench", "champion", by="test", why="worse")
    play.happens("swap", "trained")
    assert len(served & set(children_of(worker))) >= 2
    key = play.cast.models["trained"].key
    play.until(lambda: (play.said[-1].model.name, play.said[-1].model.version) == key)


def test_a_killed_worker_comes_back_with_what_really_served(play: Play) -> None:
    """Not with the candidate that failed, though the alias still means it."""
    play.promote("first")
    play.happens("swap", "first")
    play.sections(2)
    play.promote("nan")
    play.happens("swap_failed", "nan")
    os.kill(play.act.pid("inference_worker"), signal.SIGKILL)
    count = len(play.said)
    play.until(lambda: len(play.said) > count + 5 and play.said[-1].status.value == "fresh")
    first = play.cast.models["first"].key
    assert {(it.model.name, it.model.version) for it in play.said[count:]} == {first}
    del play.said[:]  # the sections that passed meanwhile were for those who asked the record


def test_nothing_is_left_of_any_child(run_dir: Path) -> None:
    """Also when the pipeline is stopped in the middle of a swap."""
    with playing(run_dir / "left") as it:
        it.promote("first")
        it.sections(1)
    assert processes_of(run_dir) == []
