"""Every test here runs real processes; they share one small market and one trained model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, Ran, processes_of, short_run_dir, write_small_market


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in this folder is end to end."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A run folder of the test's own; after the test no process of it may be left."""
    with short_run_dir() as folder:
        yield folder
        assert processes_of(folder) == []


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The small market and the registry its model is in."""
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder / "small.parquet")
    return Bench(folder / "small.parquet", folder)


@pytest.fixture(scope="session")
def undisturbed(market: Bench) -> Ran:
    """A run that nothing happened to: the oracle of the others."""
    with short_run_dir():
        ran = market.run()
    assert ran.outcome.trouble == ""
    assert ran.missing == []
    return ran
