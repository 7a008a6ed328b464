"""Sections that cannot be used: refused with a reason, counted, told of; nobody has a bar in them, and life goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from alphabus.messages import Bars, Factors, Mode, Universe, universe_digest
from common.errors import FactorError
from common.factors.own_operators import window_operator
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from services.factor_engine.desk import Desk
from tests.services.factor_engine.stage import Stage, columns, config_of, playing, promote, topic_of
from tests.services.markets import FEATURES, TOY_SET, toy_market

SYMBOLS = ("A", "B")
JOURNAL = b"j" * 16
TOPIC = topic_of(TOY_SET)


def section(bar: int = 1, **changes: object) -> Bars:
    """Two symbols, columns as they come over the wire: not to be written to."""
    values = {name: np.full(2, 10.0 + bar) for name in ("open", "high", "low", "close", "volume")}
    found = {**values, "member": np.ones(2, dtype=np.uint8), **changes}
    for column in found.values():
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
    kept = {name: column for name, column in found.items() if column is not None}
    return Bars(JOURNAL, bar, Mode.REPLAY, 1, 1, universe_digest(SYMBOLS), 1.0, kept)  # type: ignore[arg-type]


def desk() -> Desk:
    """One that computes the toy set."""
    return Desk(compile_set(TOY_SET))


BAD: dict[str, tuple[Bars, str]] = {
    "no close": (section(2, close=None), "section 2 has no column 'close'"),
    "no member": (section(2, member=None), "section 2 has no column 'member'"),
    "another size": (
        section(2, close=np.ones(3)),
        r"column 'close' of section 2 must be float64\[2\], not float64\[3\]",
    ),
    "a table": (section(2, open=np.ones((2, 2))), r"column 'open' of section 2 must be float64\[2\]"),
    "whole numbers": (section(2, low=np.ones(2, dtype=np.int64)), "column 'low' of section 2 must be float64"),
    "marks as numbers": (section(2, member=np.ones(2)), "column 'member' of section 2 must be uint8"),
}


@pytest.mark.parametrize(("bars", "message"), BAD.values(), ids=BAD)
def test_it_is_refused_and_nothing_is_applied(bars: Bars, message: str) -> None:
    """The next section is computed as if the refused one had not been."""
    one, other = desk(), desk()
    for each in (one, other):
        each.update(section(1), SYMBOLS)
    with pytest.raises(FactorError, match=message):
        one.update(bars, SYMBOLS)
    assert one.bar == 1
    found, expected = one.update(section(3), SYMBOLS).columns, other.update(section(3), SYMBOLS).columns
    assert {name: found[name].tobytes() for name in found} == {name: expected[name].tobytes() for name in expected}


def test_columns_may_be_read_only() -> None:
    """As they are when they came over the wire, and are handed on uncopied."""
    found = desk().update(section(1), SYMBOLS)
    assert found.columns["mean_3"].tolist() == [11.0, 11.0]


def shorter(bars: Bars) -> Bars:
    """A symbol fewer than the universe has."""
    return replace(bars, columns={name: column[:-1] for name, column in bars.columns.items()})


def of_nobody_knows(bars: Bars) -> Bars:
    """A universe that was never told."""
    return replace(bars, universe=b"?" * 32)


@pytest.mark.parametrize("spoil", [shorter, of_nobody_knows])
def test_the_process_lives(spoil: Callable[[Bars], Bars], tmp_path: Path) -> None:
    """Sections 7 and 8 are spoilt: published as sections of nobody; before and after, all is as it was."""
    with playing(Stage(config_of(tmp_path / "calm"), toy_market(1))) as calm:
        calm.follow(TOPIC)
        calm.run_to_end()
    with playing(Stage(config_of(tmp_path / "spoilt"), toy_market(1))) as stage:
        stage.follow(TOPIC)
        spoil_from(stage, {7, 8}, spoil)
        stage.run_to_end()
        said = {each.bar: each for each in stage.said[TOPIC]}
        assert list(said) == list(range(5, 19))
        for bar in (7, 8):
            assert (said[bar].coverage, said[bar].universe) == (0.0, universe_digest(()))
            assert said[bar].columns["mean_3"].shape == (0,)
        before = {bar: values for bar, values in columns(calm.said[TOPIC]).items() if bar < 7}
        assert {bar: values for bar, values in columns(stage.said[TOPIC]).items() if bar < 7} == before
        assert len(stage.refused) == 2
        assert [(alert.level, alert.event) for alert in stage.alerts()] == [("error", "section_refused")] * 2
        assert set(said[18].columns) >= set(FEATURES)


@window_operator("fussy(x, window)")
def fussy(values: NDArray[np.float64]) -> float:
    """Newest value, if it is small."""
    if values[-1] > 1e6:
        raise ValueError("too much")
    return values[-1]  # type: ignore[no-any-return]  # a number


FUSSY = FactorSet("fussy", (("a", "fussy(close, 2)"), ("b", "ta_ema(close, 2)")), TOY_SET.label, operators=(fussy,))


def spoil_from(stage: Stage, bars: set[int], spoil: Callable[[Bars], Bars]) -> None:
    """Let the feed say other sections than there are."""
    align = stage.feed._alignment.align

    def spoilt(raw: object, journal: bytes, bar: int, mode: Mode) -> tuple[Universe | None, Bars]:
        universe, found = align(raw, journal, bar, mode)  # type: ignore[arg-type]
        return universe, spoil(found) if bar in bars else found

    stage.feed._alignment.align = spoilt  # type: ignore[method-assign]


def too_much(bars: Bars) -> Bars:
    """Sound columns, on which the user's function raises."""
    return replace(bars, columns={**bars.columns, "close": np.full(len(bars.columns["close"]), 1e8)})


