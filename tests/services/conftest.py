"""What many tests of the services begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.cluster import toy_registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one model; one for all tests of a file."""
    return toy_registry(tmp_path_factory.mktemp("registry"))
