"""What the code says of fallback, breaker and gate, in the form of the tables of docs/deadline.md."""

from __future__ import annotations

import re
from typing import get_args

from alphabus.messages import Reason
from common.config import Arm
from services.inference_worker.breaker import State
from tests.docs.pages import ROOT, column, words

Rows = list[list[str]]
Compared = tuple[object, object]

NOT_CAUSES = {Reason.NONE, Reason.WAIT, Reason.NOTHING_YET, Reason.MAX_AGE, Reason.SESSION}
PURE = ("arms", "control", "speech", "age", "gate", "fallback", "work")


def causes(rows: Rows) -> Compared:
    """Every reason that something leads to; those of the fallback itself stand in the table of its limits."""
    return {word for row in rows for word in words(row[1])}, set(Reason) - NOT_CAUSES


def fallbacks(rows: Rows) -> Compared:
    """Every policy, in the order of the configuration."""
    return column(rows), list(get_args(Arm.model_fields["fallback"].annotation))


def limits(rows: Rows) -> Compared:
    """Every reason why a signal is not held."""
    said = {reason for row in rows for reason in re.findall(r"void \((\w+)\)", row[1])}
    return said, NOT_CAUSES - {Reason.NONE, Reason.WAIT}


def told(rows: Rows) -> Compared:
    """Every event that an arm tells, the breaker's by its states."""
    folder = ROOT / "services/inference_worker"
    source = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in PURE)
    events = set(re.findall(r"Told\(\"\w+\", \"(\w+)\"", source)) | set(re.findall(r"\"(model_\w+)\" if", source))
    return set(column(rows)), events | {f"breaker_{state}" for state in State}
