"""What the code says about factors that the pages say too."""

from __future__ import annotations

import re

from common.research.factor_checks.table import CHECKS
from tests.docs.pages import ROOT, column

DIFFERENCES = "tests/parity/test_differences.py"
_NAMED = re.compile(r"`(test_\w+)`(?: of `([\w/.]+)`)?")
_DEFINED = re.compile(r"^def (test_\w+)\(", re.MULTILINE)

Rows = list[list[str]]


def checks(rows: Rows) -> tuple[object, object]:
    """Checks of a set, in the order of the table they are run by."""
    return column(rows), list(CHECKS)


def differences(rows: Rows) -> tuple[object, object]:
    """Each documented difference names a test there is, and each test of differences is named."""
    named = [_NAMED.findall(row[-1]) for row in rows]
    shown = sorted((path or DIFFERENCES, test) for tests in named for test, path in tests)
    files = {DIFFERENCES, *(path for path, _ in shown)}
    there = {(path, test) for path in files for test in _DEFINED.findall((ROOT / path).read_text(encoding="utf-8"))}
    expected = {each for each in there if each[0] == DIFFERENCES} | (there & set(shown))
    return (all(named), shown), (True, sorted(expected))
