"""A kernel that computes something else than it did must say so by its operator's version."""

import dataclasses

import pytest

from common.factors.definition import Operator
from common.factors.kernels import averages
from common.factors.operators import OPERATORS, TABLE
from tests.common.factors import golden


def test_every_operator_is_stored() -> None:
    """And nothing else."""
    assert set(golden.stored()) == set(OPERATORS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_bits_are_those_of_the_version(row: Operator) -> None:
    """Other bits, or another version: raise the version in operators.py if bits changed, then store them anew."""
    assert golden.entry(row) == golden.stored()[row.name], (
        f"{row.name} computes something else than when it was stored: raise its version in common/factors/operators.py"
        " if that is meant, then run python -m tests.common.factors.golden"
    )


def test_another_kernel_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel tells a mean from a deviation, and a digest of bits from one of the next number."""
    changed = dataclasses.replace(OPERATORS["ts_mean"], part=1)
    monkeypatch.setattr("common.factors.expression.OPERATORS", {**OPERATORS, "ts_mean": changed})
    assert changed.kernel is averages.averages
    assert golden.entry(changed)["digest"] != golden.stored()["ts_mean"]["digest"]


def test_the_panel_is_awkward() -> None:
    """It holds negative numbers, zeros, ties, a flat stretch and missing bars."""
    close, open_ = golden.panel().columns["close"], golden.panel().columns["open"]
    assert (close < 0).any()
    assert (open_ == 0).any()
    assert (close[100:130, 2] == 7.0).all()
    assert (close[:-1] == close[1:]).any()
    assert (close != close).any()  # noqa: PLR0124  NaN
