"""Who serves an arm, whatever happens in whatever order: the real stations and registry against what was promised."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alphabus.messages import Reason, Signals, Status
from common.config import MS
from common.errors import RegistryError
from common.models.records import Change
from services.inference_worker.control import Verb
from services.inference_worker.roster.ledger import AGAIN_NS
from services.inference_worker.roster.wishes import LOOK_NS
from services.inference_worker.rules import SECOND_NS
from tests.services.inference_worker.books import busy
from tests.services.inference_worker.desk import VERSIONS, Desk, Puppet

MOODS = ("answer", "answer", "slow", "late", "crash", "hang", "invalid", "never_loads")
VERSION = st.sampled_from(VERSIONS)
WORDS = ("promote", "rollback")
COUNT = st.sampled_from([0, 1, 1, 2, 3])
ATTEMPTS = 2
AGAIN = AGAIN_NS // (LOOK_NS + MS) + 1
"""So many rounds, and what had to wait for the registry is tried again."""
DEADLINE_NS = 50 * MS


class StationMachine(RuleBasedStateMachine):
    """Promotions, bad models, crashes, restarts and orders; a section now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.checked = self.heard = self.read = self.since = self.failures = 0
        self.halted = self.spoke = self.told_unfit = False
        self.unfit: set[str] = set()

    @initialize(waits=st.booleans())
    def begin(self, waits: bool) -> None:  # noqa: FBT001  drawn
        """Version 1 serves, and has spoken."""
        self.waits, self.desk = waits, Desk(waits=waits)
        self.desk.settle(3)
        self.sections(1)

    # What happens.

    @rule(count=st.integers(1, 5))
    def sections(self, count: int) -> None:
        """Some are due, and time enough passes for what the models do."""
        for _ in range(count):
            self.desk.announce()
            self.desk.settle(4)

    @rule(version=VERSION, mood=st.sampled_from(MOODS), count=COUNT)
    def promote(self, version: int, mood: str, count: int) -> None:
        """Also of what serves, what was refused, and what is on its way; it behaves like this."""
        self.desk.moods[version] = mood
        self.desk.promote(version)
        self.is_heard()
        self.sections(count)

    @rule(version=VERSION, other=VERSION)
    def promote_to_and_fro(self, version: int, other: int) -> None:
        """Faster than anybody looks."""
        for each in (version, other, version):
            self.desk.promote(each)
        self.is_heard()

    @precondition(lambda self: len({row.target for row in self.desk.history() if row.action in WORDS}) > 1)
    @rule()
    def roll_back(self) -> None:
        """To what the alias meant before."""
        self.desk.person.rollback("test", "champion", by="ann", why="worse")
        self.is_heard()

    @rule(mood=st.sampled_from(MOODS), count=COUNT)
    def change(self, mood: str, count: int) -> None:
        """What serves behaves in another way from now on."""
        self.desk.moods[self.desk.serving] = mood
        self.sections(count)

    @rule(mood=st.sampled_from(MOODS), restarts=st.booleans(), count=COUNT)
    def all_change(self, mood: str, restarts: bool, count: int) -> None:  # noqa: FBT001  drawn
        """Whatever there is behaves like this, as when the machine is at fault."""
        self.desk.moods.update(dict.fromkeys(VERSIONS, mood))
        if restarts:
            self.restart()
        self.sections(count)

    @rule(count=COUNT)
    def lose_factors(self, count: int) -> None:
        """Of a section and the plan that serves no arm yet: the next one comes."""
        self.desk.announce()
        serving, _ = self.desk.floor.topics[0]
        for plan, topic in self.desk.floor.topics:
            if plan != serving:
                self.desk.lose(topic)
        self.desk.settle(1)
        self.sections(count)

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

    @rule(other=st.sampled_from([1, 2, 3]), turns=st.sampled_from([1, 3]))
    def relief_lacks_factors(self, other: int, turns: int) -> None:
        """What served before wants other factors, and they are lost for a section that what serves crashes at."""
        self.promote(4, "answer", 2)
        self.promote(other, "answer", 0)
        self.time_passes(turns)
        self.change("crash", 0)
        self.lose_factors(2)

    @rule(verb=st.sampled_from([None, "halt", "resume"]), count=COUNT, killed=st.booleans())
    def registry_is_busy(self, verb: Verb | None, count: int, killed: bool) -> None:  # noqa: FBT001  drawn
        """For a while another process writes; a worker that is killed meanwhile forgets nothing."""
        with busy(self.desk.folder / "registry"):
            if verb is not None:
                self.command(verb)
            self.sections(count)
            if killed:
                self.desk.kill()
                self.starts()
                self.sections(1)
        self.desk.settle(AGAIN)

    @rule()
    def remove_what_serves(self) -> None:
        """Nobody can, whether it has spoken or not."""
        with pytest.raises(RegistryError):
            self.desk.person.remove("demo", self.desk.serving, by="ann", why="space")

    @rule(version=VERSION)
    def start_and_say_nothing(self, version: int) -> None:
        """The alias moves on, faster than anybody looks: what was started stays, though no section speaks of it."""
        self.promote(version, "answer", 0)
        self.restart()
        for other in VERSIONS:
            if other != version:
                self.desk.promote(other)
        self.remove_what_serves()
        self.is_heard()

    @rule()
    def restart(self) -> None:
        """What a killed worker comes back with."""
        self.starts()
        moved = self.rows(*WORDS)[-1]
        wish, fact = self.desk.person.resolve("test", "champion"), self.fact()
        refused = any(row.number > moved.number and row.target == wish.key for row in self.rows("swap_failed"))
        if refused:
            assert self.desk.serving == (fact or self.desk.serving)
        else:
            assert self.desk.serving == wish.version

    def starts(self) -> None:
        """A worker that knows what is on record, and nothing of what happened in its absence."""
        self.follow()
        self.desk.restart()
        self.failures, self.spoke, self.told_unfit = 0, False, False
        self.since = max(row.number for row in self.desk.history())
        self.unfit.clear()

    # What must hold.

    @invariant()
    def what_is_said_is_by_whoever_serves(self) -> None:
        """Every section once and in order; what is computed is of the model at the station, which is on record."""
        bars = [signals.bar for signals in self.desk.said if not signals.revision]
        assert bars == list(range(1, len(bars) + 1))
        for word in self.desk.words[self.checked :]:
            if not word.signals.reason:
                assert word.signals.model.version == word.serving
                self.on_record(word.signals)
        self.checked = len(self.desk.words)

    @invariant()
    def hands_change_between_two_bars(self) -> None:
        """Nobody is interrupted; what comes late of a section comes from whom it was asked of when it was due."""
        assert self.desk.torn == []
        first = {word.signals.bar: word.serving for word in self.desk.words if not word.signals.revision}
        for word in self.desk.words:
            assert not word.signals.revision or word.signals.model.version == first[word.signals.bar]

    @invariant()
    def nothing_is_given_up_for_an_unfit_model(self) -> None:
        """Another one is on its way: a section without values goes out when it is due, and not before."""
        for word in self.desk.words:
            on_time = not self.waits and word.late_ns >= DEADLINE_NS
            assert not word.unfit or on_time or word.signals.reason is Reason.HALTED

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
    def an_unfit_model_is_relieved(self) -> None:
        """One that failed so often and never spoke is told as unfit, unless another is on its way."""
        self.desk.turn()
        self.follow()  # whoever fails in this turn is told of in the next
        failed = self.failures
        self.desk.turn()
        self.follow()
        unfit = min(failed, self.failures) >= ATTEMPTS and not self.spoke
        assert not unfit or self.told_unfit or self.desk.station.succession.coming is not None

    @invariant()
    def changing_hands_comes_to_an_end(self) -> None:
        """For each time somebody wanted a model or one was refused there is one swap; relief is brought in once."""
        assert len(self.rows("swap")) <= len(self.rows(*WORDS, "swap_failed"))
        since = max([self.since, *(row.number for row in self.rows(*WORDS))])
        relief = [row.target for row in self.rows("swap") if "is unfit" in row.why and row.number > since]
        assert len(relief) == len(set(relief))

    @invariant()
    def no_section_is_passed_over(self) -> None:
        """Under `wait`: factors are lost of plans alone that nobody is served with, unless all others are unfit.

        Then the first that lacks them has waited its time, and those behind it go out together with it.
        """
        wait_ns, waited = self.desk.config.inference.candidate_wait_s * SECOND_NS, False
        for word in self.desk.words:
            waited = word.late_ns >= wait_ns or (waited and word.late_ns > 0)
            assert not self.waits or word.signals.reason is not Reason.GAP or waited

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
        self.desk.settle(40)  # whoever hangs on its way here is refused first, whoever was killed is told of
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

    def rows(self, *actions: str) -> list[Change]:
        """The rows of history of these, oldest first."""
        return [row for row in self.desk.history() if row.action in actions]

    def is_heard(self) -> None:
        """A word reaches the worker; what was unfit before it may be brought back after it."""
        self.follow()
        self.desk.clock.advance(LOOK_NS)
        self.unfit.clear()
        if self.desk.person.resolve("test", "champion").version == self.desk.serving:
            self.failures, self.told_unfit = 0, False
        self.desk.turn()

    def follow(self) -> None:
        """What was told since last asked: failures of what serves, and whether they were too many."""
        for told in self.desk.told[self.heard :]:
            if told.event == "executor_replaced":
                self.failures += 1
            elif told.event == "swapped":
                self.failures, self.spoke, self.told_unfit = 0, False, False
            elif told.event == "model_unfit":
                self.told_unfit = True
                self.unfit.add(str(told.detail["model"]))
                assert told.detail["wanted"] not in self.unfit
        words = self.desk.said[self.read :]
        self.heard, self.read = len(self.desk.told), len(self.desk.said)
        self.spoke = self.spoke or any(not it.reason and it.model.version == self.desk.serving for it in words)


TestStationMachine = StationMachine.TestCase
TestStationMachine.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)
