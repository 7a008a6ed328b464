"""The five services and a trading engine that die, stand still, and leave the disk as a death leaves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from random import Random

from structlog.typing import FilteringBoundLogger

from alphabus.client import SignalClient
from alphabus.endpoints import SERVICES
from alphabus.messages import Mode
from alphabus.testing.memory import _Channel as MemoryChannel
from common.config import Config, Policy
from services.bar_feed.service import BarFeed
from tests.services.cluster import Assassin, Cluster
from tests.services.markets import toy_market
from tests.simulation.cast import VersionedSeat, moody
from tests.simulation.disk import Disk
from tests.simulation.events import Events
from tests.simulation.fate import Fate
from tests.simulation.past import Past
from tests.simulation.punctual import Punctual
from tests.simulation.run_folder import RunFolder
from tests.simulation.silence import Silence
from tests.simulation.trader import Trader
from tests.simulation.weather import Weather
from tests.simulation.zombie import haunt

ROUND_NS, STOPPED_ROUNDS = 200_000_000, 30  # silence is noticed after three seconds, and a start may take two
MOST_ROUNDS, ASKED, BEAT_NS = 200, 6, 1_000_000_000
AWAY_ROUNDS = 12
YEARS_NS = 200_000_000_000_000_000  # by then every file is old


class Mortal(Cluster):
    """Processes that die as SIGKILL has it: nothing is put in order, and what they left on the disk may be torn."""

    def __init__(self, config: Config, fate: Fate, weather: Weather, dice: Random, tally: Counter[str]) -> None:
        self._fate, self._dice, self.tally, self._stopped = fate, dice, tally, ""
        self._wake_ns = dict.fromkeys(SERVICES, 0)
        self.disk, self._run = Disk(config.state, dice, tally), RunFolder(config.state, tally)
        self._events = Events()
        self.past = Past(self._events)
        self._weather, self._killer = weather, Assassin(dice, fate.deaths.sending, weather)
        market = toy_market(fate.market, history=fate.history, live=fate.live)
        seat = partial(VersionedSeat, behave=moody(dice, fate.moods))
        self.punctual: Punctual | None = None
        super().__init__(config, market, mischief=self._killer, open_seat=seat)
        deadline_ns = config.deadline_ns if fate.policy is Policy.DEADLINE else None
        self.punctual = Punctual(self.clock, deadline_ns)
        for service in self.services.values():
            self.punctual.started(service)
        self.clock.step_wall(YEARS_NS)
        self.times = [section.time for section in market.sections[fate.history :]]
        self.trader = Trader(self._open_client, tally)

    def round(self, pass_ns: int) -> None:
        """A turn of everybody, the trading engine among them."""
        super().round(pass_ns)
        self.trader.look()

    def conclude(self) -> None:
        """Until the trading engine saw the end as well; then it asks for everything once more, and all is closed."""
        for number in range(MOST_ROUNDS):
            if number * ROUND_NS > BEAT_NS and self._is_over:
                break
            self.round(ROUND_NS)
        self.trader.conclude(self.times[-ASKED:])
        if self.trader.link != "current":
            self.trader.diary.links.append(f"the link is {self.trader.link} though all is well")
        self.trader.close()
        zombies = sum(what == "zombies" for _, _, what in self.losses)
        self.tally += Counter(
            {
                "record forgotten": int(self.past.is_forgotten(self._feed)),
                "symbols forgotten": self.past.departures(self._feed),
                "zombie refused": zombies,
            }
        )
        self.close()

    @property
    def _feed(self) -> BarFeed:
        feed = self.services["bar_feed"]
        if not isinstance(feed, BarFeed):
            raise TypeError("the feed is none")
        return feed

    @property
    def _is_over(self) -> bool:
        """Whether all have come to the end, and of the numbering that counts: one may have begun after the last end."""
        feed, cache = self.services["bar_feed"], self.services["signal_cache"]
        recorded = self.ended and (feed.journal, feed.bar) == (cache.journal, cache.bar)
        return recorded and self.trader.ended and self.trader.link == "current"

    def stand_still(self, name: str) -> None:
        """One does not run for longer than it takes to be missed; nothing is lost meanwhile."""
        self.tally[f"stopped {name}"] += 1
        with self._weather.lull(), self._killer.truce():
            self._stopped, bars = name, []
            for _ in range(STOPPED_ROUNDS):
                self.round(ROUND_NS)
                bars.append(self.services["bar_feed"].bar)
            link, self._stopped = self.trader.link, ""
            if name == "inference_worker" and self.punctual is not None:
                self.punctual.stood_still()
        if link not in Silence(self._fate, name).allowed(bars):
            self.trader.diary.links.append(f"the link is {link} while {name} stands still")

    def stay_away(self, name: str) -> None:
        """One dies, and is started again only when the others have gone on for long without it."""
        self.tally[f"away {name}"] += 1
        self._die(name)
        self._stopped = name
        for _ in range(AWAY_ROUNDS):
            self.round(ROUND_NS)
        self._stopped = ""
        self._revive(name)

    def start(self, name: str) -> None:
        """Begin with a turn, whatever is there."""
        self._wake_ns[name] = 0
        super().start(name)
        if self.punctual is not None:
            self.punctual.started(self.services[name])
        if name == "bar_feed":
            self.past.started(self._feed)

    def raise_epoch(self, name: str) -> int:
        """Count the starts where a process counts them."""
        return self._run.raise_epoch(name)

    def log_of(self, _name: str) -> FilteringBoundLogger:
        """One for all."""
        return self._events.log

    def step(self, name: str) -> None:
        """A turn for whoever has something to read, or whose time has come, as the loop of a process has it.

        Nobody else has anything to do, and whoever stands still does nothing.
        """
        if name != self._stopped and self._is_due(name):
            super().step(name)
            self._wake_ns[name] = self.clock.monotonic_ns() + self.services[name].wait_ns()

    def _is_due(self, name: str) -> bool:
        channels = (channel for channel in self._channels[name].opened if isinstance(channel, MemoryChannel))
        return self.clock.monotonic_ns() >= self._wake_ns[name] or any(channel.inbox._messages for channel in channels)

    def _open_client(self) -> SignalClient:
        bus = self.services["monitor"].context.bus
        return SignalClient(
            bus.endpoints.instance, mode=Mode.REPLAY, run_dir=bus.endpoints.run_dir,
            transport=self._transport, clock=self.clock, wait=self._go_on,
        )  # fmt: skip

    def _go_on(self, handles: Sequence[object], timeout_ns: int) -> None:  # noqa: ARG002  a waiter has both
        """While the trading engine waits, the others have their turns."""
        super().round(min(timeout_ns, ROUND_NS))

    def calm(self) -> None:
        """From here on nothing goes wrong any more."""
        self._weather.calm()
        self._killer.retire()

    def restart(self, name: str) -> None:
        """SIGKILL, then the supervisor's restart."""
        self.tally[f"killed {name}"] += 1
        self._die(name)
        self._revive(name)

    def perish(self) -> None:
        """All at once, by a kill or with the machine."""
        self.tally["killed all"] += 1
        for name in SERVICES:
            self._end(name)
        if self._dice.random() < self._fate.deaths.power_cut:
            self.disk.cut_power()
            self._run.lose()
        for name in SERVICES:
            self.start(name)

    def _die(self, name: str) -> None:
        """With whatever a death leaves on the disk."""
        self._end(name)
        if self._dice.random() < self._fate.deaths.torn:
            self.disk.tear(name)
        if name == "factor_engine" and self._dice.random() < self._fate.deaths.snapshot:
            self.disk.damage_snapshots()
        if self._dice.random() < self._fate.deaths.run_lost:
            self._run.lose()

    def _revive(self, name: str) -> None:
        """Start again; its forerunner may not have heard that it is dead."""
        self.start(name)
        if self._dice.random() < self._fate.deaths.zombie:
            self.tally["zombie spoke"] += 1
            haunt(self.services[name], self._weather)

    def _end(self, name: str) -> None:
        self.deaths += 1
        with self.disk.killing(name):
            self.services[name].close()
