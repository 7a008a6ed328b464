"""Under `deadline`: every section gets its signal, marked when it is not its own, and all is fresh again by itself."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from common.replay.follow import Progress
from common.replay.pipeline import Pipeline
from tests.e2e.harness import Bench, Ran, processes_of, short_run_dir

FIRST, LAST = 392, 420
HANG, CRASH, LATE, WRONG = FIRST + 3, FIRST + 9, FIRST + 15, FIRST + 20


def write_plan(path: Path, until: Path) -> None:
    """One fault a kind, far enough apart for a new executor to be ready in between.

    A child that crashes is followed by another so soon that it may answer in time: those faults strike it as well.
    """
    faults = [
        f'action = "spin"\nbars = [{HANG}]',
        f'action = "segfault"\nbars = [{CRASH}]\ntimes = 4',
        f'action = "late"\nbars = [{LATE}]\nuntil = {json.dumps(str(until))}',
        f'action = "nan"\nbars = [{WRONG}]\ntimes = 4',
    ]
    path.write_text("".join(f"[[fault]]\n{fault}\n" for fault in faults), encoding="utf-8")


@pytest.fixture(scope="module")
def faulty(market: Bench, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One paced run; the late answer is let go once the fallback for its bar is on record."""
    folder = tmp_path_factory.mktemp("faults")
    plan, until = folder / "faults.toml", folder / "go"
    write_plan(plan, until)

    def during(_pipeline: Pipeline, now: Progress) -> None:
        if now.recorded >= LATE:
            until.touch()

    inference = {"policy": "deadline", "deadline_ms": 400, "late_until_ms": 1150, "faults": str(plan)}
    with short_run_dir() as run_dir:
        ran = market.run(during, market.stamp_of(FIRST), feed={"pace_s": 1.2}, inference=inference)
        assert processes_of(run_dir) == []
    assert ran.outcome.trouble == ""
    return ran


def test_every_section_has_its_signal(faulty: Ran) -> None:
    """Whatever happens to the executor, no section is without a signal."""
    assert faulty.missing == []
    assert set(faulty.statuses()) == set(range(FIRST, LAST + 1))


def test_each_fault_is_named(faulty: Ran) -> None:
    """Hang, crash, late answer and nonsense: the right status and reason, each section once."""
    first = {bar: said[0][:2] for bar, said in faulty.statuses().items()}
    assert {bar: first[bar] for bar in (HANG, CRASH, LATE, WRONG)} == {
        HANG: ("held", "timeout"),
        CRASH: ("held", "crash"),
        LATE: ("held", "timeout"),
        WRONG: ("held", "invalid"),
    }


def test_a_late_answer_is_a_revision(faulty: Ran) -> None:
    """The answer that came after the fallback is published all the same, as revision 1, computed from its own bar."""
    revisions = [row for row in faulty.rows if row["bar"] == LATE]
    assert [(row["revision"], row["status"], row["age"]) for row in revisions][1:] == [(1, "late", 0)]


def test_it_returns_to_fresh_by_itself(faulty: Ran) -> None:
    """After each fault, and before the next, sections are fresh again."""
    first = {bar: said[0][0] for bar, said in faulty.statuses().items()}
    for fault, following in ((HANG, CRASH), (CRASH, LATE), (LATE, WRONG), (WRONG, LAST + 1)):
        assert "fresh" in {first[bar] for bar in range(fault + 1, following)}, f"nothing fresh after bar {fault}"


def test_a_held_section_repeats_what_it_names(faulty: Ran) -> None:
    """Values and flags of a held section are those of the section it was computed from; its age is their distance."""
    sections = {(bar, revision): frame for (bar, revision), frame in faulty.signals.group_by("bar", "revision")}
    held = [frame for frame in sections.values() if frame["status"][0] == "held"]
    assert len(held) >= 4
    for frame in held:
        bar, origin, age = frame["bar"][0], frame["computed_from"][0], frame["age"][0]
        assert age == bar - origin >= 1
        source = sections.get((origin, 1), sections[origin, 0])
        columns = ["symbol", "signal", "flag"]
        assert frame.select(columns).sort("symbol").equals(source.select(columns).sort("symbol"))


def test_computed_values_do_not_depend_on_the_policy(market: Bench, faulty: Ran, run_dir: Path) -> None:
    """Wherever a section was computed, its values are those of a run that waited."""
    waited = market.run(None, market.stamp_of(FIRST))
    values = faulty.values()
    assert values.height > 0
    assert values.equals(waited.values().filter(pl.col("stamp").is_in(values["stamp"].implode())))
