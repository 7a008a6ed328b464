"""Parity with vnpy 4.5.0: run by `make test-peers`, which makes the environment that vnpy lives in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity.asking import PYTHON
from tests.parity.subject import SUBJECTS, Subject, make_subject

LINES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the long form: every symbol of the S&P file."""
    parser.addoption("--whole", action="store_true", help="parity: every symbol of the S&P file, not a sample of them")


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the figures."""
    config.addinivalue_line("markers", "peers: compares with vnpy in .venv-peers; run by `make test-peers`")
    config.stash[LINES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in this folder compares with peers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.peers)
            if not PYTHON.exists():
                item.add_marker(pytest.mark.skip(reason=f"{PYTHON} is not there: make test-peers makes it"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures the tests found."""
    lines = terminalreporter.config.stash[LINES]
    if lines:
        terminalreporter.section("parity with vnpy 4.5.0")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Put a line under the results."""
    return request.config.stash[LINES].append


@pytest.fixture(scope="session", params=SUBJECTS, ids=lambda each: f"{each[1]}-{each[0]}")
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A set on a market, with vnpy's value of everything in it."""
    market, name = request.param
    whole = bool(request.config.getoption("--whole", default=False))
    return make_subject(market, name, tmp_path_factory.mktemp(f"{name}-{market}"), whole=whole)
