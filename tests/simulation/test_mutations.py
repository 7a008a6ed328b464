"""A pipeline that breaks a rule is found out by the simulation: each rule with a seed in which it matters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partialmethod
from pathlib import Path

import pytest

from alphabus.agenda import Agenda
from common.lock import raise_epoch
from common.market.journal import Journal, Retention
from common.market.journal_segments import Segment
from services.inference_worker.standstill import Standstill
from tests.services.cluster import Cluster
from tests.simulation import run_folder
from tests.simulation.judge import Judge


def keep_what_nobody_is_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed keeps the newest sections, wherever engine and worker are."""
    prune = Journal.prune

    def greedy(journal: Journal, retention: Retention, _needed: int, now_s: float) -> tuple[Segment, ...]:
        return prune(journal, retention, max((journal.last_bar or 0) - 3, 0), now_s)

    monkeypatch.setattr(Journal, "prune", greedy)


def count_below_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer counts its starts where they may be lost, and nowhere else."""
    monkeypatch.setattr(run_folder, "raise_epoch", lambda run, _state: raise_epoch(run))


def take_all_for_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker counts from when it heard a section, however long it stood still before."""
    monkeypatch.setattr(Standstill, "lasts", lambda _standstill, _now: False)


def overlook_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client does not say that it hears nothing of the feed."""
    monkeypatch.setattr(Agenda, "stale", property(lambda _agenda: False))


MOST_ROUNDS = 300  # who waits for ever need not do so for long

RULES: dict[int, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    7: (count_below_run, "no end after"),
    35: (overlook_silence, "the link is current while bar_feed stands still"),
    40: (take_all_for_new, "fresh, though its deadline passed in a stop"),
    331: (keep_what_nobody_is_at, "the past of a plan began with bars"),
}


@pytest.mark.parametrize("seed", RULES)
def test_a_broken_rule_is_found(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is when it holds."""
    mutate, words = RULES[seed]
    monkeypatch.setattr(Cluster, "run", partialmethod(Cluster.run, most=MOST_ROUNDS))
    judge = Judge(tmp_path)
    assert judge.try_seed(seed).broken == ()
    mutate(monkeypatch)
    assert any(words in said for said in judge.try_seed(seed).broken)
