"""One run: the five services on the memory bus, everything its fate holds for them, then calm until the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

from alphabus.endpoints import SERVICES
from alphabus.messages import Request
from common.config import Config, Policy
from common.market.journal import Journal
from services.inference_worker.service import InferenceWorker
from tests.services.cluster import Cluster, promote, toy_config
from tests.services.markets import toy_market
from tests.simulation.cast import VersionedSeat, moody
from tests.simulation.fate import STORM_ROUNDS, Deed, Fate
from tests.simulation.mortal import Mortal
from tests.simulation.weather import Weather

HOUR_NS = 3_600_000_000_000
DEADLINE = {"policy": "deadline", "deadline_ms": 50, "late_until_ms": 120, "attempts": 4}
SHARES = {"champion": {"alias": "champion", "capital": 0.5}, "challenger": {"alias": "challenger", "capital": 0.5}}


def config_of(fate: Fate, folder: Path, registry: Path) -> Config:
    """The instance a fate is about."""
    paced = fate.policy is Policy.DEADLINE
    feed = {"credit": fate.credit, "sync": fate.sync.value, "patience_bars": fate.patience_bars}
    leave = {} if fate.forget_bars is None else {"forget_bars": fate.forget_bars}
    pace = {"pace_s": 0.2} if paced else {}
    forgets = {"retention": {"max_days": 1e-9, "keep_sections": fate.keep_sections}} if fate.forgets else {}
    return toy_config(
        folder, registry,
        feed=feed | pace | forgets | leave,
        inference=DEADLINE if paced else {},
        arms={name: SHARES[name] for name in fate.arms},
        signals={"blend": fate.blend},
        factors={"set": "toy", "snapshot_sections": fate.snapshot_sections},
    )  # fmt: skip


@contextmanager
def small_segments() -> Iterator[None]:
    """A segment a section: what a few MiB are to larger markets."""
    with patch.object(Journal, "open", partial(Journal.open, segment_bytes=1)):
        yield


def calm_run(fate: Fate, folder: Path, registry: Path) -> Cluster:
    """The same run when nothing happens; closed."""
    market = toy_market(fate.market, history=fate.history, live=fate.live)
    seat = partial(VersionedSeat, behave=moody(fate.dice, 0.0))
    with small_segments():
        cluster = Cluster(config_of(fate, folder, registry), market, open_seat=seat)
        cluster.run(pass_ns=max(fate.rounds_ns))
        cluster.close()
    return cluster


def stormy_run(fate: Fate, folder: Path, registry: Path) -> Mortal:
    """The run as it is fated; closed. AssertionError when it never comes to its end."""
    with small_segments() if fate.forgets else nullcontext():
        return _stormy_run(fate, folder, registry)


def _stormy_run(fate: Fate, folder: Path, registry: Path) -> Mortal:
    dice, tally = fate.dice, Counter[str]()
    weather = Weather(dice, fate.weather, tally)
    cluster = Mortal(config_of(fate, folder, registry), fate, weather, dice, tally)
    try:
        with cluster.disk.syncing():
            _live_through(cluster, fate, dice)
    except BaseException:
        cluster.trader.close()
        cluster.close()
        raise
    return cluster


def _live_through(cluster: Mortal, fate: Fate, dice: Random) -> None:
    deeds, later = list(fate.deeds), fate.later_dice
    for number in range(STORM_ROUNDS):
        while deeds and deeds[0].round <= number:
            _do(deeds.pop(0), cluster)
        if cluster.ended:
            break
        _storm(cluster, fate, dice)
        _pause(cluster, fate, later)
    cluster.calm()
    for deed in deeds:
        _do(deed, cluster)
    cluster.run(pass_ns=max(fate.rounds_ns))
    cluster.conclude()


def _storm(cluster: Mortal, fate: Fate, dice: Random) -> None:
    """A round in which not everybody gets a turn, somebody may die, and time passes, also on a machine that sleeps."""
    for name in dice.sample(SERVICES, len(SERVICES)):
        if dice.random() < 0.8:
            cluster.step(name)
        if dice.random() < fate.deaths.resting:
            cluster.restart(name)
    if dice.random() < fate.deaths.all_at_once:
        cluster.perish()
    if dice.random() < fate.aways:
        cluster.stay_away(dice.choice(("factor_engine", "inference_worker", "signal_cache")))
    _trade(cluster, fate, dice)
    if dice.random() < fate.stops:
        cluster.stand_still(dice.choice(("bar_feed", "inference_worker")))
    if dice.random() < fate.sleeps:
        cluster.tally["machine slept"] += 1
        cluster.clock.suspend(dice.randrange(HOUR_NS))
        cluster.clock.step_wall(dice.randrange(-HOUR_NS, HOUR_NS))
    cluster.clock.advance(dice.choice(fate.rounds_ns))


def _pause(cluster: Mortal, fate: Fate, dice: Random) -> None:
    """One of those whom nobody misses at once does not run for a while."""
    if dice.random() < fate.pauses:
        cluster.stand_still(dice.choice(("factor_engine", "signal_cache", "monitor")))


def _trade(cluster: Mortal, fate: Fate, dice: Random) -> None:
    """The trading engine looks, asks, or dies."""
    if dice.random() < 0.8:
        cluster.trader.look()
    if dice.random() < fate.asks:
        cluster.trader.wonder(dice.choice(cluster.times))
    if dice.random() < fate.deaths.resting:
        cluster.trader.restart()


def _do(deed: Deed, cluster: Mortal) -> None:
    cluster.tally[deed.verb] += 1
    if deed.verb == "promote":
        promote(cluster.config.registry, deed.version, alias=deed.arm)
        return
    worker = cluster.services["inference_worker"]
    if not isinstance(worker, InferenceWorker):
        raise TypeError("the worker is none")
    worker.answer(Request(1, deed.verb, {"arm": deed.arm, "why": "simulated", "by": "ann"}))
