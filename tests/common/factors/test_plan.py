"""Compiling sets: digests, sharing, what a plan says of itself, and what is refused."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from common.errors import FactorError
from common.factors import expression
from common.factors.kernels import averages, element
from common.factors.operators import OPERATORS
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set, read_set, shipped_sets
from tests.common.factors.panels import LABEL, compute, market, plan_of


def _set(*factors: tuple[str, str], label: str = LABEL) -> FactorSet:
    return FactorSet("test", factors, label)


def test_digest_is_of_names_graph_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spelling does not count; names, order, windows and operator versions do."""
    plan = compile_set(_set(("a", "close - ts_delay(close, 1)"), ("b", "open")))
    assert len(plan.digest) == 32
    assert plan.digest == compile_set(_set(("a", "ts_delta(close, 1)"), ("b", "(open)"))).digest
    others = [
        _set(("b", "open"), ("a", "ts_delta(close, 1)")),
        _set(("a", "ts_delta(close, 1)"), ("c", "open")),
        _set(("a", "ts_delta(close, 2)"), ("b", "open")),
    ]
    digests = {plan.digest, *(compile_set(each).digest for each in others)}
    raised = {**OPERATORS, "sub": _raised("sub")}
    monkeypatch.setattr(expression, "OPERATORS", raised)
    digests.add(compile_set(_set(("a", "ts_delta(close, 1)"), ("b", "open"))).digest)
    assert len(digests) == 5


def _raised(name: str) -> object:
    return dataclasses.replace(OPERATORS[name], version=2)


def test_equal_parts_are_computed_once() -> None:
    """Windows of one operator over one series are one call; a repeated part is one node."""
    plan = plan_of("ts_mean(close, 5)", "ts_mean(close, 20)", "ts_mean(close, 5) / close", "ts_mean(close, 20) * 2")
    folds = [step for step in plan.program.steps if step.kernel is averages.averages]
    assert len(folds) == 1


def test_parts_of_one_kernel_are_one_call() -> None:
    """Mean and deviation of a series share their sums, as do slope, R squared and residual."""
    plan = plan_of("ts_mean(close, 5)", "ts_std(close, 20)", "ts_slope(close, 9)", "ts_resi(close, 9)")
    assert {step.kernel.name for step in plan.program.steps} == {"averages", "lines"}
    assert len(plan.program.steps) == 2


def test_elements_run_together() -> None:
    """Element operators between two kernels are one call."""
    plan = plan_of("(close - open) / (high - low + 1) * 2 - volume", "close / open")
    assert [step.kernel for step in plan.program.steps] == [element.elements]


def test_a_plan_says_what_it_needs() -> None:
    """Columns, warm length, look-back; vwap is made of turnover and volume."""
    plan = plan_of("ts_mean(vwap, 5) / close", "ts_delay(close, 9)")
    assert plan.columns == ("turnover", "volume", "close")
    assert (plan.warm_bars, plan.look_back, plan.recursive) == (10, 9, False)
    assert plan_of("ta_rsi(close, 5)").look_back is None


def test_two_names_for_one_factor() -> None:
    """Both columns are filled, also for a bare column and a bare delay."""
    plan = plan_of("close / open", "close / open", "close", "close", "ts_delay(close, 2)", "ts_delay(close, 2)")
    values = compute(plan, market(9, 3, seed=0))
    for first in (0, 2, 4):
        np.testing.assert_array_equal(values[first], values[first + 1])
    assert np.isfinite(values[:, 2:]).all()


@pytest.mark.parametrize(
    ("factors", "label", "message"),
    [
        ((), LABEL, "holds no factor"),
        ((("a", "close"), ("a", "open")), LABEL, "holds factor 'a' twice"),
        ((("a", "clos"),), LABEL, "factor 'a' uses unknown name 'clos'; did you mean 'close'?"),
        ((("a", "ts_delay(close, -1)"),), LABEL, "factor 'a' looks ahead"),
        ((("a", "close"),), "ts_delay(clos, -1)", "the label uses unknown name 'clos'"),
    ],
)
def test_refuses_sets(factors: tuple[tuple[str, str], ...], label: str, message: str) -> None:
    """At load, naming the factor."""
    with pytest.raises(FactorError, match=message.replace("?", r"\?")):
        compile_set(_set(*factors, label=label))


def test_basic_has_at_least_sixteen_factors() -> None:
    """The starter set is a set one can train on, warm within a half-year of days."""
    basic = load_set("basic")
    assert len(basic.factors) >= 16
    assert compile_set(basic).warm_bars <= 160


@pytest.mark.parametrize("name", shipped_sets())
def test_shipped_sets_compile(name: str) -> None:
    """Every set of the library."""
    loaded = load_set(name)
    assert compile_set(loaded).names == tuple(each for each, _ in loaded.factors)


def test_unknown_set() -> None:
    """A slip in a set's name gets a suggestion."""
    with pytest.raises(FactorError, match="unknown factor set 'basik'; did you mean 'basic'"):
        load_set("basik")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label = ", "cannot be read"),
        ("label = 5\n[factors]\na = 'close'", "`label` must be"),
        ("label = 'close'", "at least one"),
        ("label = 'close'\n[factors]\na = 5", "factor 'a' must be text"),
        ("labl = 'close'\n[factors]\na = 'close'", "unknown key 'labl'; did you mean 'label'"),
    ],
)
def test_refuses_files(tmp_path: Path, text: str, message: str) -> None:
    """A user's file that is no set says so, with its path."""
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FactorError, match=message) as caught:
        read_set(path)
    assert "mine.toml" in str(caught.value)


def test_what_is_cheap_to_make_is_not_remembered() -> None:
    """A past of close makes that of its changes anew; a logarithm's is remembered, as is one of a column not kept."""
    assert plan_of("ts_sum(abs(close - ts_delay(close, 1)), 20)", "ts_mean(close, 20)").program.remembered == 20
    assert plan_of("ts_sum(log(close), 20)", "ts_mean(close, 20)").program.remembered == 38
    assert plan_of("ts_sum(close - open, 20)").program.remembered == 19
    assert compile_set(load_set("alpha158")).program.remembered <= 400
