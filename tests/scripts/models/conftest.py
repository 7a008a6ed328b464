"""A registry with models that were trained on a small market."""

import shutil
from pathlib import Path

import pytest

from common.market.sample import sample_market
from tests.scripts.models.asking import run


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample market."""
    path = tmp_path_factory.mktemp("market") / "bars.parquet"
    sample_market(seed=1, symbols=40, days=400).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def registry(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one model on record."""
    folder = tmp_path_factory.mktemp("state") / "registry"
    assert run("train", str(bars), "--registry", str(folder), "-p", "rounds=5", "--author", "ann") == 0
    return folder


@pytest.fixture
def two(registry: Path, bars: Path, tmp_path: Path) -> tuple[str, str]:
    """A registry of the test's own, with two versions, the first of which was champion before the second."""
    place = ("--registry", str(shutil.copytree(registry, tmp_path / "registry")))
    assert run("train", str(bars), *place, "--kind", "linear", "-p", "alpha=0.1") == 0
    for version in ("1", "2"):
        assert run("models", "promote", "demo", "--version", version, "--instance", "own", "--why", "x", *place) == 0
    return place
