"""Runs a seed and judges it by undisturbed runs of the same market, which are made once and kept."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import dropwhile
from pathlib import Path

from alphabus.messages import Signals, Status
from common.config import Policy
from tests.services.cluster import Cluster, said
from tests.simulation import fair, promise
from tests.simulation.cast import BAD, GOOD, SLOW, copy_registry, make_registry
from tests.simulation.fate import ARMS, Fate, draw
from tests.simulation.mortal import Mortal
from tests.simulation.run import calm_run, stormy_run


@dataclass(frozen=True, slots=True)
class Judged:
    """A seed, what was not as promised, and how often what happened."""

    seed: int
    broken: tuple[str, ...]
    tally: Counter[str]


class Judge:
    """Works in a folder of its own; one for all seeds of a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._registry = make_registry(folder / "registry")
        self._records: dict[tuple[int, int, int], dict[str, list[Signals]]] = {}

    def try_seed(self, seed: int) -> Judged:
        """Run it; what fails in any way at all is broken, with its words."""
        fate, folder = draw(seed), self._folder / f"{seed}"
        tally = Counter[str]()
        try:
            run = stormy_run(fate, folder, copy_registry(self._registry, folder / "registry"))
            tally, broken = run.tally, tuple(self._complaints(fate, run))
        except Exception as error:  # noqa: BLE001  it is the seed's verdict
            broken = (f"{type(error).__name__}: {error}",)
        shutil.rmtree(folder, ignore_errors=True)
        return Judged(seed, broken, tally)

    def _complaints(self, fate: Fate, run: Mortal) -> Iterator[str]:
        yield from self._of_client(fate, run)
        yield from promise.refused(len(run.refused), run.tally["message damaged"], run.refused)
        for name in run.config.signal_names:
            for complaint in self._of_record(fate, run, name):
                yield f"{name}, {complaint}"

    def _of_client(self, fate: Fate, run: Mortal) -> Iterator[str]:
        diary, worker_died = run.trader.diary, any(run.tally[f"killed {who}"] for who in ("inference_worker", "all"))
        yield from fair.complaints(diary, run.record(ARMS[0]), exact=fate.undisturbed or not worker_died)
        oracle = self._oracle(fate, ARMS[0])
        for life in diary.lives:
            for complaint in promise.honest(life, oracle, run.config.inference.max_age_bars):
                yield f"a client, {complaint}"

    def _oracle(self, fate: Fate, arm: str) -> dict[int, promise.Values]:
        """By version, what an undisturbed run computes."""
        versions = GOOD if arm == ARMS[0] else (SLOW,)
        return {version: promise.computed(self._undisturbed(fate, version)[arm]) for version in versions}

    def _of_record(self, fate: Fate, run: Mortal, name: str) -> Iterator[str]:
        record, calm = run.record(name), self._undisturbed(fate)
        if fate.undisturbed:
            yield from promise.undisturbed([said(each) for each in record], [said(each) for each in calm[name]])
            return
        yield from promise.once_and_in_order(record, range(fate.history + 1, fate.history + fate.live + 1))
        if name not in ARMS:
            return
        yield from promise.honest(record, self._oracle(fate, name), run.config.inference.max_age_bars)
        if fate.policy is Policy.WAIT and all(deed.verb == "promote" for deed in fate.deeds):
            # A bad model that is wished for at a start, before any has served, has nobody to give way to.
            silent = any(deed.version == BAD for deed in fate.deeds)
            said_first = dropwhile(lambda signals: silent and signals.status is Status.VOID, record)
            yield from promise.on_time(said_first, calm[name])

    def _undisturbed(self, fate: Fate, champion: int = 1) -> dict[str, list[Signals]]:
        """Records by topic of a run that nothing happens to, in which nobody is late."""
        champion = champion if champion in GOOD else 1
        calm = replace(fate, policy=Policy.WAIT, deeds=(), moods=0.0, arms=ARMS, blend=True)
        key = (fate.market, fate.live, champion)
        if key not in self._records:
            folder = self._folder / f"calm-{len(self._records)}"
            cluster = calm_run(calm, folder, copy_registry(self._registry, folder / "registry", champion))
            self._records[key] = records_of(cluster)
        return self._records[key]


def records_of(cluster: Cluster) -> dict[str, list[Signals]]:
    """What the cache has, by topic."""
    return {name: cluster.record(name) for name in cluster.config.signal_names}
