"""The five services in one process on the memory bus, stepped by hand; any of them may be killed in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from alphabus.bus import Bus
from alphabus.endpoints import SERVICES, Endpoints
from alphabus.messages import Signals
from alphabus.sockets import Channel, Parts, Subscription, Transport
from alphabus.testing import Calm, Link, ManualClock, MemoryTransport, Mischief
from common.config import Config, make_config
from common.counters import Counters
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.market.journal import Journal
from common.message_log import MessageLog
from common.models.bundle import Bundle
from common.models.lightgbm import LightGBMModel
from common.models.manifest import FactorRecord
from common.models.records import ModelRef
from common.models.registry import Registry
from common.service import Context, Service
from services.bar_feed.service import BarFeed
from services.factor_engine.service import FactorEngine
from services.inference_worker.crew import OpenSeat
from services.inference_worker.service import InferenceWorker
from services.monitor.service import Monitor
from services.signal_cache.service import SignalCache
from tests.common.models.sample_bundle import SMALL, make_bundle, samples
from tests.services.factor_engine.stage import AtOnce
from tests.services.markets import TOY_SET, ToySource
from tests.services.seats import Behave, FormulaSeat, well_behaved

MS = 1_000_000
ROUND_NS = (0, 1 * MS, 20 * MS, 400 * MS)


class Killed(Exception):  # noqa: N818  an event, not a fault
    """The process is gone, in the middle of whatever it did."""


class Assassin:
    """Kills whoever sends a message, with this chance, while it is armed; otherwise what the inner mischief does."""

    def __init__(self, dice: Random, chance: float, inner: Mischief) -> None:
        self.armed = False
        self._dice, self._chance, self._inner = dice, chance, inner

    def retire(self) -> None:
        """Kill nobody any more."""
        self._chance = 0.0

    @contextmanager
    def truce(self) -> Iterator[None]:
        """Within it nobody is killed."""
        chance, self._chance = self._chance, 0.0
        try:
            yield
        finally:
            self._chance = chance

    def through(self, link: Link, frames: Parts) -> Any:
        """What arrives, unless the sender dies first."""
        if self.armed and self._dice.random() < self._chance:
            raise Killed
        return self._inner.through(link, frames)


@dataclass(slots=True)
class OwnChannels:
    """A transport that remembers what was opened, so that a process that dies lets go of it."""

    transport: Transport
    opened: list[Channel] = field(default_factory=list)

    def publisher(self, address: str) -> Channel:
        """Bind the live end."""
        return self._kept(self.transport.publisher(address))

    def subscriber(self, address: str, topics: Any) -> Subscription:
        """Connect to a live end."""
        subscription = self.transport.subscriber(address, topics)
        self._kept(subscription)
        return subscription

    def responder(self, address: str) -> Channel:
        """Bind the asked end."""
        return self._kept(self.transport.responder(address))

    def requester(self, address: str) -> Channel:
        """Connect to an asked end."""
        return self._kept(self.transport.requester(address))

    def _kept(self, channel: Channel) -> Channel:
        self.opened.append(channel)
        return channel


def silent_log() -> FilteringBoundLogger:
    """A logger that says nothing."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.ReturnLogger(), wrapper_class=structlog.make_filtering_bound_logger("critical")
    )
    return logger


def toy_bundle(of: FactorSet = TOY_SET, seed: int = 7, **changes: Any) -> Bundle:
    """A model over three factors of a set; another seed is another model."""
    features = tuple(name for name, _ in of.factors)
    parameters = {**SMALL, "seed": seed, "bagging_fraction": 0.5, "bagging_freq": 1}
    model = LightGBMModel.fit(samples(300), samples(100, seed=2), features, parameters, lambda _done, _most: None)
    record = FactorRecord(of.name, compile_set(of).digest.hex(), of.factors)
    return make_bundle(**{"model": model, "factor_set": record, "features": features, **changes})


def toy_registry(root: Path) -> Path:
    """A registry whose one model wants the toy factors; it is champion and challenger of `test`."""
    with Registry(root, clock=lambda: 0) as registry:
        ref = registry.add(toy_bundle(), author="test")
        for alias in ("champion", "challenger"):
            registry.promote("test", alias, ref.name, ref.version, by="test", why="test")
    return root


def add_version(root: Path, bundle: Bundle) -> ModelRef:
    """Put one more model into a registry; no alias means it yet."""
    with Registry(root, clock=lambda: 0) as registry:
        return registry.add(bundle, author="test")


def promote(root: Path, version: int, alias: str = "champion", name: str = "demo") -> None:
    """Move an alias, as a person at another terminal does."""
    with Registry(root, clock=lambda: 0) as registry:
        registry.promote("test", alias, name, version, by="ann", why="better")


