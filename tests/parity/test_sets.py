"""Whole texts end to end: the share of agreeing rows, and where every other row began to differ."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.factors.sets import load_set
from common.market.sample import sample_market
from common.market.store import load_bars
from tests.parity.asking import ask, evaluated
from tests.parity.nodes import canonical
from tests.parity.rows import Rows
from tests.parity.subject import SUBJECTS, Subject
from tests.parity.tracing import Cause, Trace, warm_rows


def test_every_difference_is_traced(subject: Subject, report: Callable[[str], None]) -> None:
    """Rows that differ lead down to a tie, a constant window or a difference the documents name."""
    trace = Trace(subject.rows, subject.answer, subject.nodes)
    trace.follow()
    total, differing, untraced = 0, 0, []
    for name, text in subject.factors.items():
        trail, warm = trace.trails[canonical(text)], warm_rows(subject.rows, text)
        differs = trail.differs & warm
        total, differing = total + int(warm.sum()), differing + int(differs.sum())
        shares = {cause: ((trail.causes[differs] & np.uint16(cause)) != 0).sum() / warm.sum() for cause in Cause}
        if differs.any():
            told = ", ".join(f"{cause.name} {share:.3%}" for cause, share in shares.items() if share)
            report(f"  {subject.name}: {name} agrees in {1 - differs.sum() / warm.sum():.3%}; {told}")
        if shares[Cause.UNTRACED]:
            untraced.append(name)
    report(f"{subject.name}: {total:,} warm rows of {len(subject.factors)} texts, {1 - differing / total:.3%} agree")
    assert untraced == []


@pytest.mark.parametrize("name", sorted({name for _, name in SUBJECTS}))
def test_node_by_node_is_as_vnpy_does_it(name: str, tmp_path: Path) -> None:
    """Evaluating a text in parts gives what vnpy's own pipeline gives, to the bit."""
    sample_market(symbols=20, days=60).write_parquet(tmp_path / "sample.parquet")
    bars = Rows.of(load_bars(tmp_path / "sample.parquet").frame).frame()
    loaded = load_set(name)
    chosen = dict(loaded.factors[::5])
    ask(tmp_path / "whole", {"bars": bars}, one_thread=True, verb="prepare", factors=chosen, label=loaded.label)
    whole = bars.select("datetime", "vt_symbol").join(
        pl.read_parquet(tmp_path / "whole" / "factors.parquet"), on=["datetime", "vt_symbol"], maintain_order="left"
    )
    parts = evaluated(tmp_path / "parts", bars, list(chosen.values()), one_thread=True)
    for factor, text in chosen.items():
        np.testing.assert_array_equal(whole[factor].cast(pl.Float64).to_numpy(), parts.values(canonical(text)), factor)
