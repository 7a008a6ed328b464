"""A model over all of Alpha101, by vnpy on real bars: every value that is another one has its reason."""

from collections.abc import Callable
from pathlib import Path

from common.factors.sets import load_set
from tests.parity.migrating import as_vnpy, make_lab, migrated, request
from tests.parity.subject import bars_of

PERIODS = {
    "train": ["2014-03-01", "2016-03-01"],
    "valid": ["2016-03-02", "2016-10-01"],
    "test": ["2016-10-02", "2018-02-07"],
}
SYMBOLS = 60


def test_no_value_of_alpha101_stays_unexplained(tmp_path: Path, report: Callable[[str], None]) -> None:
    """Five million of them, also where ranks of sums tie; most are others by the load window, and named so."""
    told = request(PERIODS, dict(load_set("alpha101").factors), kinds=["lgb"], extended_days=400)
    made = make_lab(tmp_path / "lab", as_vnpy(bars_of("sp500", tmp_path, SYMBOLS), ".NYSE"), {"whole": told})
    factors = migrated(made, "whole-lgb", "--dry-run")[1]["factors"]
    causes = [(each["factor"], cause["reason"], cause["rows"]) for each in factors for cause in each["causes"]]
    rows, agreeing = (sum(each[figure] for each in factors) for figure in ("rows", "agreeing"))
    report(f"migration, alpha101: {rows:,} values, {agreeing / rows:.2%} agree")
    for reason in sorted({reason for _, reason, _ in causes}):
        found = [(name, count) for name, said, count in causes if said == reason]
        report(f"  {reason}: {sum(count for _, count in found):,} values of {len(found)} factors")
    assert rows > 4_000_000
    assert [each for each in causes if each[1] == "unexplained"] == []
