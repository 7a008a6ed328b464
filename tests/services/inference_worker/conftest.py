"""One small bundle for all tests of the executor."""

from pathlib import Path

import pytest

from tests.common.models.sample_bundle import saved


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a LightGBM bundle over three features."""
    return saved(tmp_path_factory.mktemp("registry"))
