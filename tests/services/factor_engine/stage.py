"""The feed and the factor engine on the memory bus, and a consumer that does what the worker would."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from structlog.testing import LogCapture

from alphabus.bus import Bus
from alphabus.codec import decode
from alphabus.endpoints import Endpoints
from alphabus.inlet import Inlet
from alphabus.messages import Alert, EndOfStream, Factors
from alphabus.outbox import CHUNK_BYTES, Page
from alphabus.testing import ManualClock, MemoryTransport
from common.config import Config, make_config
from common.counters import Counters
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.models.bundle import Bundle
from common.models.factor_record import record_of
from common.models.manifest import LabelRecord
from common.models.records import ModelRef
from common.models.registry import Registry
from common.service import Context
from services.bar_feed.service import BarFeed
from services.factor_engine.service import FactorEngine
from services.factor_engine.snapshot import SUFFIX, decode_snapshot
from services.factor_engine.wishes import plan_name
from tests.common.models.sample_bundle import draft
from tests.services.markets import TOY_SET, ToySource

MS = 1_000_000
LABEL = TOY_SET.label


def topic_of(factor_set: FactorSet) -> str:
    """Under which topic a set's factors are published."""
    return f"test/factors/{plan_name(factor_set.name, compile_set(factor_set).digest.hex())}/"


def config_of(folder: Path, *, snapshot_sections: int = 250, factor_set: FactorSet = TOY_SET, **feed: Any) -> Config:
    """An instance whose state, journal and registry lie below `folder`."""
    values = {
        "instance": "test", "state": str(folder / "state"), "run_dir": "/memory", "registry": str(folder / "registry"),
        "factors": {"set": factor_set.name, "snapshot_sections": snapshot_sections},
        "feed": {"source": {"bars": "none.parquet"}, "sync": "never", "credit": 4, "patience_bars": 3, **feed},
    }  # fmt: skip
    return make_config(values, "the test")


class AtOnce(Executor):
    """Does everything when it is asked to: no thread, no chance."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  as any executor does
            future.set_exception(error)
        return future


class Later(AtOnce):
    """Does nothing until it is let."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Put it off."""
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def let(self) -> None:
        """Do all of it."""
        waiting, self.waiting = self.waiting, []
        for future, work in waiting:
            done = AtOnce().submit(work)
            error = done.exception()
            if error is None:
                future.set_result(done.result())
            else:
                future.set_exception(error)


