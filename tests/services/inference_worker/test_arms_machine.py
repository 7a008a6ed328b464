"""Whatever happens in whatever order: the promise of an arm, against a model of a few lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alphabus.messages import Reason, Signals, Status
from services.inference_worker.rules import Rules
from services.inference_worker.section import Section
from tests.services.inference_worker.scene import DEADLINE, WAIT, Scene, content

TIMES = st.sampled_from([0, 1, 40, 60, 100, 300, 1200])
SELDOM = st.sampled_from([False, False, False, True])
HELD_BY_FAILURE = {Reason.TIMEOUT, Reason.CRASH, Reason.INVALID}


class ArmMachine(RuleBasedStateMachine):
    """The world around an arm; what it may be told is what the service would tell it."""

    def __init__(self) -> None:
        super().__init__()
        self.checked = 0
        self.failures: Counter[int] = Counter()
        self.loading = True
        self.resumed_after = 0

    @initialize(
        waits=st.booleans(),
        late_until=st.sampled_from([0, 50, 400]),
        max_age=st.integers(0, 3),
        resumed=st.booleans(),
        loading=SELDOM,
    )
    def begin(self, waits: bool, late_until: int, max_age: int, resumed: bool, loading: bool) -> None:  # noqa: FBT001
        """An arm under either policy, at the start of its journal or back from a restart."""
        rules = replace(DEADLINE, late_until_ns=late_until) if not waits else WAIT
        self.waits = waits
        self.scene = Scene(replace(rules, max_age_bars=max_age))
        if resumed:
            self.scene.arm.last_bar = self.resumed_after = 7
        self.next_bar = self.resumed_after + 1
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
            self.scene.sections[missing].missed = True
        self.scene.fill(bar, coverage=0.2 if partial else 1.0)

    @precondition(lambda self: not self.unfilled)
    @rule(unseen=st.sampled_from([0, 50, 100, 400]))
    def all_comes(self, unseen: int) -> None:
        """The usual course: a section is due, its factors come, and the executor answers sooner or later."""
        self.announce(due_in=0)
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
        self.loading = False
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

    @precondition(lambda self: not self.loading)
    @rule()
    def crash(self) -> None:
        """The executor dies, with a section or without."""
        if self.busy:
            self.count_failure()
        self.loading = True
        self.scene.crash()

    @rule(passed=TIMES)
    def time_passes(self, passed: int) -> None:
        """The loop comes round again."""
        self.scene.at(self.scene.now + passed)

    @precondition(lambda self: self.scene.sections)
    @rule(back=st.integers(1, 3))
    def announce_again(self, back: int) -> None:
        """The record says once more what was said before."""
        self.scene.arm.add(self.scene.sections[max(self.next_bar - back, min(self.scene.sections))])

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
            assert bar in said or self.scene.now < section.due_ns + self.scene.rules.deadline_ns

    @invariant()
    def one_at_a_time(self) -> None:
        """The executor never has two sections, and none while it loads."""
        busy = self.scene.arm._busy
        assert busy is None or (not self.scene.arm._idle and busy.section.bar in self.scene.arm._open)
        assert not (self.loading and self.scene.arm._idle)

    def teardown(self) -> None:
        """When all comes that can come, every announced section has its signal, and under `wait` its own."""
        if not hasattr(self, "scene"):
            return
        for _ in range(20 * len(self.scene.sections) + 5):
            self.drain()
        assert self.scene.arm.done
        first = [signals.bar for signals in self.scene.published if signals.revision == 0]
        assert first == list(range(self.resumed_after + 1, self.next_bar))

    # The model.

    @property
    def unfilled(self) -> list[int]:
        """Sections whose factors may still come, in order."""
        filled = max((bar for bar, section in self.scene.sections.items() if section.factors is not None), default=0)
        return [bar for bar, section in self.scene.sections.items() if bar > filled and not section.missed]

    @property
    def busy(self) -> bool:
        """Whether an answer may come."""
        return not self.loading and self.scene.arm._busy is not None

    def gives_up_at(self, bar: int) -> int:
        """When an answer for this section is of no use any more."""
        following = self.scene.sections.get(bar + 1)
        until = self.scene.sections[bar].due_ns + self.scene.rules.late_until_ns
        return until if following is None else min(until, following.due_ns)

    def check(self, signals: Signals, before: list[Signals]) -> None:
        """One published section against the ones before it."""
        section, rules, now = self.scene.sections[signals.bar], self.scene.rules, self.scene.now
        last = next((said for said in reversed(before) if said.status in (Status.FRESH, Status.LATE)), None)
        if signals.revision == 0:
            assert signals.bar == (before[-1].bar if before else self.resumed_after) + 1
        else:
            assert (signals.revision, signals.status) == (1, Status.LATE)
            assert (before[-1].bar, before[-1].revision) == (signals.bar, 0)
            assert before[-1].status in (Status.HELD, Status.VOID)
        match signals.status:
            case Status.FRESH:
                assert now < section.due_ns + rules.deadline_ns
            case Status.LATE:
                assert section.due_ns + rules.deadline_ns <= now < self.gives_up_at(signals.bar)
            case Status.HELD:
                assert last is not None
                assert content(signals) == content(last)
                assert 1 <= signals.age == signals.bar - last.bar <= rules.max_age_bars
            case Status.VOID if signals.reason is Reason.NOTHING_YET:
                assert last is None
            case _:
                assert signals.reason is Reason.MAX_AGE
                assert last is not None
                assert signals.bar - last.bar > rules.max_age_bars
        if signals.age == 0 and signals.status is not Status.VOID:
            assert signals.computed_from is not None
            assert signals.computed_from.bar == signals.bar
        self.check_reason(signals, section, rules)

    def check_reason(self, signals: Signals, section: Section, rules: Rules) -> None:
        """A reason names something that happened; under `wait` whatever can become fresh does."""
        partial = section.coverage is not None and section.coverage < rules.min_coverage
        exhausted = self.failures[signals.bar] >= rules.attempts
        allowed = {
            Reason.COVERAGE: partial,
            Reason.GAP: section.missed,
            Reason.NO_BARS: section.coverage is None and section.factors is None,
            Reason.NO_FACTORS: section.coverage is not None and section.factors is None,
        } | dict.fromkeys(HELD_BY_FAILURE, exhausted or not self.waits)
        assert allowed.get(signals.reason, True)
        if self.waits:
            assert (signals.status is Status.FRESH) != (partial or exhausted)

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
