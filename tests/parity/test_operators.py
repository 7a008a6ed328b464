"""Operator by operator on vnpy's own intermediate inputs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from common.factors.operators import TABLE
from common.factors.sets import load_set
from tests.parity.asking import ask
from tests.parity.judgement import EXACT, Judgement, Verdict, judge, verdict
from tests.parity.nodes import nodes_of
from tests.parity.subject import OPERATORS, SUBJECTS, Subject, texts_of

MOST_MISSES, WORTH_TELLING = 0.005, 0.001
DIGITS_LOST = {"ts_corr(ts_sum(close, 5), ts_sum(close, 20), 2)": 0.15}
"""Two bars' correlation is 1 or -1; vnpy's one-pass moments of sums answer anything up to thousands. Share allowed."""

OURS_ALONE = frozenset({
    "ta_adx", "ta_bbands_lower", "ta_bbands_middle", "ta_bbands_upper", "ta_cci", "ta_dema", "ta_ema", "ta_macd",
    "ta_macd_histogram", "ta_macd_signal", "ta_mfi", "ta_minus_di", "ta_plus_di", "ta_sma", "ta_tema", "ta_wma",
    "ts_mad",
})  # fmt: skip
"""Operators that vnpy 4.5.0 does not have."""


def test_every_operator_is_compared() -> None:
    """Each row of the table stands in a text that vnpy evaluates, but for those it does not have."""
    texts = [*OPERATORS, *(text for _, name in SUBJECTS for text in texts_of(load_set(name), "sample").values())]
    compared = {node.operator.name for node in nodes_of(texts).values()}
    assert {row.name for row in TABLE} - compared == OURS_ALONE


def test_what_vnpy_has_is_compared(tmp_path: Path) -> None:
    """Nothing is left out that it could be asked for."""
    theirs = set(ask(tmp_path, {}, verb="functions")["names"])
    assert OURS_ALONE.isdisjoint(theirs)
    assert {row.name for row in TABLE if not row.symbol} - OURS_ALONE <= theirs


def test_vnpy_keeps_the_order_of_the_bars(subject: Subject) -> None:
    """Values can be compared row by row: none of vnpy's joins reordered them."""
    assert subject.answer.shuffled == ()


def test_operators_agree(subject: Subject, report: Callable[[str], None]) -> None:
    """1e-9 relative on complete windows and finite inputs; where vnpy misses it, ours is right to 1e-12."""
    judged, missed, worst = 0, 0.0, 0.0
    wrong: list[str] = []
    for node in subject.nodes.values():
        found = judge(node, subject.answer, subject.rows)
        said = _verdict(found, subject)
        rows, ours = int(found.judged.sum()), float(said.ours.max(initial=0.0))
        judged, missed, worst = judged + rows, missed + said.counted, max(worst, ours)
        share = said.counted / max(1, rows)
        told = f"{share:8.4%} missed by vnpy, by up to {said.theirs.max(initial=0.0):.0e}: {node.text[:100]}"
        if share > WORTH_TELLING:
            report(f"  {told}")
        if ours > EXACT or share > DIGITS_LOST.get(node.text, MOST_MISSES):
            wrong.append(f"{told}; our error up to {ours:.0e}")
    report(
        f"{subject.name}: {len(subject.nodes)} operators applied, {judged:,} values, {missed:,.0f} missed by vnpy; "
        f"there our largest error is {worst:.0e}"
    )
    assert wrong == []


def _verdict(found: Judgement, subject: Subject) -> Verdict:
    inputs = [subject.answer.values(each) for each in found.node.series]
    return verdict(found, inputs, subject.rows, np.random.default_rng(1))


@pytest.mark.parametrize("text", DIGITS_LOST)
def test_exceptions_are_in_use(text: str) -> None:
    """An exception for a text that no set holds is removed."""
    assert any(text in nodes_of([each for _, each in load_set(name).factors]) for name in {n for _, n in SUBJECTS})
