"""Moves sections: bars in, factors of every plan that is wanted out, an acknowledgement back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import ClassVar

from alphabus.codec import encode
from alphabus.continuity import Follower, Place
from alphabus.errors import DecodeError
from alphabus.inlet import Inlet
from alphabus.messages import Acknowledge, Bars, Delivery, EndOfStream, Factors, Mode, Universe
from alphabus.outlet import Acknowledged
from common.errors import FactorError, SnapshotError
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from common.service import Context, Service
from services.factor_engine.line import Line
from services.factor_engine.rehearsal import allowance
from services.factor_engine.repertoire import Repertoire, one_thread
from services.factor_engine.sections import Listings


class FactorEngine(Service):
    """Applies every section of the feed's journal in order, for each plan; publishes what is not history."""

    name: ClassVar[str] = "factor_engine"

    def __init__(
        self,
        context: Context,
        find_set: Callable[[str], FactorSet] = load_set,
        open_room: Callable[[], Executor] = one_thread,
    ) -> None:
        super().__init__(context)
        plan = compile_set(find_set(self.config.factors.set))
        self._bars, self._states = self.endpoints.topic("bars"), self.endpoints.topic("states", self.name)
        self._listings = Listings()
        self._lines = Repertoire(context, self._alert, open_room(), self._say_late)
        self._done = Acknowledged()
        self._inlet = self._open_inlet()
        self._end: EndOfStream | None = None
        self._refused: tuple[bytes, int, set[str]] = bytes(16), 0, set()
        self._lines.start(plan)
        self._go_on()

    def handles(self) -> list[object]:
        """The feed's two ends, and its record while a plan rehearses."""
        return [*self._inlet.handles, *self._lines.handles]

    @property
    def links(self) -> Mapping[str, str]:
        """To the feed."""
        return {self._inlet.service: self._inlet.state}

    def wake_ns(self) -> int | None:
        """At once, while a plan rehearses on what is there."""
        return self.clock.monotonic_ns() if self._lines.is_busy(self.bar) else None

    def turn(self) -> None:
        """Live sections first; then what nobody waits for, a little of it."""
        try:
            applied = sum(self._take(delivery) for delivery in self._inlet.receive())
        except SnapshotError:
            self._start_over()
            return
        self._inlet.repeat()
        changes = self._lines.turn(self.journal, self.bar, allowance(self.clock, applied, paced=self.config.is_paced))
        for line in changes.left:
            self.outbox.acknowledged(line.topic, self.journal, self.bar)
        for line in changes.arrived:
            if self._end is not None and self._end.journal == self.journal:
                self.publish(line.topic, self._end)
        for line, bar in self._lines.tend(self.bar, self._floor):
            self.outbox.acknowledged(line.topic, self.journal, bar)
        self._say_states()

    def acknowledged(self, message: Acknowledge) -> None:
        """Hear what the worker is done with; its word on one plan is its word on all.

        It says the same bar of every plan it follows, and asks for one it follows anew from that bar on.
        """
        if message.consumer == "inference_worker":
            self._done.take(message)

    def stop(self) -> None:
        """Let go of the feed, then of what works beside the loop."""
        self._inlet.close()
        self._lines.close()

    @property
    def _floor(self) -> int:
        """Up to which section nothing is asked for again, of any plan; 0 as long as the worker has not spoken."""
        return self._done.lowest(["inference_worker"], self.journal)

    def _open_inlet(self) -> Inlet:
        return Inlet(self.context.bus, self.name, "bar_feed", [self._bars])

    def _go_on(self) -> None:
        """Ask for the record from the section that the oldest snapshot was taken after: it must be the same still."""
        desks = [line.desk for line in self._lines]
        (journal, *others), bar = {desk.journal for desk in desks}, min(desk.bar for desk in desks)
        if bar and not others:
            self.journal, self.bar = journal, bar
            self._inlet.resume(self._bars, Follower(self._bars, journal, Place(bar, 0)))

    def _start_over(self) -> None:
        """Begin with the record's beginning: it is not the one the last state was made of."""
        self._inlet.close()  # with whatever was asked of it
        self._inlet = self._open_inlet()
        self.journal, self.bar = bytes(16), 0

    def _take(self, delivery: Delivery) -> bool:
        """Tell whether it was a section."""
        match delivery.message:
            case Universe() as universe:
                try:
                    self._listings.learn(universe)
                except FactorError as error:
                    self._refuse(delivery, error)
            case EndOfStream() as end:
                self._end = end
                for line in self._lines:
                    self.publish(line.topic, end)
            case Bars() as bars:
                self._apply(delivery, bars)
                return True
        return False

    def _apply(self, delivery: Delivery, bars: Bars) -> None:
        for line in tuple(self._lines):
            if self._is_new(line, bars):
                self._advance(line, delivery, bars)
        self._lines.hear(bars, self._listings.known(bars))
        self.journal, self.bar = bars.journal, bars.bar
        self.counters.add(f"sections_{bars.mode}")
        self._inlet.acknowledge(self._bars, bars.journal, bars.bar)

    def _is_new(self, line: Line, bars: Bars) -> bool:
        """Whether a line applies a section; SnapshotError when its state is of no use, and no other line is there."""
        try:
            return line.desk.is_new(bars)
        except SnapshotError as error:
            self.outbox.acknowledged(line.topic, self.journal, self.bar)
            if not self._lines.refuse(line, error):
                raise
            return False

    def _advance(self, line: Line, delivery: Delivery, bars: Bars) -> None:
        if line.desk.begins_late(bars):
            self._lines.tell_cut(line, bars)
        started, waited = self.clock.monotonic_ns(), max(self.clock.wall_ns() - delivery.sent, 0)
        try:
            factors = line.desk.update(bars, self._listings.of(bars).symbols)
        except FactorError as error:
            self._refuse(delivery, error)
            factors = line.desk.pass_over(bars)
        latency = {"feed_to_engine": waited, "factors": self.clock.monotonic_ns() - started}
        if bars.mode is not Mode.HISTORY:
            self._publish(line, replace(factors, latency=latency), self._listings.of(factors))
        line.applied(bars, self.config.factors.snapshot_sections)

    def _say_states(self) -> None:
        """Tell the feed from which section on its record must stay: a restart would ask from there."""
        bar = self._lines.resumed_from(self.journal)
        if bar is not None:
            self._inlet.restate(self._states, self.journal, bar)

    def _say_late(self, line: Line, factors: Factors, listed: Universe) -> None:
        """Publish what a line that was at work owes still."""
        if factors.bar > self._floor:
            self._publish(line, factors, listed)

    def _publish(self, line: Line, factors: Factors, listed: Universe) -> None:
        if (factors.journal, factors.universe) != line.universe:
            line.universe = factors.journal, factors.universe
            self.publish(line.topic, listed)
        self.publish(line.topic, factors)

    def _refuse(self, delivery: Delivery, error: FactorError) -> None:
        """Count, keep and tell what cannot be used; once, though every plan meets it, and each plan's own reason."""
        message = delivery.message
        if isinstance(message, Bars):
            if self._refused[:2] != (message.journal, message.bar):
                self._refused = message.journal, message.bar, set()
            if str(error) in self._refused[2]:
                return
            self._refused[2].add(str(error))
        self.context.bus.refused("bar_feed", DecodeError("section", str(error)), encode(delivery))
        self._alert("error", "section_refused", {"error": str(error)})

    def _alert(self, level: str, event: str, detail: Mapping[str, str]) -> None:
        self.outlet.alert(level, event, **detail)
