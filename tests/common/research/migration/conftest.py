"""A small vnpy lab, made once."""

from pathlib import Path

import pytest

from tests.common.research.migration.exports import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Twenty symbols, three hundred days."""
    return Lab.make(tmp_path_factory.mktemp("vnpy") / "lab")


@pytest.fixture
def own_lab(tmp_path: Path) -> Lab:
    """One to be damaged."""
    return Lab.make(tmp_path / "lab")
