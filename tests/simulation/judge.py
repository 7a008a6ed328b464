"""Runs a seed and judges it by undisturbed runs of the same market, which are made once and kept."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import dropwhile
from pathlib import Path

from alphabus.messages import Reason, Signals, Status
from common.config import Policy
from common.market.journal import Journal, Retention, Sync
from common.message_log import UNIVERSE
from tests.services.cluster import Cluster, said
from tests.simulation import fair, promise
from tests.simulation.cast import BAD, GOOD, SLOW, copy_registry, make_registry
from tests.simulation.fate import ARMS, Fate, draw
from tests.simulation.known import Known
from tests.simulation.mortal import Mortal
from tests.simulation.run import calm_run, stormy_run
from tests.simulation.verdict import Judged

FAILURES = (Reason.TIMEOUT, Reason.CRASH, Reason.INVALID)
"""What sections of a model that fails are held for."""


class Judge:
    """Works in a folder of its own; one for all seeds of a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._registry = make_registry(folder / "registry")
        self._known = Known()
        self._records: dict[tuple[int, ...], dict[str, list[Signals]]] = {}

    def try_seed(self, seed: int) -> Judged:
        """Run it; what fails in any way at all is broken, with its words."""
        fate, folder = draw(seed), self._folder / f"{seed}"
        tally = Counter[str]()
        try:
            with self._known.remembered():
                run = stormy_run(fate, folder, copy_registry(self._registry, folder / "registry"))
                tally, broken = run.tally, tuple(self._complaints(fate, run))
        except Exception as error:  # noqa: BLE001  it is the seed's verdict
            broken = (f"{type(error).__name__}: {error}",)
        shutil.rmtree(folder, ignore_errors=True)
        return Judged(seed, broken, tally)

    def _complaints(self, fate: Fate, run: Mortal) -> Iterator[str]:
        yield from self._of_client(fate, run)
        yield from () if run.punctual is None else run.punctual.broken
        yield from promise.refused(len(run.refused), run.tally["message damaged"], run.refused)
        excused = run.past.renumbered or run.tally["snapshot damaged"] > 0
        yield from promise.remembered(run.past.cuts, _refusals(run), excused=excused)
        for name in run.config.signal_names:
            for complaint in self._of_record(fate, run, name):
                yield f"{name}, {complaint}"

    def _of_client(self, fate: Fate, run: Mortal) -> Iterator[str]:
        diary = run.trader.diary
        exact = not worker_died(run) or (fate.undisturbed and not run.past.cuts)
        yield from fair.complaints(diary, run.record(ARMS[0]), exact=exact)
        oracle = self._oracle(fate, ARMS[0], run.past.cuts)
        for life in diary.lives:
            for complaint in promise.honest(life, oracle, run.config.inference.max_age_bars):
                yield f"a client, {complaint}"

    def _oracle(self, fate: Fate, arm: str, cuts: Collection[int]) -> dict[int, promise.Values]:
        """By version, what undisturbed runs compute: of all bars, and of what was left from each of these on."""
        versions, begins = GOOD if arm == ARMS[0] else (SLOW,), (0, *sorted(cuts))
        return {
            version: promise.computed(*(self._undisturbed(fate, version, first)[arm] for first in begins))
            for version in versions
        }

    def _of_record(self, fate: Fate, run: Mortal, name: str) -> Iterator[str]:
        record, calm = run.record(name), self._undisturbed(fate)
        if fate.undisturbed and not run.past.cuts:
            yield from promise.undisturbed([said(each) for each in record], [said(each) for each in calm[name]])
            return
        first = max(fate.history + 1, run.past.begins)
        yield from promise.once_and_in_order(record, range(first, fate.history + fate.live + 1))
        if name not in ARMS:
            return
        yield from promise.honest(record, self._oracle(fate, name, run.past.cuts), run.config.inference.max_age_bars)
        if fate.policy is Policy.WAIT and not run.past.cuts and all(deed.verb == "promote" for deed in fate.deeds):
            # A bad model that is wished for at a start, before any has served, has nobody to give way to.
            silent = any(deed.version == BAD for deed in fate.deeds)
            said_first = dropwhile(lambda signals: silent and signals.status is Status.VOID, record)
            # Where the others' executors failed as well nobody relieves it, and its sections are held for that.
            excused = FAILURES if run.past.stayed(f"demo/{BAD}") else ()
            judged = (signals for signals in said_first if signals.reason not in excused)
            yield from promise.on_time(judged, calm[name])

    def _undisturbed(self, fate: Fate, champion: int = 1, begins: int = 0) -> dict[str, list[Signals]]:
        """Records by topic of a run that nothing happens to, in which nobody is late.

        It begins with a bar, when those before it are no longer on the feed's record; 0: with the first.
        """
        champion = champion if champion in GOOD else 1
        key = (fate.market, fate.live, fate.forget_bars or 0, champion, begins)
        if key not in self._records:
            calm = replace(fate, policy=Policy.WAIT, deeds=(), moods=0.0, arms=ARMS, blend=True, forgets=False)
            folder = self._calm_folder(key)
            if begins:
                self._undisturbed(fate, champion)
                forget(self._calm_folder((*key[:-1], 0)) / "state" / "journal", folder / "state" / "journal", begins)
            cluster = calm_run(calm, folder, copy_registry(self._registry, folder / "registry", champion))
            self._records[key] = records_of(cluster)
        return self._records[key]

    def _calm_folder(self, key: tuple[int, ...]) -> Path:
        return self._folder / "-".join(("calm", *map(str, key)))


def worker_died(run: Mortal) -> bool:
    """Alone, or with all others."""
    return any(run.tally[f"{how} inference_worker"] for how in ("killed", "away")) or run.tally["killed all"] > 0


def forget(journal: Path, folder: Path, begins: int) -> None:
    """Copy a journal, of which the segments before a bar are gone."""
    shutil.copytree(journal, folder)
    with Journal.open(folder, sync=Sync.NEVER, landmark=UNIVERSE) as copied:
        copied.prune(Retention(max_bytes=0), begins, 0.0)


def records_of(cluster: Cluster) -> dict[str, list[Signals]]:
    """What the cache has, by topic."""
    return {name: cluster.record(name) for name in cluster.config.signal_names}


def _refusals(run: Mortal) -> int:
    return sum(writer == "bar_feed" and what == "refused" for _, writer, what in run.losses)
