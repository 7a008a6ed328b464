"""Who serves an arm, whatever happens in whatever order: the real stations and registry against what was promised."""

from __future__ import annotations

from typing import cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alphabus.messages import Reason, Signals, Status
from common.models.records import Change
from services.inference_worker.control import Verb
from tests.services.inference_worker.desk import VERSIONS, Desk, Puppet

MOODS = ("answer", "answer", "slow", "crash", "hang", "invalid", "never_loads")
VERSION = st.sampled_from(VERSIONS)
WORDS = ("promote", "rollback")


class StationMachine(RuleBasedStateMachine):
    """Promotions, bad models, crashes, restarts and orders; a section now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.checked = 0
        self.halted = False

    @initialize(waits=st.booleans())
    def begin(self, waits: bool) -> None:  # noqa: FBT001  drawn
        """Version 1 serves, and has spoken."""
        self.waits, self.desk = waits, Desk(waits=waits)
        self.desk.settle(3)
        self.sections(1)

    # What happens.

    @rule(count=st.integers(1, 3))
    def sections(self, count: int) -> None:
        """Some are due, and time enough passes for what the models do."""
        for _ in range(count):
            self.desk.announce()
            self.desk.settle(4)

    @rule(version=VERSION)
    def promote(self, version: int) -> None:
        """Also of what serves, what was refused, and what is on its way."""
        self.desk.promote(version)

    @rule(version=VERSION, other=VERSION)
    def promote_to_and_fro(self, version: int, other: int) -> None:
        """Faster than anybody looks."""
        for each in (version, other, version):
            self.desk.promote(each)

    @precondition(lambda self: len({row.target for row in self.desk.history() if row.action in WORDS}) > 1)
    @rule()
    def roll_back(self) -> None:
        """To what the alias meant before."""
        self.desk.person.rollback("test", "champion", by="ann", why="worse")

    @rule(version=VERSION, mood=st.sampled_from(MOODS))
    def change(self, version: int, mood: str) -> None:
        """A version behaves in another way from now on."""
        self.desk.moods[version] = mood

    @rule(turns=st.sampled_from([1, 3, 60]))
    def time_passes(self, turns: int) -> None:
        """Up to the end of everybody's patience."""
        self.desk.settle(turns)

    @rule(which=st.integers(0, 2))
    def kill_a_child(self, which: int) -> None:
        """Of the model that serves, the one before, or the candidate."""
        crews = self.desk.station.crews
        cast("Puppet", crews[which % len(crews)].seat).die()

    @rule(verb=st.sampled_from(["halt", "resume", "resume", "open", "close", "close"]))
    def command(self, verb: Verb) -> None:
        """A person says so."""
        self.desk.command(verb)
        self.halted = (self.halted or verb == "halt") and verb != "resume"

    @rule()
    def stop_and_start_the_engine(self) -> None:
        """No factors come, or all of them again."""
        self.desk.engine_is_up = not self.desk.engine_is_up

    @rule()
    def restart(self) -> None:
        """What a killed worker comes back with."""
        self.desk.restart()
        moved, refused = self.last(*WORDS), self.last("swap_failed")
        wish, fact = self.desk.person.resolve("test", "champion"), self.fact()
        assert moved is not None
        if refused is not None and refused.target == wish.key and refused.number > moved.number:
            assert self.desk.serving == (fact or self.desk.serving)
        else:
            assert self.desk.serving == wish.version

    # What must hold.

    @invariant()
    def what_is_said_is_by_whoever_serves(self) -> None:
        """Every section once and in order; what is computed is of the model at the station, which is on record."""
        bars = [signals.bar for signals in self.desk.said if not signals.revision]
        assert bars == list(range(1, len(bars) + 1))
        for signals, serving in zip(self.desk.said[self.checked :], self.desk.served_by[self.checked :], strict=True):
            if not signals.reason:
                assert signals.model.version == serving
                self.on_record(signals)
        self.checked = len(self.desk.said)

    @invariant()
    def a_halted_arm_is_void(self) -> None:
        """Also after a restart."""
        assert self.desk.station.arm.halted == self.halted
        if self.halted and self.desk.said:
            last = self.desk.said[-1]
            assert last.bar < self.desk.bar or not last.reason or last.status in (Status.VOID, Status.HELD)

    @invariant()
    def one_serves(self) -> None:
        """No child is left of any other model than the three that may be there, and each is there once."""
        crews = self.desk.station.crews
        assert {id(crew.seat) for crew in crews} == {id(seat) for seat in self.desk.seats if seat.open}
        assert len({crew.post.ref for crew in crews}) == len(crews) <= 3

    @invariant()
    def what_was_refused_serves_only_when_it_is_wanted_again(self) -> None:
        """By a person's word since; or because it is what served, and the one after it is unfit."""
        refused: dict[tuple[str, int] | None, int] = {}
        for row in self.desk.history():
            if row.action == "swap_failed":
                refused[row.target] = row.number
            elif row.action in WORDS:
                refused.pop(row.target, None)
            elif row.action == "swap":
                assert row.target not in refused or "is unfit" in row.why

    @invariant()
    def nothing_is_overdue(self) -> None:
        """Under a deadline, once time has passed and the worker has had its turn."""
        if not self.waits:
            self.desk.turn(51)
            self.desk.turn()
            assert [signals.bar for signals in self.desk.said if not signals.revision][-1:] == [self.desk.bar]

    def teardown(self) -> None:
        """When everybody behaves, what is wanted serves, and every section has its signal."""
        if not hasattr(self, "desk"):
            return
        self.desk.engine_is_up = True
        self.desk.moods.update(dict.fromkeys(VERSIONS, "answer"))
        self.desk.command("close")
        self.desk.command("resume")
        self.desk.settle(10)  # whoever was killed on its way here is told of first
        self.desk.promote(2)
        self.desk.settle(200)
        for _ in range(5):
            self.desk.announce()
            self.desk.settle(20)
        last = self.desk.said[-1]
        assert (last.bar, last.reason, last.model.version) == (self.desk.bar, Reason.NONE, 2)
        assert [it.bar for it in self.desk.said if not it.revision] == list(range(1, self.desk.bar + 1))
        self.desk.close()

    # What is known.

    def on_record(self, signals: Signals) -> None:
        """The registry names this version for this bar."""
        serving = self.desk.person.served_at("test", "champion", signals.bar)
        assert serving is not None
        assert (serving.name, serving.version) == (signals.model.name, signals.model.version)

    def fact(self) -> int | None:
        """What spoke last by the registry."""
        served = self.desk.person.last_served("test", "champion")
        return None if served is None else served.version

    def last(self, *actions: str) -> Change | None:
        """The newest row of one of these."""
        rows = [row for row in self.desk.history() if row.action in actions]
        return rows[-1] if rows else None


TestStationMachine = StationMachine.TestCase
TestStationMachine.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