class Stage:
    """Steps both services by hand; the consumer acknowledges as the worker does."""

    def __init__(
        self,
        config: Config,
        source: ToySource,
        room: Callable[[], Executor] = AtOnce,
        *,
        factor_set: FactorSet = TOY_SET,
    ) -> None:
        self.config, self.source, self._room, self._set = config, source, room, factor_set
        self.clock, self.transport = ManualClock(1_700_000_000_000_000_000), MemoryTransport()
        self._capture = LogCapture()
        self.refused: list[str] = []
        self._epoch = 0
        self.feed = BarFeed(self._context(), lambda _config, _path: source)
        self.engine = self._engine()
        self.said: dict[str, list[Factors]] = {}
        self.ends: dict[str, list[EndOfStream]] = {}
        self._followed: dict[str, Inlet] = {}
        self._announcements = self._bus().endpoints.topic("announcements")
        self._worker = Inlet(self._bus(), "inference_worker", "bar_feed", [self._announcements])
        self._alerts = self.transport.subscriber(self._bus().endpoints.live("factor_engine"), ["test/alerts/"])

    @property
    def events(self) -> list[str]:
        """What was logged, in order."""
        return [entry["event"] for entry in self._capture.entries]

    def logged(self, event: str) -> list[Mapping[str, Any]]:
        """What was logged of one event."""
        return [entry for entry in self._capture.entries if entry["event"] == event]

    def alerts(self) -> list[Alert]:
        """What was told since asked last."""
        found = []
        while (frames := self._alerts.receive()) is not None:
            message = decode(frames).message
            assert isinstance(message, Alert)
            found.append(message)
        return found

    def follow(self, *topics: str) -> None:
        """Take factors, and acknowledge them."""
        for topic in topics:
            self._followed[topic] = Inlet(self._bus(), "inference_worker", "factor_engine", [topic])
            self.said[topic], self.ends[topic] = [], []

    def unfollow(self, *topics: str) -> None:
        """Take them no more, and say nothing of them: nobody here needs such factors now."""
        for topic in topics:
            self._followed.pop(topic).close()
            del self.said[topic], self.ends[topic]

    def positions(self) -> dict[str, int]:
        """Up to which section each plan's state is on disk, by the plan's name."""
        files = (self.config.state / "factor_engine").glob(f"*{SUFFIX}")
        return {path.stem: decode_snapshot(path.read_bytes()).position.bar for path in files}

    def remembered(self, topic: str) -> int:
        """How many sections of a topic the engine can send again."""
        page = self.engine.outbox.since(topic, self.engine.journal, 0)
        return sum(isinstance(decode(frames).message, Factors) for frames in page.frames)

    def prune(self, keep: int) -> None:
        """Let the feed's record reach back only so many sections from now on."""
        chronicle, bars = self.feed._chronicle, self._announcements.replace("announcements", "bars")
        since = chronicle.since

        def pruned(topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
            first = self.feed.bar - keep
            cut = topic == bars and bar < first
            known = (chronicle.journal, first, most_bytes, 0) if cut else (journal, bar, most_bytes, part)
            return since(topic, *known)

        chronicle.since = pruned  # type: ignore[method-assign]

    def round(self, *, engine: bool = True, consumer: bool = True) -> None:
        """A turn of everybody."""
        self.feed.run_once()
        if engine:
            self.engine.run_once()
        if consumer:
            self._consume()
        self.clock.advance(20 * MS)

    def run(self, until: Callable[[], bool], **who: bool) -> None:
        """Rounds until something holds; fails when it never does."""
        for _ in range(3000):
            if until():
                return
            self.round(**who)
        raise AssertionError(f"it never came to that; feed at {self.feed.bar}, engine at {self.engine.bar}")

    def run_to_end(self, *topics: str) -> None:
        """Until these topics have ended; by default all that are followed."""
        self.run(lambda: all(self.ends[topic] for topic in topics or self.ends))

    def restart(self, room: Callable[[], Executor] | None = None) -> None:
        """Kill the engine and start it again: files stay as they are."""
        self.engine.close()
        self._room = room or self._room
        self.engine = self._engine()

    def close(self) -> None:
        """Close everything."""
        for each in (self._worker, *self._followed.values()):
            each.close()
        self._alerts.close()
        self.engine.close()
        self.feed.close()

    def _consume(self) -> None:
        for delivery in self._worker.receive():
            bar = getattr(delivery.message, "bar", 0)
            self._worker.acknowledge(self._announcements, getattr(delivery.message, "journal", b""), bar)
        for topic, inlet in self._followed.items():
            for delivery in inlet.receive():
                if isinstance(delivery.message, EndOfStream):
                    self.ends[topic].append(delivery.message)
                if isinstance(delivery.message, Factors):
                    self.said[topic].append(delivery.message)
        self._acknowledge()

    def _acknowledge(self) -> None:
        """One bar of all it follows, as the worker does: what every plan that was heard has come to."""
        newest = [said[-1] for said in self.said.values() if said]
        if newest:
            done = min(newest, key=lambda factors: factors.bar)
            for topic, inlet in self._followed.items():
                inlet.acknowledge(topic, done.journal, done.bar)

    def _engine(self) -> FactorEngine:
        return FactorEngine(self._context(), lambda _name: self._set, self._room)

    def _bus(self) -> Bus:
        endpoints = Endpoints(Path("/memory"), self.config.instance)
        return Bus(
            endpoints, self.transport, self.clock, lambda link, error, _: self.refused.append(f"{link}: {error}")
        )

    def _context(self) -> Context:
        self._epoch += 1
        log = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[self._capture],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        return Context(self.config, self._bus(), log, Counters(), self._epoch)


@contextmanager
def playing(stage: Stage) -> Iterator[Stage]:
    """Close the stage whatever happens."""
    try:
        yield stage
    finally:
        stage.close()


def columns(sections: list[Factors]) -> dict[int, dict[str, bytes]]:
    """What was said of each bar, to the bit."""
    return {each.bar: {name: column.tobytes() for name, column in each.columns.items()} for each in sections}


def promote(config: Config, factor_set: FactorSet, *, alias: str = "champion", plan: str = "") -> ModelRef:
    """Put a model of this set on record and let the alias mean it; `plan`: another digest than the true one."""
    compiled = compile_set(factor_set)
    record = record_of(factor_set, compiled)
    if plan:
        record = type(record)(record.name, plan, record.factors)
    manifest = draft(f"m-{factor_set.name}", factor_set=record, label=LabelRecord(factor_set.label, 1))
    with Registry(config.registry, clock=lambda: 0) as registry:
        ref = registry.add(Bundle.make(manifest, {"notes.txt": factor_set.name.encode()}), author="test")
        registry.promote("test", alias, ref.name, ref.version, by="test", why="test")
    return ref
