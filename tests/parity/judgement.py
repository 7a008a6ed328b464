"""One operator on vnpy's own inputs: where both agree, where a reference must decide, and what explains the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.factors.definition import Kind
from tests.common.factors import references
from tests.parity.asking import Answer
from tests.parity.nodes import PLACES, Node
from tests.parity.rows import Booleans, Floats, Rows

AGREE = 1e-9
EXACT = 1e-12
CAST_BACK = frozenset({"ts_mean", "ts_std", "ts_quantile", "ts_rank", "ts_decay_linear"})
"""Folds whose answer vnpy casts back to whole numbers if it was given whole numbers."""
MOST_JUDGED = 4000
"""Rows of one operator a reference is asked about; more are judged by a sample of so many."""


def agree(node: Node, ours: Floats, theirs: Floats) -> Booleans:
    """Whether two values agree to 1e-9 relative, or both are missing; a correlation of 0 is measured on its scale."""
    with np.errstate(invalid="ignore", over="ignore"):
        found: Booleans = np.abs(ours - theirs) <= AGREE * np.maximum(np.abs(ours), np.abs(theirs))
    if node.operator.name in {"ts_corr", "ts_rsquare"}:
        found |= (np.abs(ours) <= EXACT) & (np.abs(theirs) <= AGREE)
    return found | same(ours, theirs)


def same(ours: Floats, theirs: Floats) -> Booleans:
    """Whether two values are the same number, or both are missing."""
    found: Booleans = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Rows of one node: ours on vnpy's inputs, vnpy's own, and how they stand to each other."""

    node: Node
    ours: Floats
    theirs: Floats
    complete: Booleans
    constant: Booleans
    agrees: Booleans
    is_whole: bool

    @property
    def documented(self) -> str:
        """The difference on purpose that covers every row of this node, or ""."""
        if self.is_whole:
            return "whole"
        return {"ts_decay_linear": "decay", "quesval2": "choice"}.get(self.node.operator.name, "")

    @property
    def judged(self) -> Booleans:
        """Rows the promise of 1e-9 is about: complete windows, finite inputs, no constant window."""
        if self.documented:
            return np.zeros_like(self.complete)
        return self.complete & ~self.constant

    @property
    def misses(self) -> Booleans:
        """Rows that differ by more than 1e-9, or are a number for one alone: the reference decides."""
        return self.judged & ~self.agrees


def judge(node: Node, answer: Answer, rows: Rows) -> Judgement:
    """Apply one operator of ours to vnpy's inputs of it."""
    inputs = [answer.values(each) for each in node.series]
    placed = [place for place, each in zip(PLACES, node.inputs, strict=False) if each is not None]
    ours = rows.apply(node.alone, dict(zip(placed, inputs, strict=True)))
    theirs = answer.values(node.text)
    theirs = np.where(np.isfinite(theirs), theirs, np.nan)
    return Judgement(
        node,
        ours,
        theirs,
        _complete(node, answer, rows, inputs),
        _constant(node, rows, inputs),
        agree(node, ours, theirs),
        any(answer.is_whole(each) for each in node.series)
        and answer.is_whole(node.text)
        and node.operator.name in CAST_BACK,
    )


def _complete(node: Node, answer: Answer, rows: Rows, inputs: list[Floats]) -> Booleans:
    """Windows that are full and hold finite numbers only; sections without NaN or infinity."""
    bad = np.zeros(len(rows), dtype=np.bool_)
    for values in inputs:
        bad |= ~np.isfinite(values)
    if node.operator.kind is Kind.CROSS_SECTION:
        # Nulls are left out by both; a NaN (where it is not a null) or an infinity is not.
        text = node.series[0]
        odd = bad & ~answer.missing(text)
        if node.operator.name == "cs_rank":
            odd &= np.isinf(inputs[0])
        return ~bad & ~rows.any_beside(odd)
    return ~rows.any_before(bad, node.window) & (rows.own >= node.window - 1)


def _constant(node: Node, rows: Rows, inputs: list[Floats]) -> Booleans:
    """Windows of one value, for any of the inputs."""
    found = np.zeros(len(rows), dtype=np.bool_)
    if node.operator.kind is not Kind.FOLD or node.window == 1:
        return found
    for values in inputs:
        moved = values != rows.before(values, 1)
        found |= ~rows.any_before(moved, node.window - 1)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Errors at the misses against long double, in units of value or scale, the larger; infinite if one is missing."""

    ours: Floats
    theirs: Floats
    counted: float
    """Misses that count: where the true value is 0, vnpy's answer is measured on the operator's scale."""


def verdict(judgement: Judgement, inputs: list[Floats], rows: Rows, random: np.random.Generator) -> Verdict:
    """Ask the reference about the misses, or about a sample where there are many."""
    found = np.flatnonzero(judgement.misses)
    if not len(found):
        return Verdict(np.empty(0), np.empty(0), 0.0)
    asked = found if len(found) <= MOST_JUDGED else np.sort(random.choice(found, MOST_JUDGED, replace=False))
    reference = _reference(judgement.node, inputs, rows)
    answers = [reference(int(row)) for row in asked]
    ours, theirs = _errors(judgement.ours[asked], answers), _errors(judgement.theirs[asked], answers)
    nought = np.array([bool(abs(value) <= EXACT * scale) for value, scale in answers])
    return Verdict(ours, theirs, len(found) * float(np.mean(~(nought & (theirs <= AGREE)))))


def _errors(values: Floats, answers: list[tuple[Any, Any]]) -> Floats:
    return np.array([_error(value, *answer) for value, answer in zip(values, answers, strict=True)], dtype=np.float64)


def _error(value: float, answer: Any, scale: Any) -> float:
    if np.isnan(value) or np.isnan(answer):
        return 0.0 if np.isnan(value) and np.isnan(answer) else np.inf
    return float(abs(value - answer) / (max(abs(answer), scale) or 1.0))


def _reference(node: Node, inputs: list[Floats], rows: Rows) -> Callable[[int], tuple[Any, Any]]:
    name, wide = node.operator.name, [values.astype(np.longdouble) for values in inputs]
    if node.operator.kind is Kind.FOLD:
        return lambda row: references.FOLDS[name](
            *[values[row + 1 - node.window : row + 1] for values in wide], node.window, *node.constants[1:]
        )
    if node.operator.kind is Kind.CROSS_SECTION:
        return lambda row: _beside(name, inputs[0], rows, row)
    raise AssertionError(f"{node.text}: no element may differ by more than 1e-9 on the same inputs")


def _beside(name: str, values: Floats, rows: Rows, row: int) -> tuple[Any, Any]:
    beside = np.flatnonzero((rows.section == rows.section[row]) & np.isfinite(values))
    answer, scale = references.SECTIONS[name](values[beside])
    return answer[np.searchsorted(beside, row)], scale
