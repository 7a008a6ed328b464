"""The breaker: each transition by an example, then any sequence of events against a model that looks back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.inference_worker.actions import Told
from services.inference_worker.breaker import Breaker, BreakerRules, State

MS = 1_000_000
RULES = BreakerRules(
    automatic=True, failures=3, share=0.5, window=8, slow_ns=0, open_ns=100 * MS, longest_open_ns=350 * MS
)


def opened(at: int = 0, rules: BreakerRules = RULES) -> Breaker:
    """A breaker that three failures opened at a moment."""
    breaker = Breaker(rules)
    for _ in range(3):
        breaker.ended(at, "crash")
    return breaker


def events(told: list[Told]) -> list[str]:
    """What was told."""
    return [it.event for it in told]


def test_bad_calls_in_a_row_open_it() -> None:
    """The last one does, and says why; a good one between them begins the count anew."""
    breaker = Breaker(RULES)
    for trouble in ("crash", "crash", "", "crash", "slow"):
        assert breaker.ended(0, trouble) == []
    assert breaker.ended(0, "timeout") == [
        Told("warning", "breaker_open", {"before": "closed", "why": "timeout", "open_ms": 100})
    ]
    assert breaker.refuses(0)


def test_a_share_of_bad_calls_opens_it() -> None:
    """Never in a row, but every other one: as soon as the window is full."""
    breaker = Breaker(RULES)
    told = [breaker.ended(0, trouble) for trouble in ("", "slow") * 4]
    assert told[:-1] == [[]] * 7
    assert events(told[-1]) == ["breaker_open"]


def test_the_window_is_bounded() -> None:
    """What lies further back than the window counts no more."""
    breaker = Breaker(RULES)
    for trouble in ("slow", "slow", "", "slow", *[""] * 5, "slow", "slow", ""):
        assert breaker.ended(0, trouble) == []
    assert breaker.state is State.CLOSED


def test_the_probe_decides() -> None:
    """After its time one call is made; well, and it closes; badly, and it stays open twice as long, up to a limit."""
    breaker = opened()
    assert breaker.refuses(100 * MS - 1)
    assert not breaker.refuses(100 * MS)
    now, lasted = 100 * MS, []
    for _ in range(3):
        assert events(breaker.admit(now)) == ["breaker_half_open"]
        assert breaker.probing
        (told,) = breaker.ended(now, "timeout")
        lasted.append(int(told.detail["open_ms"]))
        now += lasted[-1] * MS
    assert lasted == [200, 350, 350]
    breaker.admit(now)
    assert breaker.ended(now) == [Told("warning", "breaker_closed", {"before": "half_open", "why": "probe_answered"})]
    assert breaker.admit(now) == []


@pytest.mark.parametrize(("well_for", "lasts"), [(99, 200), (100, 100)])
def test_flapping_lengthens_it(well_for: int, lasts: int) -> None:
    """Only after as long a time of being well as it was open before it begins with the first length again."""
    breaker = opened()
    breaker.admit(100 * MS)
    breaker.ended(100 * MS)
    for _ in range(2):
        breaker.ended((100 + well_for) * MS, "crash")
    (told,) = breaker.ended((100 + well_for) * MS, "crash")
    assert told.detail["open_ms"] == lasts


def test_forced_open_ends_by_hand() -> None:
    """No time and no answer closes it, however it was before; said twice it is told once."""
    for breaker in (Breaker(RULES), opened()):
        assert events(breaker.force(0)) == ["breaker_forced_open"]
        assert breaker.force(1) == []
        assert breaker.ended(1) == breaker.ended(1, "crash") == breaker.renew(1) == []
        assert breaker.refuses(10**18)
        assert events(breaker.close(2)) == ["breaker_closed"]
        assert not breaker.refuses(2)
        assert breaker.close(3) == []


def test_another_model_starts_anew() -> None:
    """It is not guilty of what the one before it did, and its first opening has the first length."""
    breaker = opened()
    (told,) = breaker.renew(10)
    assert told.detail == {"before": "open", "why": "another_model"}
    for _ in range(2):
        assert breaker.ended(10, "crash") == []
    assert breaker.ended(10, "crash")[0].detail["open_ms"] == 100


def test_what_was_admitted_before_decides_nothing() -> None:
    """A call that ends while the breaker is open neither closes nor lengthens it."""
    breaker = opened()
    assert breaker.ended(50 * MS) == breaker.ended(60 * MS, "crash") == []
    assert breaker.refuses(99 * MS)
    assert not breaker.refuses(100 * MS)


def test_not_automatic_it_opens_only_by_hand() -> None:
    """However bad the calls are."""
    breaker = Breaker(replace(RULES, automatic=False))
    assert all(breaker.ended(0, "crash") == [] for _ in range(100))
    assert events(breaker.force(0)) == ["breaker_forced_open"]


class BreakerMachine(RuleBasedStateMachine):
    """The model keeps everything that ever happened and works its state out from that, naively, each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.calling = False
        self.shown: list[State] = [State.CLOSED]

    @initialize(
        failures=st.integers(1, 4), share=st.sampled_from([0.3, 0.5, 1.0]), window=st.integers(1, 6),
        longest=st.sampled_from([100, 300, 1600]), automatic=st.sampled_from([True, True, True, False]),
    )  # fmt: skip
    def begin(self, failures: int, share: float, window: int, longest: int, automatic: bool) -> None:  # noqa: FBT001  drawn
        """Any rules."""
        self.limits = BreakerRules(automatic, failures, share, window, 0, 100, longest)
        self.breaker = Breaker(self.limits)
        self.state, self.until, self.closed_at, self.lasted = State.CLOSED, 0, 0, 0
        self.calls: list[bool] = []

    @rule(passed=st.sampled_from([0, 1, 50, 99, 100, 101, 500]))
    def time_passes(self, passed: int) -> None:
        """The clock only goes on."""
        self.now += passed

    @rule()
    def call(self) -> None:
        """A call is made whenever none is under way and none is refused."""
        if self.calling or self.breaker.refuses(self.now):
            return
        self.note(self.breaker.admit(self.now))
        self.calling = True
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN

    @rule(trouble=st.sampled_from(["", "", "slow", "crash"]))
    def end(self, trouble: str) -> None:
        """The call ends; a child may also die without one."""
        if not self.calling and trouble != "crash":
            return
        self.calling = False
        self.note(self.breaker.ended(self.now, trouble))
        if self.state is State.HALF_OPEN:
            self.opens() if trouble else self.closes()
        elif self.state is State.CLOSED and self.limits.automatic:
            self.calls.append(trouble == "")
            last = self.calls[-self.limits.window :]
            in_a_row = not any(self.calls[-self.limits.failures :]) and len(self.calls) >= self.limits.failures
            often = len(last) == self.limits.window and last.count(False) >= self.limits.share * len(last)
            if trouble and (in_a_row or often):
                self.opens()

    @rule(verb=st.sampled_from(["force", "close", "renew"]))
    def command(self, verb: str) -> None:
        """A person, or a swap."""
        self.note(getattr(self.breaker, verb)(self.now))
        if verb == "force":
            self.state = State.FORCED_OPEN
        elif verb == "close" or self.state is not State.FORCED_OPEN:
            self.lasted = 0
            if self.state is not State.CLOSED:
                self.closes()

    @invariant()
    def as_the_model(self) -> None:
        """State, refusal and what was told, at every moment."""
        if not hasattr(self, "breaker"):
            return
        assert self.breaker.state is self.state
        assert self.breaker.probing is (self.state is State.HALF_OPEN)
        shut = self.state is State.FORCED_OPEN or (self.state is State.OPEN and self.now < self.until)
        assert self.breaker.refuses(self.now) is shut
        assert self.shown[-1] is self.state
        assert self.state is not State.HALF_OPEN or self.calling
        assert self.state is not State.OPEN or self.until - self.now <= self.limits.longest_open_ns

    def opens(self) -> None:
        """Until when, by what is remembered."""
        well = self.state is State.CLOSED and self.now - self.closed_at >= self.lasted
        doubled = 100 if well or self.lasted == 0 else 2 * self.lasted
        self.lasted = min(doubled, self.limits.longest_open_ns)
        self.state, self.until = State.OPEN, self.now + self.lasted

    def closes(self) -> None:
        """What was counted is forgotten."""
        self.state, self.closed_at, self.calls = State.CLOSED, self.now, []

    def note(self, told: list[Told]) -> None:
        """Every transition is told, once, with the state before it."""
        for it in told:
            state = State(it.event.removeprefix("breaker_"))
            assert it.detail["before"] == self.shown[-1].value
            assert state is not self.shown[-1]
            self.shown.append(state)


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
