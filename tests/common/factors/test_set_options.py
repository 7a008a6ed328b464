"""What a set says beside its texts: when symbols start anew, and operators of one's own; from file to plan."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from common.errors import ExpressionError, FactorError
from common.factors.definition import Kind
from common.factors.engine import Engine
from common.factors.labels import label_horizon, label_values
from common.factors.own_operators import composition, window_operator
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from tests.common.factors.panels import LABEL, Floats, assert_same_bits, compute, market, plan_of

HEAD = f"label = '{LABEL}'\n"
OWN = """
from common.factors.own_operators import composition, window_operator

@window_operator("ts_range(x, window)")
def ts_range(values):
    return values.max() - values.min()

gap = composition("gap(x, y)", "(x - y) / y")
operators = [gap, ts_range]
max_gap = 20
reset = "session"
factors = {"wide": "ts_range(gap(close, open), 5)", "plain": "close/open", "twice": "wide * 2"}
label = "ts_delay(gap(close, open), -2)"
"""


@window_operator("ts_end(x, window)")
def ts_end(values: Floats) -> float:
    """Newest of a window."""
    return values[-1]  # type: ignore[no-any-return]  # a number


def written(folder: Path, text: str, name: str = "mine.toml") -> FactorSet:
    """The set of a file."""
    (folder / name).write_text(text, encoding="utf-8")
    return load_set(str(folder / name))


def test_toml_says_when_symbols_start_anew(tmp_path: Path) -> None:
    """And the plan keeps it."""
    own = written(tmp_path, f"{HEAD}max_gap = 5\nreset = 'session'\n[factors]\na = 'close'\n")
    assert (own.max_gap, own.reset) == (5, "session")
    plan = compile_set(own)
    assert (plan.max_gap, plan.by_session) == (5, True)
    assert plan.digest != compile_set(written(tmp_path, f"{HEAD}[factors]\na = 'close'\n")).digest


def test_toml_has_compositions(tmp_path: Path) -> None:
    """Each may call those above it; the texts are written out, so that they stand without them."""
    operators = '[operators]\n"gap(x, y)" = "(x - y) / y"\n"wide(x, window)" = "ts_std(gap(x, open), window)"\n'
    own = written(tmp_path, f"{HEAD}{operators}[factors]\na = 'wide(close, 5)'\nb = 'close/open'\n")
    assert own.factors == (("a", "ts_std(((close - open) / open), 5)"), ("b", "close/open"))
    assert own.operators == ()
    block = market(20, 3, seed=1)
    expected = plan_of("ts_std((close - open) / open, 5)", "close / open")
    assert_same_bits(compute(compile_set(own), block), compute(expected, block))


def test_python_has_functions_too(tmp_path: Path) -> None:
    """Compositions are written out, in the label too; functions stay with the set."""
    own = written(tmp_path, OWN, "mine.py")
    assert dict(own.factors)["wide"] == "ts_range(((close - open) / open), 5)"
    assert dict(own.factors)["plain"] == "close/open"
    assert [(each.name, each.kind) for each in own.operators] == [("ts_range", Kind.FOLD)]
    assert own.label == "ts_delay(((close - open) / open), -2)"
    assert label_horizon(own.label, own.operators) == 2
    block = dataclasses.replace(market(20, 3, seed=1), session=np.repeat(np.arange(2), 10))
    values = Engine(compile_set(own)).update(block).values
    np.testing.assert_array_equal(values[2], values[0] * 2)
    assert np.isfinite(values[0, 4:10]).all()
    assert np.isnan(values[0, 10:14]).all()


def test_a_set_in_memory_is_written_out_alike() -> None:
    """What a notebook makes goes into a bundle as a file's would."""
    gap = composition("gap(x, y)", "(x - y) / y")
    own = FactorSet("own", (("a", "gap(close, open)"), ("b", "ts_end(close, 2)")), LABEL, operators=(gap, ts_end))
    alone = own.written_out()
    assert alone.factors == (("a", "((close - open) / open)"), ("b", "ts_end(close, 2)"))
    assert alone.operators == (ts_end,)
    assert compile_set(alone).digest == compile_set(own).digest
    assert alone.written_out() is alone


def test_a_label_may_call_own_operators() -> None:
    """Its values and how far it looks ahead."""
    block, text = market(12, 2, seed=2), "ts_delay(ts_end(close, 2), -3)"
    assert label_horizon(text, [ts_end]) == 3
    expected = label_values("ts_delay(close + 0 * ts_delay(close, 1), -3)", block)
    assert_same_bits(label_values(text, block, [ts_end]), expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_gap = 0", "max_gap is a number of sections, at least 1, not 0"),
        ("max_gap = true", "max_gap is a number of sections, at least 1, not True"),
        ("max_gap = '5'", "max_gap is a number of sections, at least 1, not '5'"),
        ("reset = 'day'", "reset is \"session\" or left out, not 'day'"),
        ("max_gaps = 5", "unknown key 'max_gaps'; did you mean 'max_gap'?"),
        ("operators = 5", "`operators` must list what composition or window_operator made, not 5"),
        ("operators = ['gap']", "`operators` must list what composition or window_operator made, not 'gap'"),
        ("operators = {'gap(x)' = 5}", "operator 'gap(x)' must be text, not 5"),
        ("operators = {'gap' = 'close'}", "operator 'gap': write it as it is used"),
        ("operators = {'gap(x)' = 'x + y'}", "operator 'gap' uses unknown name 'y'"),
        ("operators = {'b(x)' = 'a(x)', 'a(x)' = 'b(x)'}", "operator 'b(x)' calls 'a', which does not stand above it"),
        ("operators = {'a(x)' = 'a(x) + 1'}", "operator 'a(x)' calls 'a', which does not stand above it"),
        ("operators = {'ts_mean(x)' = 'x'}", "operator 'ts_mean': the name is taken"),
        ("operators = {'f(x)' = 'x + 1'}", "factor 'f' has the name of an operator"),
    ],
)
def test_refuses(tmp_path: Path, text: str, message: str) -> None:
    """When the set is loaded, with the file's name."""
    with pytest.raises(FactorError, match=r"mine\.toml: ") as caught:
        written(tmp_path, f"{HEAD}{text}\n[factors]\nf = 'close'\n")
    assert message in str(caught.value)


def test_an_operator_nobody_named_is_unknown(tmp_path: Path) -> None:
    """Another set's operators are not this one's."""
    with pytest.raises(ExpressionError, match="unknown operator 'ts_range'"):
        written(tmp_path, OWN.replace("[gap, ts_range]", "[gap]"), "mine.py")
