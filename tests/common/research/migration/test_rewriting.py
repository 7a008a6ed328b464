"""Texts as vnpy 4.5.0 computes them."""

import ast

import pytest

from common.errors import ExpressionError
from common.factors.parser import parse
from common.factors.sets import load_set
from common.research.migration.reasons import APART, MEANING, Reason
from common.research.migration.rewriting import TEXTUAL, as_vnpy, called, parts_of
from common.research.migration.whole_numbers import is_whole

UP = "close > ts_delay(close, 1)"


@pytest.mark.parametrize(
    ("text", "reason", "made"),
    [
        (f"ts_mean({UP}, 5)", Reason.CAST, f"sign(ts_mean({UP}, 5)) * (abs(ts_mean({UP}, 5)) // 1)"),
        ("ts_mean(close, 5)", Reason.CAST, "ts_mean(close, 5)"),
        (f"ts_mean(({UP}) * 1.0, 5)", Reason.CAST, f"ts_mean(({UP}) * 1.0, 5)"),
        ("ts_decay_linear(close, 3)", Reason.DECAY, "2 * ts_sum(close, 3) / 3 - ts_decay_linear(close, 3)"),
        ("quesval2(open, close, 1, 0)", Reason.CHOICE, "quesval2(close, open, 1, 0)"),
        ("quesval(0.5, close, 1, 0)", Reason.CHOICE, "quesval(0.5, close, 1, 0)"),
        (f"cs_rank(ts_rank({UP}, 4)) + 1", Reason.DECAY, f"cs_rank(ts_rank({UP}, 4)) + 1"),
    ],
)
def test_one_difference_at_a_time(text: str, reason: Reason, made: str) -> None:
    """What it does not concern stays as it was written."""
    assert parse(as_vnpy(text, {reason})).same_as(parse(made))


def test_differences_inside_one_another() -> None:
    """A reversed decay of a comparison is cast back as a whole, and so is what stands around it."""
    inner = f"ts_decay_linear({UP}, 3)"
    decay = f"(2 * ts_sum({UP}, 3) / 3 - {inner})"
    cast = f"(sign({decay}) * (abs({decay}) // 1))"
    assert parse(as_vnpy(f"cs_rank({inner})", TEXTUAL)).same_as(parse(f"cs_rank({cast})"))


@pytest.mark.parametrize("name", ["alpha158", "alpha101"])
def test_every_shipped_text_can_be_rewritten(name: str) -> None:
    """And still be read; of Alpha158 exactly the fifteen counts change."""
    factor_set = load_set(name)
    changed = {each for each, text in factor_set.factors if as_vnpy(text, TEXTUAL) != text}
    for _, text in factor_set.factors:
        parse(as_vnpy(text, TEXTUAL))
    if name == "alpha158":
        assert {each.partition("_")[0] for each in changed} == {"cntp", "cntn", "cntd"}
        assert len(changed) == 15
    else:
        assert {"alpha7", "alpha92", "alpha31"} <= changed


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (UP, True),
        ("sign(close)", True),
        (f"-({UP})", True),
        (f"ts_sum({UP}, 5) - 1", True),
        (f"ts_sum({UP}, 5) / 2", False),
        (f"ts_sum({UP}, 5) * 1.5", False),
        ("quesval(0, close, 1, -1)", True),
        ("quesval(0, close, 1.0, -1)", False),
        ("quesval(0, close, close, 1)", False),
        (f"less({UP}, 1)", True),
        ("cs_rank(sign(close))", False),
        ("close", False),
        ("volume", True),
    ],
)
def test_what_vnpy_holds_as_whole_numbers(text: str, *, whole: bool) -> None:
    """Comparisons, signs, columns that came so, and what keeps them; never a quotient."""
    assert is_whole(ast.parse(text, mode="eval").body, {"volume"}) == whole


def test_what_a_text_is_made_of() -> None:
    """Operators by name, and every part that reads a bar."""
    text = f"cs_rank(ts_mean({UP}, 5)) + 2 * 3"
    assert called(text) == {"cs_rank", "ts_mean", "ts_delay"}
    assert set(parts_of(text)) == {text, f"cs_rank(ts_mean({UP}, 5))", f"ts_mean({UP}, 5)", UP, "ts_delay(close, 1)"}


def test_every_reason_has_a_meaning() -> None:
    """And those that can be computed apart come first."""
    assert list(MEANING) == list(Reason)
    assert tuple(Reason)[: len(APART)] == APART
    assert set(APART) >= TEXTUAL


def test_what_cannot_be_read_is_not_rewritten() -> None:
    """The language's own limits hold here, too."""
    with pytest.raises(ExpressionError):
        as_vnpy("close[0]", TEXTUAL)
