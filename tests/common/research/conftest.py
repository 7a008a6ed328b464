"""What the research tests share: the folder of real bars."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_bars() -> Path:
    """The folder of real bars; without it the test is skipped, and says so."""
    folder = os.environ.get("ALPHABUS_DATA")
    if not folder:
        pytest.skip("ALPHABUS_DATA is not set: the real bars are not there to be read")
    return Path(folder)
