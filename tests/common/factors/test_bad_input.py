"""Bad input, kind by kind, for every operator there is: refused when the set is loaded, by name and position."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import ExpressionError, FactorError
from common.factors.definition import Operator
from common.factors.operators import TABLE
from common.factors.own_operators import window_operator
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from tests.common.factors.panels import LABEL

CALLED = [row for row in TABLE if not row.symbol]
WITH_CONSTANTS = [row for row in CALLED if row.parameters]
WITH_WINDOWS = [row for row in WITH_CONSTANTS if row.parameters[0].whole]
POSITION = re.compile(r"position (\d+) of ")


def written(row: Operator, **given: str) -> str:
    """A call that is right but for what is given by name."""
    series = [
        given.get(name, column) for name, column in zip(row.series, ("close", "open", "low", "high"), strict=False)
    ]
    series += ["volume"] * (len(row.series) - len(series))
    constants = [given.get(each.name, "0.5" if not each.whole else "5") for each in row.parameters]
    return f"{row.name}({', '.join([*series, *constants])})"


def refused(text: str) -> str:
    """What is said of a set with this factor, when it is compiled."""
    with pytest.raises(ExpressionError) as caught:
        compile_set(FactorSet("mine", (("fine", "close / open"), ("bad", f"open + {text}")), LABEL))
    return str(caught.value)


def place_of(message: str) -> int:
    """The position it names."""
    found = POSITION.search(message)
    assert found is not None, message
    return int(found[1])


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_a_call_that_is_right(row: Operator) -> None:
    """So that what the others refuse is what they say."""
    compile_set(FactorSet("mine", (("good", written(row)),), LABEL))


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_an_unknown_operator(row: Operator) -> None:
    """The closest there is, or one as close: `ts_mea` is as near to `ts_mean` as anything."""
    message = refused(written(row).replace(row.name, f"{row.name}q", 1))
    assert f"factor 'bad' uses unknown operator '{row.name}q'; did you mean '" in message
    assert place_of(message) == 8


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_an_unknown_column(row: Operator) -> None:
    """Inside every operator."""
    message = refused(written(row, **{row.series[0]: "clsoe"}))
    assert "factor 'bad' uses unknown name 'clsoe'; did you mean 'close'?" in message
    assert place_of(message) == 8 + len(row.name) + 1


@pytest.mark.parametrize("change", ["one more", "one less"])
@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_wrong_arity(row: Operator, change: str) -> None:
    """How many it takes, and how it is written."""
    arguments = written(row).removeprefix(f"{row.name}(").removesuffix(")").split(", ")
    changed = ["close", *arguments] if change == "one more" else arguments[1:]
    text = f"{row.name}({', '.join(changed)})"
    wanted = len(row.series) + len(row.parameters)
    given = wanted + (1 if change == "one more" else -1)
    message = refused(text)
    assert f"gives {row.name} {given} arguments; it takes {wanted}: {row.usage}" in message
    assert place_of(message) == 8


@pytest.mark.parametrize("row", WITH_CONSTANTS, ids=lambda row: row.name)
def test_a_window_that_is_not_constant(row: Operator) -> None:
    """Each of its constants, by its name."""
    for each in row.parameters:
        message = refused(written(row, **{each.name: "volume"}))
        assert re.search(r"gives \w+ a \w+ that is not constant", message)
        assert place_of(message) > 8


@pytest.mark.parametrize("value", ["0", "1000000000", "-1000000000", "2.5"])
@pytest.mark.parametrize("row", WITH_WINDOWS, ids=lambda row: row.name)
def test_a_window_of_nonsense(row: Operator, value: str) -> None:
    """0, ten to the ninth, ahead of time, and no whole number: each of its whole constants, with what is allowed."""
    for each in (each for each in row.parameters if each.whole):
        message = refused(written(row, **{each.name: value}))
        told = r"must be whole|allowed is|a delay of 0; leave the operator out|looks ahead"
        assert re.search(told, message), message
        assert place_of(message) > 8


@pytest.mark.parametrize("value", ["-0.1", "1.5"])
def test_a_level_of_nonsense(value: str) -> None:
    """A quantile is between 0 and 1."""
    assert "a quantile of" in refused(f"ts_quantile(close, 5, {value})")


@pytest.mark.parametrize("suffix", [".toml", ".py"])
@pytest.mark.parametrize("length", [1, 2, 5, 40])
def test_sets_that_go_in_circles(length: int, suffix: str, tmp_path: Path) -> None:
    """The whole circle is shown."""
    names = [f"f{place}" for place in range(length)]
    texts = {name: f"ts_mean({names[(place + 1) % length]}, 5)" for place, name in enumerate(names)}
    path = tmp_path / f"mine{suffix}"
    lines = [f'{name} = "{text}"' for name, text in texts.items()]
    toml = f'label = "{LABEL}"\n[factors]\n' + "\n".join(lines)
    path.write_text(toml if suffix == ".toml" else f"label, factors = {LABEL!r}, {texts!r}\n", encoding="utf-8")
    with pytest.raises(FactorError, match="is defined by itself: ") as caught:
        load_set(str(path))
    assert " -> ".join([*names, "f0"]) in str(caught.value)


def pair(values: object) -> tuple[object, object]:
    """Two numbers where one is asked for."""
    return values, values


def window(values: object) -> object:
    """A whole window."""
    return values


def nothing(values: object) -> None:
    """No number."""


@pytest.mark.parametrize("function", [pair, window, nothing], ids=lambda each: str(each.__name__))
def test_a_function_that_returns_a_wrong_shape(function: Callable[..., object]) -> None:
    """When it is made, not at the first bar."""
    with pytest.raises(
        FactorError, match=r"operator 'ts_own\(x, window\)': the function returns .*must return one number"
    ):
        window_operator("ts_own(x, window)")(function)


def test_an_unknown_set() -> None:
    """The closest there is."""
    with pytest.raises(FactorError, match="unknown factor set 'alpha185'; did you mean 'alpha158'"):
        load_set("alpha185")
