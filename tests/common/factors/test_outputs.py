"""A factor is the same whether it stands alone or in any company: as factor, as part of others, or both."""

from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.factors.expression import Call, Expression
from common.factors.kernels.build import Floats
from common.factors.parser import parse
from common.factors.plan import compile_expressions
from common.factors.sets import load_set, shipped_sets
from tests.common.factors.panels import assert_same_bits, compute, market

COMPANIES = 400
BLOCK = market(140, 5, seed=3, missing=0.05)


def parts(expression: Expression) -> dict[str, Expression]:
    """An expression's own text and those of everything in it."""
    if not isinstance(expression, Call):
        return {}
    inside = [part for each in expression.series for part in parts(each).items()]
    return {**dict(inside), str(expression): expression}


@cache
def shipped_parts(name: str) -> dict[str, Expression]:
    """Every expression in a shipped set, by its text."""
    return {text: part for _, each in load_set(name).factors for text, part in parts(parse(each)).items()}


@cache
def alone(text: str) -> Floats:
    """What it is by itself."""
    values: Floats = compute(compile_expressions(["x"], [parse(text)]), BLOCK)[0]
    return values


def together(texts: list[str]) -> Floats:
    """What they are as factors of one set, in blocks."""
    plan = compile_expressions([f"f{place}" for place in range(len(texts))], [parse(text) for text in texts])
    return compute(plan, BLOCK, cuts=[1, 2, 30, 90])


@pytest.mark.parametrize(
    "texts",
    [
        ["close / ts_delay(close, 1)", "ts_corr(close / ts_delay(close, 1), ts_log(volume + 1), 60)"],
        ["ts_std(close / ts_delay(close, 1), 20)", "close / ts_delay(close, 1)", "close / ts_delay(close, 1)"],
        ["close / ts_delay(close, 1) - 1", "ts_delay(close / ts_delay(close, 1) - 1, 3)", "ts_std(close, 30)"],
        ["ts_sum(close / ts_delay(close, 1) - 1, 5)", "ts_delay(close / ts_delay(close, 1), 3)", "ts_mean(close, 9)"],
        ["ts_delay(close - open, 3)", "close - open", "ts_mean(close - open, 30)", "cs_rank(close - open)"],
        ["(high + low) / 2 * 0.2 - ts_delay((high + low) / 2 * 0.2, 4)", "ts_corr((high + low) / 2, volume, 9)"],
    ],
)
def test_a_history_that_is_made_anew_is_a_factor_too(texts: list[str]) -> None:
    """It has a place to be handed out from, beside the one its windows read."""
    for text, found in zip(texts, together(texts), strict=True):
        assert_same_bits(found, alone(text))


@pytest.mark.parametrize("name", shipped_sets())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_in_any_company(name: str, data: st.DataObject) -> None:
    """Some parts of a set, drawn by chance, in any order, perhaps twice."""
    texts = data.draw(st.lists(st.sampled_from(sorted(shipped_parts(name))), min_size=1, max_size=12))
    for text, found in zip(texts, together(texts), strict=True):
        assert_same_bits(found, alone(text))


@pytest.mark.parametrize("name", shipped_sets())
def test_any_company_has_an_order(name: str) -> None:
    """Whatever is computed together, nothing is read before it is there: the schedule would refuse it."""
    known, dice = shipped_parts(name), Random(1)  # noqa: S311  dice, not secrets
    for _ in range(COMPANIES):
        texts = dice.choices(sorted(known), k=dice.randint(2, 14))
        compile_expressions([f"f{place}" for place in range(len(texts))], [known[text] for text in texts])
