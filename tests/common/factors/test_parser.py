"""Texts that are read, and texts that are refused with a position and what would be right."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import ExpressionError
from common.factors.definition import Operator
from common.factors.expression import Call, Column, Constant, Expression
from common.factors.foreign import NAMES, NODES, SIGNS
from common.factors.operators import TABLE
from common.factors.parser import apply, parse
from common.factors.text import MAX_DEPTH, MAX_LENGTH
from tests.common.factors.panels import text_of

CLOSE, OPEN = Column("close"), Column("open")

READ: list[tuple[str, Expression]] = [
    ("close", CLOSE),
    ("1 - close / open", 1 - CLOSE / OPEN),
    ("close * 2 - open", CLOSE * 2 - OPEN),
    ("-close", -CLOSE),
    ("+close", CLOSE),
    ("- 1 * close", -1 * CLOSE),
    ("close // 2 % 3", CLOSE // 2 % 3),
    ("close ** 2", CLOSE**2),
    ("close > open", CLOSE > OPEN),
    ("close == open", CLOSE == OPEN),
    ("close * (1 - 0.25)", CLOSE * 0.75),
    ("abs(close)", abs(CLOSE)),
    ("ts_mean(close, 5)", Call("ts_mean", (CLOSE,), (5,))),
    ("ts_mean(close, 2 + 3)", Call("ts_mean", (CLOSE,), (5,))),
    ("ts_quantile(close, 5, 0.8)", Call("ts_quantile", (CLOSE,), (5, 0.8))),
    ("quesval(0, close, open, -1)", Call("quesval", (Constant(0.0), CLOSE, OPEN, Constant(-1.0)))),
    ("( close\n + open )", CLOSE + OPEN),
]

REFUSED: list[tuple[str, int, str]] = [
    ("", 1, "is empty"),
    ("  ", 1, "is empty"),
    ("close +", 8, "cannot be read"),
    ("clse", 1, "did you mean 'close'?"),
    ("close + ts_men(close, 5)", 9, "did you mean 'ts_mean'?"),
    ("close + wibble", 9, "there is open, high, low, close, volume, turnover, open_interest, vwap"),
    ("add(close, open)", 1, "unknown operator 'add'"),
    ("ts_mean(close)", 1, "gives ts_mean 1 arguments; it takes 2: ts_mean(x, window)"),
    ("ts_corr(close, 5)", 1, "takes 3: ts_corr(x, y, window)"),
    ("ts_mean(close, window=5)", 23, "operators take theirs by place"),
    ("ts_mean(close, open)", 16, "a window that is not constant"),
    ("ts_mean(close, ts_mean(close, 2))", 16, "not constant"),
    ("ts_mean(close, 2.5)", 16, "must be whole"),
    ("ts_mean(close, 0)", 16, "a window of 0; allowed is 1 to 10000"),
    ("ts_mean(close, -5)", 16, "a window of -5"),
    ("ts_mean(close, 10 ** 9)", 16, "a window of 1e+09"),
    ("ts_slope(close, 1)", 17, "allowed is 2 to 10000"),
    ("ts_quantile(close, 5, 1.5)", 23, "allowed is 0 to 1"),
    ("ts_delay(close, 0)", 17, "leave the operator out"),
    ("open + ts_delay(close, -1)", 24, "looks ahead: ts_delay"),
    ("ts_delta(close, -1)", 17, "looks ahead: ts_delta"),
    ("ts_delay(close, -20000)", 17, "looks ahead"),
    ("1 + 2", 1, "is a constant"),
    ("log(5)", 1, "applies log to constants only"),
    ("ts_mean(5, 3)", 9, "a constant for a series"),
    ("cs_rank(1)", 9, "a constant for a series"),
    ("close / (1 / 0)", 10, "no finite number"),
    ("close + (0 - 8) ** 0.5", 9, "no finite number"),
    ("close + 9 ** 9 ** 9", 9, "no finite number"),
    ("close + 1e999", 9, "too large"),
    ("close + 1j", 9, "'1j', which is not a number"),
    ("close * 0x10", 9, "not a number"),
    ("1if close else 2", 1, "'1if', which is not a number"),
    ("close + 5.real", 9, "not a number"),
    ("close + True", 9, "True, which is not a number"),
    ("open < close < high", 16, "chains comparisons"),
    ("close if open else high", 1, "uses 'if ... else', which factors do not have; write quesval("),
    ("close and open", 1, "uses 'and', which factors do not have; write (x > 0) * (y > 0)"),
    ("close or open", 1, "uses 'or', which factors do not have; write greater(x > 0, y > 0)"),
    ("not close", 1, "uses 'not', which factors do not have; write 1 - (x > 0)"),
    ("close @ open", 7, "'@'"),
    ("close & open", 7, "holds '&', which has no meaning here; write (x > 0) * (y > 0)"),
    ("close ^ 2", 7, "write x ** y for a power"),
    ("$close", 1, "write columns by their names alone"),
    ("close = open", 7, "write == to compare"),
    ("!close", 1, "write 1 - (x > 0)"),
    ("close << 2", 10, "uses '<<'"),
    ("close is open", 10, "uses 'is', which factors do not have; write =="),
    ("close.real", 1, "write ts_mean(close, 5), not close.mean(5)"),
    ("close.mean(5)", 1, "write ts_mean(close, 5), not close.mean(5)"),
    ("(yield close)", 2, "uses 'yield close', which factors do not have"),
    ("ts_mean / 2", 1, "operator 'ts_mean' without arguments; write ts_mean(x, window)"),
    ("Ref(close, 1)", 1, "write ts_delay(x, delay)"),
    ("SMA(close, 5)", 1, "did you mean 'ta_sma'?"),
    ("wibble(close)", 1, "ts_min, ts_product, ts_quantile, ts_rank, ts_resi, ts_rsquare, ts_slope, ts_std, ts_sum ("),
    ("close(5)", 1, "unknown operator 'close'"),
    ("ts_mean(close, 5)(5)", 1, "not an operator's name"),
    ("lambda: close", 7, "':'"),
    ("[close]", 1, "'['"),
    ("'close'", 1, '"\'"'),
    ("__import__", 1, "unknown name"),
    ("eval(close)", 1, "unknown operator 'eval'"),
    ("(close, open)", 1, "write one expression a factor"),
    ("ts_mean(*close, 5)", 9, "write each argument by itself"),
    ("close\n+ open", 7, "cannot be read"),
    ("(close\n+ opn)", 10, "did you mean 'open'?"),
    ("clöse", 3, "not ASCII"),
    ("close + " * 2000 + "close", MAX_LENGTH + 1, "at most 10000"),
    ("-" * (MAX_DEPTH + 1) + "close", 1, "deep"),
    ("(" * 500 + "close" + ")" * 500, 1, ""),
    ("-" * 9000 + "close", 1, "deep"),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_reads(text: str, expected: Expression) -> None:
    """Text and overloaded operators build the same expression."""
    assert parse(text).same_as(expected)


@pytest.mark.parametrize(("text", "position", "what"), REFUSED, ids=lambda value: str(value)[:40])
def test_refuses(text: str, position: int, what: str) -> None:
    """The error names the factor, the position, and what is wrong or would be right."""
    with pytest.raises(ExpressionError) as caught:
        parse(text, name="mine")
    message = str(caught.value)
    assert message.startswith("factor 'mine' ")
    assert what in message
    if what:
        assert f"(position {position} of " in message or "deep" in what


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_operator_is_read_back_from_its_own_text(row: object) -> None:
    """What an expression prints parses to the same expression."""
    assert isinstance(row, Operator)
    columns = [CLOSE, OPEN, Column("high"), Column("low")][: len(row.series)]
    text = text_of(row, [str(each) for each in columns])
    assert parse(str(parse(text))).same_as(parse(text))
    if not row.symbol:
        assert apply(row.name, *columns, *(5 if each.whole else 0.3 for each in row.parameters)).same_as(parse(text))


@pytest.mark.parametrize(
    ("name", "future", "who"),
    [
        ("calm", False, "factor 'calm'"),
        ("label", False, "factor 'label'"),
        ("label", True, "the label"),
        ("change", True, "operator 'change'"),
        ("", False, "the expression"),
    ],
)
def test_an_error_says_what_kind_of_text_it_is_in(name: str, who: str, *, future: bool) -> None:
    """A factor may be called `label`; only the label of a set and operators look ahead."""
    with pytest.raises(ExpressionError, match=f"^{who} uses unknown name 'clsoe'"):
        parse("clsoe", name=name, future=future)


def test_what_is_proposed_for_foreign_words_is_there() -> None:
    """Every operator that stands in an answer to a foreign sign, word or name is one of the table, used as it is."""
    texts = [*NAMES.values(), *SIGNS.values(), *(instead for _, instead in NODES.values())]
    calls = {each for text in texts for each in re.findall(r"(?<!close\.)\b([a-z_0-9]+)\(([^()]*)\)", text)}
    usages = {row.name: row for row in TABLE if not row.symbol}
    assert len(calls) >= 15
    assert {name for name, _ in calls} <= set(usages)
    wrong = [(name, given) for name, given in calls if given.count(",") != usages[name].usage.count(",")]
    assert wrong == []
    assert not set(NAMES) & set(usages)


def test_labels_may_look_ahead() -> None:
    """A negative delay is read where the caller says so."""
    assert parse("ts_delay(close, -3)", future=True).same_as(Call("ts_delay", (CLOSE,), (-3,)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet=st.sampled_from(list("close opnts_man(),+-*/<=>!.0123456789e\n[]'\"\\@;"))))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but ExpressionError comes out, whatever goes in."""
    try:
        found = parse(text)
    except ExpressionError as error:
        assert "position" in str(error)  # noqa: PT017  either outcome is right
    else:
        assert isinstance(found, Expression)
