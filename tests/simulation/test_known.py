"""What a simulation remembers is what the product would have worked out, and nobody remembers it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from common.factors.plan import compile_set
from common.models.registry import Registry
from services.factor_engine import wishes
from tests.services.cluster import promote
from tests.services.markets import TOY_SET
from tests.simulation.cast import copy_registry, make_registry
from tests.simulation.known import FUNCTIONS, Known

ASKERS = [(function, module) for function, modules in FUNCTIONS.items() for module in modules]


@pytest.mark.parametrize(("function", "module"), ASKERS)
def test_whoever_asks_is_answered_from_memory(function: Callable[..., Any], module: ModuleType) -> None:
    """Only while a seed runs: a test after it meets the function itself."""
    with Known().remembered():
        assert getattr(module, function.__name__).__wrapped__ is function
    assert getattr(module, function.__name__) is function


def test_what_is_asked_again_is_not_worked_out_again() -> None:
    """Also by the next seed of the same process; it is what the first one got."""
    known = Known()
    with known.remembered():
        plan = vars(wishes)["compile_set"](TOY_SET)
    with known.remembered():
        assert vars(wishes)["compile_set"](TOY_SET) is plan
    assert compile_set(TOY_SET).digest == plan.digest


def test_runs_share_bundles_and_nothing_else(tmp_path: Path) -> None:
    """What is promoted in one is not in another."""
    root = make_registry(tmp_path / "registry")
    one, other = (copy_registry(root, tmp_path / name / "registry") for name in ("one", "other"))
    promote(one, 2)
    versions = []
    for folder in (root, one, other):
        with Registry(folder, clock=lambda: 0) as registry:
            ref = registry.resolve("test", "champion")
            versions.append(ref.version)
            assert registry.load(ref).digest == ref.digest
    assert versions == [1, 2, 1]
