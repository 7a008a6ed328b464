"""Expressions as values: operators on either side, look-back, warm length, kind, fingerprint."""

import pytest

from common.errors import ExpressionError
from common.factors.definition import Kind
from common.factors.expression import Column, Expression
from common.factors.parser import parse

REACH: list[tuple[str, int | None, int]] = [
    ("close", 0, 1),
    ("close / open", 0, 1),
    ("close * 2 + 1", 0, 1),
    ("ts_delay(close, 5)", 5, 6),
    ("ts_delta(close, 5)", 5, 6),
    ("ts_mean(close, 1)", 0, 1),
    ("ts_mean(close, 20)", 19, 20),
    ("ts_mean(ts_delay(close, 5), 20)", 24, 25),
    ("ts_corr(close, ts_delay(open, 3), 10)", 12, 13),
    ("cs_rank(ts_std(close / ts_delay(close, 1) - 1, 20))", 20, 21),
    ("quesval(0, ts_sum(close, 3), ts_sum(close, 30), 1)", 29, 30),
    ("ta_rsi(close, 6)", None, 159),
    ("ta_ema(close, 6)", None, 90),
    ("ts_mean(ta_ema(close, 6), 10)", None, 99),
]


@pytest.mark.parametrize(("text", "look_back", "warm_bars"), REACH)
def test_reach(text: str, look_back: int | None, warm_bars: int) -> None:
    """Bars a value depends on, and bars until it is complete."""
    expression = parse(text)
    assert expression.look_back == look_back
    assert expression.warm_bars == warm_bars


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("close", 0),
        ("ts_delay(close, -3) / ts_delay(close, -1) - 1", 3),
        ("ts_delay(ts_delay(close, -3), 2)", 1),
        ("ts_delay(ts_delay(close, -3), 5)", 0),
        ("ts_delta(close, -4)", 4),
        ("ts_mean(ts_delay(close, -5), 5)", 5),
    ],
)
def test_look_ahead(text: str, ahead: int) -> None:
    """Own bars a label looks ahead."""
    assert parse(text, future=True).look_ahead == ahead


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("close + 1", Kind.ELEMENT),
        ("ts_mean(close, 5)", Kind.FOLD),
        ("ts_delay(close, 5)", Kind.DELAY),
        ("cs_rank(close)", Kind.CROSS_SECTION),
        ("ta_rsi(close, 5)", Kind.RECURSIVE),
        ("ts_delta(close, 5)", Kind.ELEMENT),
    ],
)
def test_kind(text: str, kind: Kind) -> None:
    """A node knows how it is computed."""
    assert getattr(parse(text), "kind") is kind  # noqa: B009  columns have none


CLOSE = Column("close")


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (2 + CLOSE, "2 + close"),
        (2 - CLOSE, "2 - close"),
        (2 * CLOSE, "2 * close"),
        (2 / CLOSE, "2 / close"),
        (2 // CLOSE, "2 // close"),
        (2 % CLOSE, "2 % close"),
        (2**CLOSE, "2 ** close"),
        (CLOSE != 2, "close != 2"),
        (CLOSE <= 2, "close <= 2"),
        (CLOSE >= 2, "close >= 2"),
        (CLOSE < 2, "close < 2"),
    ],
)
def test_operators_on_either_side(built: Expression, text: str) -> None:
    """A number on the left works as one on the right."""
    assert built.same_as(parse(text))


def test_fingerprints_tell_expressions_apart() -> None:
    """Order, windows and operators count; spelling does not."""
    texts = ["close - open", "open - close", "ts_mean(close, 5)", "ts_mean(close, 6)", "ts_sum(close, 5)", "-close"]
    assert len({parse(text).fingerprint for text in texts}) == len(texts)
    assert parse("(close  -  (open))").fingerprint == parse("close - open").fingerprint


def test_has_no_truth_value() -> None:
    """`if a < b` with expressions is a slip, and says what to use instead."""
    with pytest.raises(TypeError, match="quesval"):
        bool(CLOSE < 2)


def test_unknown_column() -> None:
    """A column that no bar has is refused where it is made."""
    with pytest.raises(ExpressionError, match="unknown bar column 'cloze'"):
        Column("cloze")
