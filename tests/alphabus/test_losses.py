"""What goes wrong on a link is told to whoever counts, each once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from alphabus.bus import Bus
from alphabus.continuity import Tally
from alphabus.inlet import LOOK_NS, STALE_NS, Inlet
from alphabus.losses import LOSSES, Losses
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.testing import ManualClock, memory_bus, signals

TOPIC = "test/signals/champion/"


class Told:
    """A bus on which all that is found is counted."""

    def __init__(self) -> None:
        self.clock, self.losses = ManualClock(), Counter[str]()
        self.bus: Bus = replace(memory_bus(clock=self.clock), found=self._found)

    def _found(self, link: str, what: str, count: int) -> None:
        assert link == "inference_worker"
        self.losses[what] += count


def serve(outlet: Outlet) -> None:
    """Answer what was asked; nothing is on record."""
    outlet.serve(Outbox(1), lambda _: Page((), complete=True))


def joined(told: Told, epoch: int = 1) -> tuple[Outlet, Inlet]:
    """A writer and a reader that knows its state."""
    outlet = Outlet(told.bus, "inference_worker", epoch)
    inlet = Inlet(told.bus, "cache", "inference_worker", [TOPIC])
    look(told, inlet, outlet)
    assert not inlet.behind
    return outlet, inlet


def look(told: Told, inlet: Inlet, outlet: Outlet) -> None:
    """Let the reader read, and look for what it lost."""
    for _ in range(2):
        inlet.receive()
        serve(outlet)
    told.clock.advance(LOOK_NS)
    inlet.receive()


def test_every_loss_has_its_name() -> None:
    """What a tally counts, being stale, and having fallen behind."""
    assert {*Tally.__dataclass_fields__, "stale", "lagged"} == set(LOSSES)


def test_nothing_is_told_where_nothing_went_wrong() -> None:
    """Sections that come in order are none."""
    told = Told()
    outlet, inlet = joined(told)
    for bar in (1, 2, 3):
        outlet.publish(TOPIC, signals(bar, {"A": 1.0}))
    look(told, inlet, outlet)
    assert told.losses == {}


def test_a_gap_is_told() -> None:
    """Here one that a queue made."""
    told = Told()
    outlet, inlet = joined(told)
    outlet.publish(TOPIC, signals(1, {"A": 1.0}))
    outlet._seqs[TOPIC] += 1  # as if a message were lost on the way
    outlet.publish(TOPIC, signals(3, {"A": 1.0}))
    look(told, inlet, outlet)
    assert told.losses == {"gaps": 1}


def test_a_writer_that_was_replaced_is_told() -> None:
    """It speaks on; what it says is not taken."""
    told = Told()
    outlet, inlet = joined(told, epoch=2)
    outlet.publish(TOPIC, signals(1, {"A": 1.0}))
    look(told, inlet, outlet)
    outlet.epoch = 1
    outlet.publish(TOPIC, signals(2, {"A": 1.0}))
    look(told, inlet, outlet)
    assert told.losses == {"zombies": 1}


def test_silence_is_told_once() -> None:
    """Until something is heard again; then anew."""
    told = Told()
    outlet, inlet = joined(told)
    for times in (1, 2):
        for _ in range(3):
            told.clock.advance(STALE_NS + 1)
            inlet.receive()
        assert told.losses["stale"] == times
        outlet.publish(TOPIC, signals(times, {"A": 1.0}))
        look(told, inlet, outlet)


def test_a_link_that_is_only_kept_is_read_now_and_then() -> None:
    """Several times a second, so that its heartbeats neither pile up nor cost every turn of whoever keeps it."""
    told = Told()
    outlet, inlet = joined(told)
    outlet.publish(TOPIC, signals(1, {"A": 1.0}))
    told.clock.advance(LOOK_NS - 1)
    inlet.keep()
    assert inlet.followers[TOPIC].last is None
    told.clock.advance(1)
    inlet.keep()
    assert inlet.followers[TOPIC].known.bar == 1


@pytest.mark.parametrize("leave", ["unfollow", "resume"])
def test_what_a_topic_lost_stays_counted(leave: str) -> None:
    """Though it is left, or begun anew."""
    found = Counter[str]()
    losses = Losses("w", lambda _link, what, count: found.update({what: count}))
    tally = Tally(gaps=2)
    losses.look([tally], stale=False)
    losses.leave(tally)
    anew = [] if leave == "unfollow" else [Tally(gaps=1)]
    losses.look(anew, stale=False)
    assert found == {"gaps": 2 + len(anew)}


def test_a_look_where_nothing_changed_tells_nothing_twice() -> None:
    """What was counted is compared with the last look; what left meanwhile is seen though the others count the same."""
    found = Counter[str]()
    losses = Losses("w", lambda _link, what, count: found.update({what: count}))
    tally = Tally(gaps=1)
    for _ in range(3):
        losses.look([tally], stale=False)
    assert found == {"gaps": 1}
    losses.leave(tally)
    losses.lag()
    losses.look([Tally(gaps=1)], stale=False)
    assert found == {"gaps": 2, "lagged": 1}


class History(RuleBasedStateMachine):
    """Silence that comes and goes in any order with everything else; a topic is lost from, left, and begun anew."""

    def __init__(self) -> None:
        super().__init__()
        self.tally, self.is_stale = Tally(), False
        self.found, self.happened = Counter[str](), Counter[str]()
        self.losses = Losses("w", lambda _link, what, count: self.found.update({what: count}))

    @rule(stale=st.booleans())
    def look(self, *, stale: bool) -> None:
        """Silence counts where it begins."""
        self.happened["stale"] += stale and not self.is_stale
        self.is_stale = stale
        self.losses.look([self.tally], stale=stale)
        assert self.found == self.happened

    @rule()
    def lose(self) -> None:
        """One more gap."""
        self.tally.gaps += 1
        self.happened["gaps"] += 1

    @rule()
    def lag(self) -> None:
        """The reader fell behind."""
        self.losses.lag()
        self.happened["lagged"] += 1

    @rule()
    def begin_anew(self) -> None:
        """What was counted so far stays."""
        self.losses.leave(self.tally)
        self.tally = Tally()


def test_each_loss_is_told_once_in_any_order() -> None:
    """A silence is one however often it is looked at, and whatever else is lost meanwhile."""
    run_state_machine_as_test(History)
