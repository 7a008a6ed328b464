"""A research folder, as the tests of its parts want it."""

from pathlib import Path

import pytest

from common.research.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """An empty lab."""
    return Lab(tmp_path / "lab", clock=lambda: 1, author="tester")
