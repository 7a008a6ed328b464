"""All arms at work: their words go to whoever publishes, what a person should know is told, the rest is on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from alphabus.clock import Clock
from alphabus.messages import Factors, Signals
from services.inference_worker.actions import Action, Publish, Swap, Told
from services.inference_worker.board import Board
from services.inference_worker.composition import Spoken
from services.inference_worker.control import DEEDS, Order, standing
from services.inference_worker.roster.roster import Roster
from services.inference_worker.section import Section
from services.inference_worker.station import Station

IsBehind = Callable[[Station], bool]
"""Whether factors of the plan an arm is served with are known to be missing on the link."""


class Say(Protocol):
    """Who publishes what an arm says; `overdue`: well behind its deadline."""

    def __call__(self, signals: Signals, *, overdue: bool) -> None:
        """Publish it."""


class Floor:
    """Lets every arm hear, decide and act in turn; none waits for another."""

    def __init__(
        self,
        stations: Mapping[str, Station],
        roster: Roster,
        clock: Clock,
        say: Say,
        tell: Callable[[str, Told], None],
    ) -> None:
        self.stations, self._roster, self._clock = stations, roster, clock
        self._say, self._tell = say, tell

    @property
    def done(self) -> int:
        """The section every arm is done with."""
        return min(station.arm.last_bar for station in self.stations.values())

    @property
    def owes_nothing(self) -> bool:
        """Whether every arm has said all it has to."""
        return all(station.arm.done for station in self.stations.values())

    @property
    def settled(self) -> bool:
        """Whether it is known of every arm how its first child fared."""
        return all(station.settled for station in self.stations.values())

    @property
    def topics(self) -> list[tuple[bytes, str]]:
        """The factor topics that are needed, each with its plan."""
        return [pair for station in self.stations.values() for pair in station.topics]

    def handles(self) -> list[object]:
        """What tells of the children."""
        return [handle for station in self.stations.values() for handle in station.handles()]

    def wake_ns(self) -> int | None:
        """The next deadline of an arm, or the next start of a child."""
        times = [station.wake_ns() for station in self.stations.values()]
        return min((time for time in times if time is not None), default=None)

    def close(self) -> None:
        """Kill all children."""
        for station in self.stations.values():
            station.close()

    # What was before this start.

    def stand(self) -> None:
        """An arm that was halted is halted, whatever was restarted since."""
        for name, station in self.stations.items():
            now = self._clock.monotonic_ns()
            for verb in standing(self._roster.events(name)):
                self._do(name, station.act(DEEDS[verb](station.arm, now)))

    def resume(self, name: str, signals: Signals) -> None:
        """This is what an arm said last."""
        if name in self.stations:
            self.stations[name].arm.recall(Spoken.of(signals), signals.bar)
            self._roster.ledger.recall(signals)

    def forget(self) -> None:
        """Another journal: its numbers mean other sections."""
        for station in self.stations.values():
            station.arm.forget()

    # What comes.

    def add(self, section: Section) -> None:
        """Every arm owes a signal for it."""
        for station in self.stations.values():
            station.arm.add(section)

    def hear_wishes(self) -> None:
        """Somebody moved an alias."""
        for wish in self._roster.wishes():
            station, now = self.stations[wish.arm], self._clock.monotonic_ns()
            if wish.post is None:
                self._do(wish.arm, station.refuse(wish.ref, wish.why))
            else:
                self._do(wish.arm, station.wish(wish.post, wish.why, now))

    def obey(self, order: Order) -> bool:
        """Do at once what a person wants of arms; False where a kill would make it forgotten."""
        written = [self._obey(name, order) for name in order.arms]
        return all(written)

    def receive(self, is_behind: IsBehind) -> None:
        """Take what all children said."""
        for name, station in self.stations.items():
            self._do(name, station.receive(self._clock.monotonic_ns(), gap=is_behind(station)))

    def step(self, newest: Mapping[bytes, Factors], board: Board, is_behind: IsBehind) -> None:
        """Let every arm do what is to be done now; `newest` are the newest factors of each plan."""
        for name, station in self.stations.items():
            now, gap = self._clock.monotonic_ns(), is_behind(station)
            self._do(name, station.step(now, newest, board, gap=gap))

    def universes(self) -> Iterable[bytes]:
        """Lists of symbols that arms may still have to name, though they were told of long ago."""
        for station in self.stations.values():
            if station.arm.previous is not None:
                yield station.arm.previous.universe

    def _obey(self, name: str, order: Order) -> bool:
        station, now = self.stations[name], self._clock.monotonic_ns()
        self._do(name, station.act(DEEDS[order.verb](station.arm, now)))
        return self._roster.note(name, order.verb, by=order.by, why=order.why)

    def _publish(self, action: Publish) -> None:
        now = self._clock.monotonic_ns()
        for signals in action.said(now):
            self._say(signals, overdue=action.is_overdue(now))
            if not signals.reason:
                self._roster.ledger.serve(signals)

    def _do(self, name: str, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Publish():
                    self._publish(action)
                case Told():
                    self._tell(name, action)
                case Swap():
                    self._roster.note_swap(name, action)
