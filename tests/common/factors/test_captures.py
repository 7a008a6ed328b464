"""What a user's function uses besides its arguments is part of its plan, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.errors import FactorError
from common.factors.captures import capture
from common.factors.engine import Engine
from common.factors.plan import Plan, compile_set
from common.factors.sets import load_set
from tests.common.factors.panels import market

HEAD = "import math\nimport numpy as np\nfrom numba import njit\n"
HEAD += "from common.factors.own_operators import window_operator\n"
USE = '@window_operator("own(x, window)")\ndef own(values):\n    return {}\n'
TAIL = "\noperators = [own]\nfactors = {'a': 'own(close, 3)'}\nlabel = 'ts_delay(close, -1) / close'\n"


def plan_of_file(folder: Path, text: str) -> Plan:
    """Compile a set whose file holds this."""
    path = folder / "mine.py"
    path.write_text(HEAD + text + TAIL, encoding="utf-8")
    return compile_set(load_set(str(path)))


CAPTURED = {
    "a constant of the module": "K = {}\n" + USE.format("values.sum() * K"),
    "a tuple": "K = (1, {})\n" + USE.format("values.sum() * K[1]"),
    "an array": "K = np.array([{}, 1.0])\n" + USE.format("values.sum() * K[0]"),
    "a number of numpy": "K = np.float64({})\n" + USE.format("values.sum() * K"),
    "a compiled helper": "@njit\ndef times(x):\n    return x * {}\n" + USE.format("times(values[0])"),
    "a helper of Python": "def times(x):\n    return x * {}\n" + USE.format("times(values[0])"),
    "a constant of a helper": "K = {}\n@njit\ndef times(x):\n    return x * K\n" + USE.format("times(values[0])"),
    "a default of a helper": "K = {}\n@njit\ndef times(x, k=K):\n    return x * k\n" + USE.format("times(values[0])"),
    "a function within": (
        "K = {}\n"
        + USE.format("inner(values)").replace("    return", "    def inner(x):\n        return x[0] * K\n    return", 1)
    ),
    "a value around": (
        "def make(k):\n    @window_operator('own(x, window)')\n    def own(values):\n        return values[0] * k\n"
        "    return own\nown = make({})\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", CAPTURED.values(), ids=CAPTURED)
def test_other_numbers_are_another_plan(text: str, tmp_path: Path) -> None:
    """The same text around another value; and the same value is the same plan."""
    block = market(10, 2, seed=1)
    two, five, again = (plan_of_file(tmp_path, text.replace("{}", value)) for value in ("2.0", "5.0", "2.0"))
    assert two.digest == again.digest != five.digest
    found, other = (Engine(plan).update(block).values[0, -1] for plan in (two, five))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(other, found * 2.5, rtol=1e-12)


REFUSED = {
    "a list": ("K = [1.0]\n" + USE.format("values[0] * K[0]"), "'K', which is list"),
    "a text": ("K = 'a'\n" + USE.format("values[0] * len(K)"), "'K', which is str"),
    "a tuple of texts": ("K = ('a',)\n" + USE.format("values[0] * len(K)"), "'K', which is tuple"),
    "a module": ("import os\n" + USE.format("values[0] * len(os.name)"), "'os', which is module"),
    "an array of objects": ("K = np.array([None])\n" + USE.format("values[0] * len(K)"), "'K', which is ndarray"),
    "what calls itself": (
        "@njit\ndef down(n):\n    return 1 if n < 1 else down(n - 1)\n" + USE.format("values[0] * down(3)"),
        "'down', which is a function that calls itself",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_no_digest_can_hold_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """When the set is loaded, by name."""
    with pytest.raises(FactorError, match=rf"operator 'own\(x, window\)': the function uses {message}"):
        plan_of_file(tmp_path, text)


def test_functions_of_libraries_may_be_called(tmp_path: Path) -> None:
    """By module or by name; they stand for the same numbers wherever the plan does."""
    text = "from math import log\nfrom numpy import sqrt\n" + USE.format("sqrt(np.mean(values)) + log(math.e)")
    found = Engine(plan_of_file(tmp_path, text)).update(market(10, 2, seed=1)).values
    assert np.isfinite(found[0, -1]).all()


def test_a_function_without_a_source_is_refused() -> None:
    """Its text is the first thing a digest holds."""
    space: dict[str, Any] = {}
    exec("def own(values):\n    return values[0]\n", space)  # noqa: S102  a function without a file
    function: Callable[..., Any] = space["own"]
    with pytest.raises(FactorError, match="'own', which is a function whose source cannot be read"):
        capture("own(x, window)", function)


def test_a_name_without_a_value_is_refused() -> None:
    """It is given one later, and nobody knows which."""

    def own(values: Any) -> Any:
        return values[0] * later

    with pytest.raises(FactorError, match="'later', which is a name without a value yet"):
        capture("own(x, window)", own)
    later = 2.0
    assert capture("own(x, window)", own).compiled(np.ones(2)) == later


def test_bounds_are_checked_in_helpers_too(tmp_path: Path) -> None:
    """Whatever a helper's own decorator says."""
    text = "@njit(boundscheck=False)\ndef far(x):\n    return x[5]\n" + USE.format("far(values)")
    with pytest.raises(FactorError, match="operator 'own': the function fails on a window of 3: IndexError"):
        plan_of_file(tmp_path, text)


def test_an_array_that_is_changed_later_changes_nothing(tmp_path: Path) -> None:
    """Its contents count as they were when the operator was made: those are in the digest."""
    text = "K = np.array([2.0])\n" + USE.format("values[0] * K[0]")
    block = market(10, 2, seed=1)
    kept, changed = plan_of_file(tmp_path, text), plan_of_file(tmp_path, text + "K[0] = 5.0\n")
    assert kept.digest == changed.digest
    np.testing.assert_array_equal(Engine(kept).update(block).values, Engine(changed).update(block).values)
