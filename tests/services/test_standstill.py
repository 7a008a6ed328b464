"""A worker that stands still while all others go on, under a deadline: nothing is fresh that goes out behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from alphabus.messages import Factors
from services.inference_worker.executor.exchange import Answer
from services.inference_worker.executor.happenings import Happened
from services.inference_worker.service import InferenceWorker
from services.inference_worker.standstill import LIMIT_NS
from tests.services.cluster import MS, Cluster, toy_config
from tests.services.seats import FormulaSeat
from tests.services.test_restarted_deadline import DEADLINE_MS, LIVE, PACE_MS, STEP_MS, TABLES, Watched
from tests.services.test_swap import HISTORY, market

WORKER = "inference_worker"
STOPPED = HISTORY + 3
"""The section that is due next when the worker is stopped."""
COMPUTES_MS = 20
LONG_MS = 3 * PACE_MS + 250
SHORT_MS = LIMIT_NS // MS + 2 * STEP_MS
"""Just long enough to be noticed."""


class Computing(FormulaSeat):
    """A seat whose child takes its time to answer, while others run."""

    def submit(self, factors: Factors, attempt: int, *, probe: bool = False) -> None:
        """Its answer comes later."""
        super().submit(factors, attempt, probe=probe)
        answered: list[tuple[int, Happened]] = [(when, said) for when, said in self._said if isinstance(said, Answer)]
        for when, said in answered:
            self._said.remove((when, said))
            self._said.append((when + COMPUTES_MS * MS, said))


class Stopping(Cluster):
    """A pipeline whose worker stands still when it reads its clock for the n-th time since it was told to."""

    left: int | None = None
    lasts_ms = 0
    _at_turn = False

    def watch(self) -> None:
        """Every reading of the clock goes through here."""
        read = self.clock.monotonic_ns

        def reading() -> int:
            if self._at_turn and self.left is not None:
                self.left -= 1
                if self.left < 0:
                    self.left = None
                    self.stand_still(self.lasts_ms)
            return read()

        vars(self.clock)["monotonic_ns"] = reading

    def stand_still(self, ms: int) -> None:
        """The worker does nothing, and everybody else goes on."""
        at_turn, self._at_turn = self._at_turn, False
        for _ in range(ms // STEP_MS):
            for name in SERVICES:
                if name != WORKER:
                    super().step(name)
            self.clock.advance(STEP_MS * MS)
        self._at_turn = at_turn

    def step(self, name: str) -> None:
        """One turn of one service."""
        self._at_turn = name == WORKER
        super().step(name)
        self._at_turn = False


@contextmanager
def watched(folder: Path, registry: Path) -> Iterator[tuple[Watched, Stopping]]:
    """A section a second; to its end."""
    cluster = Stopping(toy_config(folder, registry, **TABLES), market(LIVE), open_seat=Computing)
    cluster.watch()
    it = Watched(cluster)
    it.hear()
    try:
        yield it, cluster
        while not cluster.ended:
            it.round()
    finally:
        cluster.close()
    assert {bar for bar, revision in it.said if not revision} == set(range(HISTORY + 1, HISTORY + LIVE + 1))


def dishonest(it: Watched) -> list[int]:
    """Sections that went out as fresh behind their deadline; they were due by pace, whatever the worker heard when."""
    first = it.due[HISTORY + 1]
    due = {bar: first + (bar - HISTORY - 1) * PACE_MS * MS for bar in range(HISTORY + 1, HISTORY + LIVE + 1)}
    limit = (DEADLINE_MS + 2 * STEP_MS) * MS
    return [bar for (bar, _), (when, status, _) in it.said.items() if status == "fresh" and when > due[bar] + limit]


@pytest.mark.parametrize("left_ms", [5, 300, 700, 960, 985, 995])
@pytest.mark.parametrize("lasts_ms", [SHORT_MS, 900, LONG_MS])
def test_between_two_turns(left_ms: int, lasts_ms: int, registry: Path, tmp_path: Path) -> None:
    """However long before a section is due: what passed meanwhile is held, or what comes after is late."""
    with watched(tmp_path, registry) as (it, cluster):
        it.until_before(STOPPED, left_ms)
        cluster.stand_still(lasts_ms)
    assert dishonest(it) == []
    assert it.said[HISTORY + LIVE, 0][1] == "fresh"


@pytest.mark.parametrize("lasts_ms", [SHORT_MS, LONG_MS])
@pytest.mark.parametrize("left_ms", [0, -COMPUTES_MS])
def test_anywhere_in_a_turn(left_ms: int, lasts_ms: int, registry: Path, tmp_path: Path) -> None:
    """Before each reading of the clock there is, around the turn that takes factors and that which takes the answer."""
    reading, stopped = 0, True
    while stopped:
        with watched(tmp_path / f"{reading}", registry) as (it, cluster):
            it.until_before(STOPPED, left_ms + STEP_MS)
            cluster.left, cluster.lasts_ms = reading, lasts_ms
            for _ in range(2):
                it.round()
            stopped, cluster.left = cluster.left is None, None
        assert dishonest(it) == [], f"before reading {reading}"
        reading += 1
    assert reading > 20


def test_what_is_not_read_yet_is_no_fault_of_the_engine(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a stop bytes come bit by bit: what passed meanwhile is `gap`, though nothing was lost on the link."""
    with watched(tmp_path, registry) as (it, cluster):
        it.until_before(STOPPED, 300)
        cluster.stand_still(LONG_MS)
        worker = cluster.services[WORKER]
        assert isinstance(worker, InferenceWorker)
        monkeypatch.setattr(worker._factors, "receive", lambda _clock: None)
        cluster.step(WORKER)
        monkeypatch.undo()
    assert it.said[STOPPED, 0][1:] == ("held", "gap")


def test_what_is_not_due_yet_is_served(registry: Path, tmp_path: Path) -> None:
    """Announced while the worker stood still: the feed is asked how much is left, and it is as fresh as any."""
    with watched(tmp_path, registry) as (it, cluster):
        it.until_before(STOPPED, 100)
        cluster.stand_still(SHORT_MS)
    assert it.said[STOPPED, 0][1:] == ("held", "timeout")
    assert it.said[STOPPED, 1][1] == "late"
    assert it.said[STOPPED + 1, 0][1] == "fresh"