def toy_config(folder: Path, registry: Path, **tables: Mapping[str, Any]) -> Config:
    """An instance without files of bars; the journal is never synced."""
    feed = {"source": {"bars": "none.parquet"}, "sync": "never", "credit": 4, "patience_bars": 3}
    values: dict[str, Any] = {
        "instance": "test", "state": str(folder / "state"), "run_dir": "/memory", "registry": str(registry),
        "factors": {"set": TOY_SET.name}, "inference": {"hang_after_ms": 2000, "attempts": 50, "max_age_bars": 2},
        "arms": {"champion": {"alias": "champion", "capital": 1.0}},
    }  # fmt: skip
    for name, table in ({"feed": feed} | tables).items():
        values[name] = {**values.get(name, {}), **table} if name != "arms" else table
    if "feed" in tables:
        values["feed"] = {**feed, **tables["feed"]}
    return make_config(values, "the test")


class Cluster:
    """Starts, steps, kills and restarts the services of one instance."""

    def __init__(
        self,
        config: Config,
        source: ToySource,
        *,
        behave: Behave = well_behaved,
        mischief: Mischief | None = None,
        open_seat: OpenSeat | None = None,
    ) -> None:
        self.config, self.clock = config, ManualClock(1_700_000_000_000_000_000)
        self._assassin = mischief if isinstance(mischief, Assassin) else None
        self._transport = MemoryTransport(config.bus.high_water, mischief or Calm())
        self._makers: dict[str, Callable[[Context], Service]] = {
            "bar_feed": partial(BarFeed, open_source=lambda _config, _path: source),
            "factor_engine": partial(FactorEngine, find_set=lambda _name: TOY_SET, open_room=AtOnce),
            "inference_worker": partial(InferenceWorker, open_seat=open_seat or partial(FormulaSeat, behave=behave)),
            "signal_cache": SignalCache,
            "monitor": Monitor,
        }
        self._epochs = dict.fromkeys(SERVICES, 0)
        self._channels: dict[str, OwnChannels] = {}
        self.refused: list[str] = []
        self.losses: list[tuple[str, str, str]] = []
        """Reader, writer, and what went wrong on the link between them."""
        self.deaths = 0
        self.services: dict[str, Service] = {}
        for name in SERVICES:
            self.start(name)

    @property
    def ended(self) -> bool:
        """Whether the cache has the end of every arm on record."""
        return self.services["signal_cache"].counters.snapshot().get("ended") == 1

    def start(self, name: str) -> None:
        """Start a process, as its main program does."""
        epoch = self.raise_epoch(name)
        self._channels[name] = channels = OwnChannels(self._transport)
        endpoints = Endpoints(Path("/memory"), self.config.instance)
        bus = Bus(
            endpoints,
            channels,
            self.clock,
            lambda link, error, _: self.refused.append(f"{link}: {error}"),
            found=lambda writer, what, _: self.losses.append((name, writer, what)),
            acknowledge_every=self.config.acknowledge_every,
        )
        context = Context(self.config, bus, self.log_of(name), Counters(), epoch)
        self.services[name] = self._makers[name](context)

    def raise_epoch(self, name: str) -> int:
        """Count the starts of a process."""
        self._epochs[name] += 1
        return self._epochs[name]

    def log_of(self, _name: str) -> FilteringBoundLogger:
        """Where a process writes its events."""
        return silent_log()

    def step(self, name: str) -> None:
        """One turn of one service; killed in the middle it starts again."""
        self._arm(armed=True)
        try:
            self.services[name].run_once()
        except Killed:
            self._arm(armed=False)
            self.restart(name)
        finally:
            self._arm(armed=False)

    def restart(self, name: str) -> None:
        """SIGKILL, then the supervisor's restart: nothing is sent any more, files stay as they are."""
        self.deaths += 1
        self.services[name].close()
        self.start(name)

    def round(self, pass_ns: int) -> None:
        """A turn of everybody, then time passes."""
        for name in SERVICES:
            self.step(name)
        self.clock.advance(pass_ns)

    def run(self, *, most: int = 5000, pass_ns: int = 20 * MS) -> None:
        """Rounds until the end is on record; fails when it never is."""
        for _ in range(most):
            if self.ended:
                return
            self.round(pass_ns)
        bars = {name: service.bar for name, service in self.services.items()}
        raise AssertionError(f"no end after {most} rounds: {bars}")

    def _arm(self, *, armed: bool) -> None:
        if self._assassin is not None:
            self._assassin.armed = armed

    def close(self) -> None:
        """Close everything."""
        for service in self.services.values():
            service.close()

    def record(self, arm: str = "champion") -> list[Signals]:
        """What the cache has on record, in order; only once the cluster is closed."""
        with Journal.open(self.config.state / "signals" / arm, sync="never") as journal:
            return [message for message in MessageLog(journal).read() if isinstance(message, Signals)]


def said(signals: Signals) -> tuple[Any, ...]:
    """A section to the bit, without what clocks and numberings put in."""
    return (
        signals.bar, signals.revision, signals.status.value, signals.reason.value, signals.age, signals.computed_from,
        signals.time, signals.stamp, signals.mode.value, signals.arm, signals.capital, signals.model,
        signals.universe, signals.columns["signal"].tobytes(), signals.columns["flag"].tobytes(),
    )  # fmt: skip
