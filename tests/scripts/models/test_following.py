"""What came of an alias that moved, by the rows of its history, and how long that is waited for."""

from pathlib import Path

import pytest

from alphabus.clock import ManualClock
from common.models.records import Action, Change, Event, ModelRef, Serving
from common.models.registry import Registry
from scripts.models.following import Verdict, Watch, follow, judge
from scripts.models.outlook import Ground
from tests.common.models.sample_bundle import sketch

NEW, OLD = ("demo", 2), ("demo", 1)
REF = ModelRef(*NEW, "ab" * 32)


def row(action: Action, target: tuple[str, int] | None, arm: str | None = None, why: str = "because") -> Change:
    """A row of history that is about the champion."""
    return Change(1, 0, action, "own", "champion", None, target, "ann", why, arm)


@pytest.mark.parametrize(
    ("rows", "arms", "expected"),
    [
        ([], (), None),
        ([row("swap", OLD, "champion")], (), None),
        ([row("swap", NEW, "champion")], (), Verdict("served", "champion")),
        ([row("swap", NEW, "champion")], ("champion", "shadow"), None),
        (
            [row("swap", NEW, "champion"), row("swap", NEW, "shadow")],
            ("champion", "shadow"),
            Verdict("served", "champion, shadow"),
        ),
        ([row("swap_failed", NEW, "champion", "digest differs")], (), Verdict("refused", "digest differs")),
        ([row("swap_failed", OLD, "champion")], (), None),
        ([row("promote", NEW), row("swap", NEW, "champion")], (), Verdict("served", "champion")),
        ([row("rollback", OLD)], (), Verdict("moved", "ann made the alias mean demo/1: because")),
        ([row("retire", None)], (), Verdict("moved", "ann made the alias mean nothing: because")),
        ([row("swap", NEW, "champion"), row("rollback", OLD)], (), Verdict("served", "champion")),
    ],
)
def test_a_history_is_judged(rows: list[Change], arms: tuple[str, ...], expected: Verdict | None) -> None:
    """Every arm of the alias has to have it; one refusal is one too many; what came after the end does not count."""
    assert judge(rows, REF, frozenset(arms)) == expected


def test_it_is_looked_at_until_the_time_is_over() -> None:
    """What is there at the end still counts; after it nothing is known."""
    clock, looks = ManualClock(), iter([None] * 5 + [Verdict("served", "champion")])
    assert follow(lambda: next(looks), 0.5, clock, lambda s: clock.advance(round(s * 1e9))).outcome == "served"
    told = follow(lambda: None, 0.3, clock, lambda s: clock.advance(round(s * 1e9)))
    assert told == Verdict("waiting", "neither a swap nor a refusal in 0.3 s")


def test_only_what_came_after_the_move_counts(tmp_path: Path) -> None:
    """A swap of long ago says nothing of now; who was seated last, or spoke last, serves without another swap."""
    with Registry(tmp_path, clock=lambda: 7) as models:
        refs = [models.add(sketch("demo", seed), author="ann") for seed in (1, 2)]
        ground = Ground("own", "champion", refs[0], runs=True, plans=frozenset())
        old, new = (Watch(models, ground, ref) for ref in refs)
        models.promote("own", "champion", *NEW, by="ann", why="")
        assert new.look() is None
        models.record_serving(Serving("own", b"j" * 16, "live", "champion", 1, 1, *NEW))
        assert new.look() == Verdict("served", "champion")
        models.record(Event("swap_failed", "own", "champion", "champion", OLD, NEW), by="worker", why="crashed")
        assert new.look() == Verdict("refused", "crashed")
        models.promote("own", "champion", *OLD, by="ann", why="")
        assert old.look() is None
        assert new.look() == Verdict("refused", "crashed")
        models.record(Event("swap", "own", "champion", "champion", NEW, OLD), by="worker", why="")
        models.promote("own", "champion", *NEW, by="ann", why="")
        assert new.look() is None
        models.promote("own", "champion", *OLD, by="ann", why="back")
        assert (old.look(), new.look()) == (
            Verdict("served", "champion"),
            Verdict("moved", "ann made the alias mean demo/1: back"),
        )
