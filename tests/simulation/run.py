"""One run: the five services on the memory bus, everything its fate holds for them, then calm until the end."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

from alphabus.endpoints import SERVICES
from alphabus.messages import Request
from common.config import Config, Policy
from common.market.journal_sync import Sync
from services.inference_worker.service import InferenceWorker
from tests.services.cluster import Assassin, Cluster, promote, toy_config
from tests.services.markets import toy_market
from tests.services.seats import Behave
from tests.simulation.cast import VersionedSeat
from tests.simulation.disk import Disk
from tests.simulation.fate import STORM_ROUNDS, Deed, Fate
from tests.simulation.weather import Weather

HOUR_NS = 3_600_000_000_000
DEADLINE = {"policy": "deadline", "deadline_ms": 50, "late_until_ms": 120, "attempts": 4}
SHARES = {"champion": {"alias": "champion", "capital": 0.5}, "challenger": {"alias": "challenger", "capital": 0.5}}


class Mortal(Cluster):
    """Processes that die as SIGKILL has it: nothing is put in order, and what they left on the disk may be torn."""

    def __init__(self, config: Config, fate: Fate, weather: Weather, dice: Random, tally: Counter[str]) -> None:
        self._fate, self._dice, self.tally = fate, dice, tally
        self._disk = Disk(config.state, dice, tally)
        self._weather, self._killer = weather, Assassin(dice, fate.deaths.sending, weather)
        market = toy_market(fate.market, history=fate.history, live=fate.live)
        seat = partial(VersionedSeat, behave=_moody(dice, fate.moods))
        super().__init__(config, market, mischief=self._killer, open_seat=seat)

    def calm(self) -> None:
        """From here on nothing goes wrong any more."""
        self._weather.calm()
        self._killer.retire()

    def restart(self, name: str) -> None:
        """SIGKILL, then the supervisor's restart."""
        self.tally[f"killed {name}"] += 1
        self._end(name)
        if self._dice.random() < self._fate.deaths.torn:
            self._disk.tear(name)
        if name == "factor_engine" and self._dice.random() < self._fate.deaths.snapshot:
            self._disk.damage_snapshots()
        self.start(name)

    def perish(self) -> None:
        """All at once, by a kill or with the machine."""
        self.tally["killed all"] += 1
        for name in SERVICES:
            self._end(name)
        if self._dice.random() < self._fate.deaths.power_cut:
            self._disk.cut_power(synced=self._fate.sync is Sync.ALWAYS)
        for name in SERVICES:
            self.start(name)

    def _end(self, name: str) -> None:
        self.deaths += 1
        content = self._disk.content(name)
        self.services[name].close()
        self._disk.put_back(content)


def config_of(fate: Fate, folder: Path, registry: Path) -> Config:
    """The instance a fate is about."""
    paced = fate.policy is Policy.DEADLINE
    return toy_config(
        folder, registry,
        feed={"credit": fate.credit, "sync": fate.sync.value} | ({"pace_s": 0.2} if paced else {}),
        inference=DEADLINE if paced else {},
        arms={name: SHARES[name] for name in fate.arms},
        signals={"blend": fate.blend},
        factors={"set": "toy", "snapshot_sections": 2},
    )  # fmt: skip


def calm_run(fate: Fate, folder: Path, registry: Path) -> Cluster:
    """The same run when nothing happens; closed."""
    market = toy_market(fate.market, history=fate.history, live=fate.live)
    seat = partial(VersionedSeat, behave=_moody(fate.dice, 0.0))
    cluster = Cluster(config_of(fate, folder, registry), market, open_seat=seat)
    cluster.run(pass_ns=max(fate.rounds_ns))
    cluster.close()
    return cluster


def stormy_run(fate: Fate, folder: Path, registry: Path) -> Mortal:
    """The run as it is fated; closed. AssertionError when it never comes to its end."""
    dice, tally = fate.dice, Counter[str]()
    weather = Weather(dice, fate.weather, tally)
    cluster = Mortal(config_of(fate, folder, registry), fate, weather, dice, tally)
    deeds = list(fate.deeds)
    for number in range(STORM_ROUNDS):
        while deeds and deeds[0].round <= number:
            _do(deeds.pop(0), cluster)
        if cluster.ended:
            break
        _storm(cluster, fate, dice)
    cluster.calm()
    for deed in deeds:
        _do(deed, cluster)
    cluster.run(pass_ns=max(fate.rounds_ns))
    cluster.close()
    return cluster


def _storm(cluster: Mortal, fate: Fate, dice: Random) -> None:
    """A round in which not everybody gets a turn, somebody may die, and time passes, also on a machine that sleeps."""
    for name in dice.sample(SERVICES, len(SERVICES)):
        if dice.random() < 0.8:
            cluster.step(name)
        if dice.random() < fate.deaths.resting:
            cluster.restart(name)
    if dice.random() < fate.deaths.all_at_once:
        cluster.perish()
    if dice.random() < fate.sleeps:
        cluster.tally["machine slept"] += 1
        cluster.clock.suspend(dice.randrange(HOUR_NS))
        cluster.clock.step_wall(dice.randrange(-HOUR_NS, HOUR_NS))
    cluster.clock.advance(dice.choice(fate.rounds_ns))


def _do(deed: Deed, cluster: Mortal) -> None:
    cluster.tally[deed.verb] += 1
    if deed.verb == "promote":
        promote(cluster.config.registry, deed.version, alias=deed.arm)
        return
    worker = cluster.services["inference_worker"]
    if not isinstance(worker, InferenceWorker):
        raise TypeError("the worker is none")
    worker.answer(Request(1, deed.verb, {"arm": deed.arm, "why": "simulated", "by": "ann"}))


def _moody(dice: Random, chance: float) -> Behave:
    """An executor that fails now and then, never more than thrice at one section."""

    def behave(_bar: int, attempt: int) -> str:
        if attempt <= 3 and dice.random() < chance:
            return dice.choice(("slow", "hang", "crash", "invalid"))
        return "answer"

    return behave
