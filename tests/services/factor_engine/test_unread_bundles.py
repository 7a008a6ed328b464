"""A bundle that a disk does not give for a moment: told of once, and read again later, ever more seldom."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from common.errors import BundleError
from common.factors.sets import FactorSet
from common.models.records import ModelRef
from services.factor_engine import planner
from services.factor_engine.planner import FIRST_WAIT_NS, LONGEST_WAIT_NS, Planner
from services.factor_engine.wishes import Wish
from tests.services.factor_engine.stage import LABEL, AtOnce, Stage, config_of, playing, promote, topic_of
from tests.services.markets import TOY_SET, toy_market

OTHER = FactorSet("other", (("sum_5", "ts_sum(volume, 5)"),), LABEL)
TOY, OTHERS = topic_of(TOY_SET), topic_of(OTHER)


def test_its_plan_is_computed_once_it_can_be_read(tmp_path: Path) -> None:
    """Nothing in the registry changes meanwhile; who serves is not touched."""
    config = config_of(tmp_path, pace_s=1.0)
    with playing(Stage(config, toy_market(1, history=4, live=60))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 6)
        bundles = config.registry / "bundles"
        promote(config, OTHER)
        bundles.rename(bundles.with_name("away"))
        stage.run(lambda: stage.engine.bar >= 10)
        bundles.with_name("away").rename(bundles)
        stage.run_to_end()
        assert len(stage.logged("plan_refused")) == 1
        assert stage.said[OTHERS][-1].bar == stage.said[TOY][-1].bar == 64


def test_a_plan_that_was_at_work_leaves_nothing_out(tmp_path: Path) -> None:
    """Its bundle cannot be read at a restart: it comes late, and says what it owes; its file is not thrown away."""
    config = config_of(tmp_path, pace_s=1.0, snapshot_sections=2)
    promote(config, OTHER)
    promote(config, TOY_SET)
    with playing(Stage(config, toy_market(1, history=4, live=60))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 10)
        stage.run(lambda: stage.engine.bar >= 13, consumer=False)
        bundles = config.registry / "bundles"
        bundles.rename(bundles.with_name("away"))
        stage.restart()
        stage.run(lambda: stage.engine.bar >= 16, consumer=False)
        assert len(stage.positions()) == 2
        bundles.with_name("away").rename(bundles)
        stage.run(lambda: "plan_on_air" in stage.events, consumer=False)
        stage.run_to_end()
        for said in stage.said.values():
            assert [each.bar for each in said] == list(range(5, 65))


class OneVersion:
    """A registry that asks for one version, once."""

    bundles = None
    absent = False

    def __init__(self, ref: ModelRef) -> None:
        self._news: list[frozenset[ModelRef]] = [frozenset({ref})]

    def news(self) -> frozenset[ModelRef] | None:
        """Say so the first time."""
        return self._news.pop() if self._news else None


REF = ModelRef("m", 1, "ab" * 32)


def unread() -> BundleError:
    """As a bundle says it: by way of the error it was caused by."""
    error = BundleError("bundle m: cannot be opened as a folder")
    error.__cause__ = BundleError("cannot be opened")
    error.__cause__.__cause__ = OSError("no such folder")
    return error


def attempts(
    monkeypatch: pytest.MonkeyPatch, found: list[Wish | Exception], until_ns: int
) -> tuple[list[int], Planner]:
    """At which moments (ns) a bundle is read that gives one of these after the other, the last for ever."""
    moments, now = list[int](), [0]

    def read(*_: object) -> Wish:
        moments.append(now[0])
        given = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(given, Exception):
            raise given
        return given

    monkeypatch.setattr(planner, "read_wish", read)
    told: list[str] = []
    seen = Planner(OneVersion(REF), AtOnce(), lambda _ref, error: told.append(error), lambda: now[0])  # type: ignore[arg-type]
    while now[0] < until_ns:
        seen.turn(frozenset())
        now[0] += FIRST_WAIT_NS // 2
    assert len(told) <= 1
    return moments, seen


def test_it_is_read_ever_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wait is twice the one before, up to the longest; told once."""
    moments, seen = attempts(monkeypatch, [unread()], 5 * LONGEST_WAIT_NS)
    waits = [(after - before) / FIRST_WAIT_NS for before, after in pairwise(moments)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert not seen.complete


def test_it_is_read_no_more_once_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """And then nothing is open."""
    moments, seen = attempts(monkeypatch, [unread(), unread(), Wish("x", None)], LONGEST_WAIT_NS)
    assert len(moments) == 3
    assert seen.complete
    assert [wish.name for wish in seen.wanted] == ["x"]


@pytest.mark.parametrize("first", [[], [unread()]], ids=["at once", "later"])
def test_what_is_wrong_with_a_bundle_stays_wrong(
    first: list[Wish | Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another digest than its name says: reading it again says the same."""
    wrong: list[Wish | Exception] = [*first, BundleError(str(unread()))]
    moments, seen = attempts(monkeypatch, list(wrong), LONGEST_WAIT_NS)
    assert len(moments) == len(wrong)
    assert seen.complete