def test_an_operator_that_raises_is_refused_like_a_section(tmp_path: Path) -> None:
    """The operator is named, the section counts as one of nobody, and what follows has the bits of that."""
    topic, said = topic_of(FUSSY), []
    for folder, spoil in (("raises", too_much), ("unknown", of_nobody_knows)):
        config = config_of(tmp_path / folder, factor_set=FUSSY)
        with playing(Stage(config, toy_market(1), factor_set=FUSSY)) as stage:
            stage.follow(topic)
            spoil_from(stage, {7, 8}, spoil)
            stage.run_to_end()
            said.append(columns(stage.said[topic]))
            told = [alert.detail["error"] for alert in stage.alerts() if alert.event == "section_refused"]
            assert len(told) == len(stage.refused) == 2
            assert ("operator 'fussy'" in told[0]) is (spoil is too_much)
    assert list(said[0]) == list(range(5, 19))
    assert said[0] == said[1]


def test_each_plan_tells_its_own_reason(tmp_path: Path) -> None:
    """Once, be it met by several plans: what one says does not hide what another does."""
    config = config_of(tmp_path)
    others = [FactorSet(name, (("x", text),), TOY_SET.label) for name, text in (("u", "open"), ("v", "high"))]
    promote(config, others[0])
    promote(config, others[1])
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOPIC)
        reasons = dict(zip(sorted(line.name for line in stage.engine._lines), ("one", "one", "another"), strict=True))
        for line in stage.engine._lines:
            _refuse_once(line.desk, 7, reasons[line.name])
        stage.run_to_end()
        told = [alert.detail["error"] for alert in stage.alerts() if alert.event == "section_refused"]
        assert sorted(told) == ["another", "one"]


def _refuse_once(desk: Desk, bar: int, reason: str) -> None:
    update, asked = desk.update, iter([True])

    def refusing(bars: Bars, symbols: tuple[str, ...]) -> Factors:
        if bars.bar == bar and next(asked, False):
            raise FactorError(reason)
        return update(bars, symbols)

    desk.update = refusing  # type: ignore[method-assign]
