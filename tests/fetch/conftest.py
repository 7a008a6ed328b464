"""Fetching through ccxt: run by `make test-fetch`, which makes the environment that ccxt lives in."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.replay.pipeline import ROOT

PYTHON = ROOT / ".venv-fetch/bin/python"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in this folder needs ccxt."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.fetch)
            if not PYTHON.exists():
                item.add_marker(pytest.mark.skip(reason=f"{PYTHON} is not there: make test-fetch makes it"))
