"""Whatever happens in whatever order: the promise of an arm, against a model of a few lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alphabus.messages import Flag, Model, Origin, Reason, Signals, Status
from alphabus.testing import day_ns
from services.inference_worker.breaker import State
from services.inference_worker.control import DEEDS, Verb
from services.inference_worker.duty import Duty, Voice
from services.inference_worker.fallback import DAY_NS, FallbackRules
from services.inference_worker.gate import GateRules
from services.inference_worker.rules import NEVER_NS
from services.inference_worker.section import Section
from tests.services.inference_worker.scene import BREAKER, FEATURES, GUARDED, WAIT, Scene, content, pass_by

TIMES = st.sampled_from([0, 1, 40, 60, 100, 300, 1200])
COMPUTED = (Status.FRESH, Status.LATE)
SELDOM = st.sampled_from([False, False, False, True])
HELD_BY_FAILURE = {Reason.TIMEOUT, Reason.CRASH, Reason.INVALID}
TROUBLES = HELD_BY_FAILURE | {
    Reason.BREAKER_OPEN, Reason.NO_FACTORS, Reason.NO_BARS, Reason.GAP, Reason.COVERAGE, Reason.GATED,
}  # fmt: skip
LEGAL = {
    Status.FRESH: {Reason.NONE},
    Status.LATE: {Reason.NONE},
    Status.HELD: TROUBLES,
    Status.DEFAULT: TROUBLES,
    Status.VOID: {Reason.HALTED, Reason.MAX_AGE, Reason.MODEL_AGE, Reason.SESSION, Reason.NOTHING_YET},
}
DUTIES = tuple(
    Duty(Voice("champion", 0.5, Model("demo", version, f"{version:02x}" * 32)), bytes([version]) * 32, FEATURES,
         prediction_range=(-1e6, 1e6), model_time_ns=day_ns(1))
    for version in (1, 2)
)  # fmt: skip
FALLBACKS = st.builds(
    FallbackRules, max_age_bars=st.integers(0, 3), max_age_ns=st.sampled_from([None, None, 2 * DAY_NS]),
    across_sessions=st.sampled_from([True, True, False]), default_value=st.sampled_from([None, 0.5]),
)  # fmt: skip


class ArmMachine(RuleBasedStateMachine):
    """The world around an arm; what it may be told is what the service would tell it."""

    def __init__(self) -> None:
        super().__init__()
        self.checked = 0
        self.failures: Counter[int] = Counter()
        self.loading = True
        self.resumed_after = 0
        self.suspect: set[int] = set()
        self.unready = 0

    @initialize(
        waits=st.booleans(),
        late_until=st.sampled_from([0, 50, 400]),
        fallback=FALLBACKS,
        always=SELDOM,
        holds=st.booleans(),
        failures=st.sampled_from([1, 2, 3, NEVER_NS]),
        most_days=st.sampled_from([None, None, None, 4]),
        resumed=st.booleans(),
        loading=SELDOM,
        relievable=st.booleans(),
    )
    def begin(  # noqa: PLR0917  drawn
        self, waits: bool, late_until: int, fallback: FallbackRules, always: bool, holds: bool, failures: int,  # noqa: FBT001
        most_days: int | None, resumed: bool, loading: bool, relievable: bool,  # noqa: FBT001
    ) -> None:  # fmt: skip
        """An arm under any rules, at the start of its journal or back from a restart."""
        self.waits = waits
        base = WAIT if waits else replace(GUARDED, late_until_ns=late_until)
        always = always and fallback.default_value is not None
        self.limits = replace(
            base, fallback=replace(fallback, always=always), gate=GateRules(holds, 0.0),
            breaker=replace(BREAKER, failures=failures, automatic=not waits),
            max_model_ns=None if most_days is None else most_days * DAY_NS,
        )  # fmt: skip
        self.scene = Scene(self.limits, duty=DUTIES[0])
        if resumed:
            self.scene.arm.last_bar = self.resumed_after = 7
        self.next_bar = self.resumed_after + 1
        self.scene.arm.relieve(possible=relievable)
        if not loading:
            self.ready()

    # What the service tells.

    @rule(due_in=st.sampled_from([0, 50, 500]))
    def announce(self, due_in: int) -> None:
        """The next section is due; never before the one announced before it."""
        before = self.scene.sections.get(self.next_bar - 1)
        due_in = max(due_in, before.due_ns - self.scene.now) if before is not None else due_in
        self.scene.announce(self.next_bar, due_in=due_in)
        self.next_bar += 1

    @precondition(lambda self: self.unfilled)
    @rule(partial=SELDOM, skipped=st.sampled_from([0, 0, 0, 1, 2]))
    def fill(self, partial: bool, skipped: int) -> None:  # noqa: FBT001  drawn
        """Factors come in order; those that are skipped never come."""
        passed = [] if self.waits else self.unfilled[:-1][:skipped]
        bar = next(bar for bar in self.unfilled if bar not in passed)
        for missing in passed:
            pass_by(self.scene.sections[missing])
        self.scene.fill(bar, coverage=0.2 if partial else 1.0)

    @precondition(lambda self: not self.unfilled)
    @rule(unseen=st.sampled_from([0, 50, 100, 400]))
    def all_comes(self, unseen: int) -> None:
        """The usual course: a section is due, its factors come, and the executor answers sooner or later."""
        self.announce(due_in=0)
        if self.unfilled:
            self.fill(partial=False, skipped=0)
        self.everything_said_is_true()
        if self.busy:
            self.answer(wrong=False, unseen=unseen)

    @precondition(lambda self: self.unfilled)
    @rule(partial=SELDOM)
    def close(self, partial: bool) -> None:  # noqa: FBT001  drawn
        """The bars of a section came; its factors may follow."""
        self.scene.close(self.unfilled[0], coverage=0.2 if partial else 1.0)

    @precondition(lambda self: self.loading)
    @rule()
    def ready(self) -> None:
        """An executor was started."""
        self.loading, self.unready = False, 0
        self.scene.ready()

    @precondition(lambda self: self.busy)
    @rule(wrong=SELDOM, unseen=st.sampled_from([0, 0, 0, 60, 400]))
    def answer(self, wrong: bool, unseen: int) -> None:  # noqa: FBT001  drawn
        """The executor answers; the process may not have run for a while before it reads that."""
        self.scene.now += unseen
        if wrong:
            self.scene.answer_nonsense()
            self.count_failure()
        else:
            self.scene.answer()

    @precondition(lambda self: self.busy)
    @rule()
    def answer_oddly(self) -> None:
        """The executor answers what the training never saw."""
        self.suspect.add(self.scene.submitted[-1].factors.bar)
        self.scene.answer(np.array([0.0, 1e300, 0.0]))

    @precondition(lambda self: not self.loading)
    @rule()
    def crash(self) -> None:
        """The executor dies, with a section or without."""
        if self.busy:
            self.count_failure()
        self.loading = True
        self.scene.crash()

    @precondition(lambda self: self.loading)
    @rule()
    def fail_to_load(self) -> None:
        """An executor dies before it is ready."""
        self.unready += 1
        self.scene.crash()

    @precondition(lambda self: self.scene.arm.unfit)
    @rule()
    def nobody_relieves(self) -> None:
        """An unfit model stays where nobody else can serve, or who could has failed."""
        self.scene.arm.relieve(possible=False)
        self.scene.step()

    @precondition(lambda self: self.scene.arm.unfit)
    @rule()
    def pardon(self) -> None:
        """A person wants it all the same: what it failed at is forgotten."""
        self.scene.do(self.scene.arm.pardon(self.scene.now))
        self.failures.clear()
        self.unready = 0
        self.scene.step()

    @rule(passed=TIMES)
    def time_passes(self, passed: int) -> None:
        """The loop comes round again."""
        self.scene.at(self.scene.now + passed)

    @precondition(lambda self: self.scene.sections)
    @rule(back=st.integers(1, 3))
    def announce_again(self, back: int) -> None:
        """The record says once more what was said before."""
        self.scene.arm.add(self.scene.sections[max(self.next_bar - back, min(self.scene.sections))])

    @rule(verb=st.sampled_from(["halt", "resume", "resume", "open", "close", "close"]))
    def command(self, verb: Verb) -> None:
        """A person says so."""
        self.scene.do(DEEDS[verb](self.scene.arm, self.scene.now))

    @precondition(lambda self: self.scene.arm.can_swap)
    @rule()
    def swap(self) -> None:
        """Another model takes over between two bars, ready for work; it wants factors of its own."""
        self.loading, self.unready = False, 0
        for bar in range(self.scene.arm.last_bar + 1, self.next_bar):
            self.failures[bar] = 0
        duty = DUTIES[self.scene.arm.duty is DUTIES[0]]
        self.scene.do(self.scene.arm.swap(duty, self.scene.now))

    # What must hold.

    @invariant()
    def everything_said_is_true(self) -> None:
        """Order, revisions, ages, values and times of what was published since the last look."""
        for reason in self.scene.replaced:
            self.loading = True
            if reason is Reason.TIMEOUT:
                self.count_failure()
        self.scene.replaced.clear()
        published = self.scene.published
        for place in range(self.checked, len(published)):
            self.check(published[place], published[:place])
        self.checked = len(published)

    @invariant()
    def nothing_is_overdue(self) -> None:
        """Whenever the arm has stepped, every section whose deadline has passed has its signal."""
        if self.waits:
            return
        self.scene.step()
        self.everything_said_is_true()
        said = {signals.bar for signals in self.scene.published}
        for bar, section in self.scene.sections.items():
            assert bar in said or self.scene.now < section.due_ns + self.limits.deadline_ns

    @invariant()
    def one_at_a_time(self) -> None:
        """The executor never has two sections, none while it loads, and none for ever that nobody waits for."""
        arm = self.scene.arm
        assert arm._work.task is None or not arm._work.idle
        assert not (self.loading and arm._work.idle)
        if arm._work.task is not None and (self.waits or not arm._agenda.owes(arm._work.task)):
            assert arm.wake_ns() is not None

    @invariant()
    def an_unfit_model_is_asked_nothing_more(self) -> None:
        """It never spoke, and its failures alone close no section."""
        arm = self.scene.arm
        self.scene.step()
        if arm.unfit:
            assert arm._work.task is None
            assert not arm._work.spoke

    @invariant()
    def half_open_is_one_call_long(self) -> None:
        """And so ends with it."""
        arm = self.scene.arm
        assert arm.breaker.state is not State.HALF_OPEN or arm._work.task is not None

    def teardown(self) -> None:
        """When all comes that can come, every announced section has its signal, and under `wait` its own."""
        if not hasattr(self, "scene"):
            return
        self.scene.arm.relieve(possible=False)
        self.scene.do(DEEDS["resume"](self.scene.arm, self.scene.now))
        self.everything_said_is_true()
        for _ in range(20 * len(self.scene.sections) + 5):
            self.drain()
        assert self.scene.arm.done
        first = [signals.bar for signals in self.scene.published if signals.revision == 0]
        assert first == list(range(self.resumed_after + 1, self.next_bar))

    # The model.

    @property
    def unfilled(self) -> list[int]:
        """Open sections whose factors may still come to the arm, in order."""
        plan, sections = self.scene.arm.duty.plan, self.scene.sections
        filled = max((bar for bar, section in sections.items() if plan in section.factors), default=0)
        since = max(filled, self.scene.arm.last_bar)
        return [bar for bar, section in sections.items() if bar > since and not section.missed(plan)]

    @property
    def busy(self) -> bool:
        """Whether an answer may come."""
        return not self.loading and self.scene.arm._work.task is not None

    def gives_up_at(self, bar: int) -> int:
        """When an answer for this section is of no use any more."""
        following = self.scene.sections.get(bar + 1)
        until = self.scene.sections[bar].due_ns + self.limits.late_until_ns
        return until if following is None else min(until, following.due_ns)

    def check(self, signals: Signals, before: list[Signals]) -> None:
        """One published section against the ones before it."""
        assert signals.reason in LEGAL[signals.status]
        if signals.revision == 0:
            assert signals.bar == (before[-1].bar if before else self.resumed_after) + 1
        else:
            assert (signals.revision, signals.status) == (1, Status.LATE)
            assert (before[-1].bar, before[-1].revision) == (signals.bar, 0)
            assert before[-1].status in (Status.HELD, Status.DEFAULT, Status.VOID)
        last = next((said for said in reversed(before) if said.status in COMPUTED), None)
        if signals.status in COMPUTED:
            self.check_computed(signals)
        else:
            age = 0 if last is None else signals.bar - last.bar
            assert (signals.age, signals.computed_from) == (age, None if last is None else last.computed_from)
            self.check_instead(signals, last)
            self.check_reason(signals)

    def check_computed(self, signals: Signals) -> None:
        """Fresh before the deadline, late after it; of this bar, and by whoever is on duty."""
        section, now = self.scene.sections[signals.bar], self.scene.now
        due = section.due_ns + self.limits.deadline_ns
        assert now < due if signals.status is Status.FRESH else due <= now < self.gives_up_at(signals.bar)
        assert (signals.age, signals.model) == (0, self.scene.arm.duty.voice.model)
        assert signals.computed_from == Origin(signals.bar, section.time)
        assert not self.scene.arm.halted
        assert not self.is_past_its_date(section)
        assert not (self.limits.gate.holds and np.nanmax(np.abs(signals.values)) > 1e6)
        assert not section.missed(self.scene.arm.duty.plan)
        assert section.coverage is not None
        assert section.coverage >= self.limits.min_coverage

    def check_instead(self, signals: Signals, last: Signals | None) -> None:
        """Held, default or void, as the policy and what was said last allow."""
        rules = self.limits.fallback
        over = signals.age > rules.max_age_bars or (signals.age * DAY_NS > (rules.max_age_ns or NEVER_NS))
        match signals.status, signals.reason:
            case Status.HELD, _:
                assert last is not None
                assert content(signals) == content(last)
                assert (over, rules.always, rules.across_sessions) == (False, False, True)  # every bar is a day here
            case Status.DEFAULT, _:
                assert rules.always or (rules.default_value is not None and last is None)
                assert set(signals.values[signals.columns["flag"] == Flag.OK].tolist()) <= {rules.default_value}
            case _, Reason.HALTED:
                assert self.scene.arm.halted
            case _, Reason.MODEL_AGE:
                assert self.is_past_its_date(self.scene.sections[signals.bar])
            case _, Reason.NOTHING_YET:
                assert last is None
            case _, reason:
                assert last is not None
                assert reason is (Reason.MAX_AGE if over else Reason.SESSION)
                assert over or not rules.across_sessions
        if self.scene.arm.halted:
            assert signals.reason is Reason.HALTED

    def check_reason(self, signals: Signals) -> None:
        """A reason names something that happened; under `wait` whatever can become fresh does."""
        section, arm = self.scene.sections[signals.bar], self.scene.arm
        exhausted = max(self.failures[signals.bar], self.unready) >= self.limits.attempts
        filled = arm.duty.plan in section.factors
        allowed = {
            Reason.COVERAGE: section.coverage is not None and section.coverage < self.limits.min_coverage,
            Reason.GAP: section.missed(arm.duty.plan),
            Reason.NO_BARS: section.coverage is None and not filled,
            Reason.NO_FACTORS: section.coverage is not None and not filled,
            Reason.BREAKER_OPEN: filled and arm.breaker.refuses(self.scene.now),
            Reason.GATED: self.limits.gate.holds and signals.bar in self.suspect,
        } | dict.fromkeys(HELD_BY_FAILURE, exhausted or not self.waits or arm.breaker.state is State.FORCED_OPEN)
        assert allowed.get(signals.reason, True)

    def is_past_its_date(self, section: Section) -> bool:
        """Whether the model may not serve it."""
        most = self.limits.max_model_ns
        return most is not None and section.time - day_ns(1) > most

    def count_failure(self) -> None:
        """What the executor had was not scored."""
        self.failures[self.scene.submitted[-1].factors.bar] += 1

    def drain(self) -> None:
        """One step towards the end."""
        if self.unfilled:
            self.fill(partial=False, skipped=0)
        elif self.loading:
            self.ready()
        elif self.busy:
            self.scene.answer()
        else:
            self.scene.step()
        self.everything_said_is_true()


TestArmMachine = ArmMachine.TestCase
TestArmMachine.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
