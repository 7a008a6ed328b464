"""Refusing rows: every reason has a row that is refused for it, and the neighbours of the limits are bars."""

from pathlib import Path

import pytest

from common.market.checks import MEANINGS, Reason
from common.market.columns import ADJUSTMENTS
from common.market.store import load_bars
from tests.common.market.conftest import HEADER, Row, WriteBars

GOOD: tuple[Row, ...] = (
    ("2024-01-01", "A", 10, 12, 9, 11, 100, 1050),
    ("2024-01-02", "A", 10, 12, 9, 11, 100, 1050),
    ("2024-01-02", "BRK.B", 10, 12, 9, 11, 100, 1050),
)


def changed(**changes: object) -> Row:
    """The bar of A on the third day, with some cells changed."""
    usual = dict(zip(HEADER, ("2024-01-03", "A", 10, 12, 9, 11, 100, 1050), strict=True))
    return tuple((usual | changes).values())


REFUSED: dict[Reason, list[Row]] = {
    Reason.BAD_LINE: [(*changed(), "more"), (*changed(open="10,5"),)],
    Reason.BAD_SYMBOL: [
        changed(symbol=symbol) for symbol in ("", "A B", "ÄB", "\u0410\u0410", "A\x07", "A" * 65, '"A\n"', "\u200bA")
    ],
    Reason.BAD_TIME: [
        changed(datetime=text)
        for text in ("", "yesterday", "2024-13-01", "2024-02-30", "1704067200", "01/02/2024", "9999-01-01")
    ],
    Reason.NONEXISTENT_TIME: [changed(datetime="2024-03-10 02:30")],
    Reason.AMBIGUOUS_TIME: [changed(datetime="2024-11-03 01:30")],
    Reason.NOT_A_NUMBER: [
        changed(close="eleven"),
        changed(volume="1_000"),
        changed(turnover="?"),
        changed(open="0x1F"),
    ],
    Reason.SUSPENDED: [
        changed(open="", high="", low="", close="", volume=0),
        changed(open="NaN", high="nan", low="NA", close="null", volume=""),
        changed(open=0, high=0, low=0, close=0, volume=0),
    ],
    Reason.MISSING_PRICE: [
        changed(**{name: text}) for name in ("open", "high", "low", "close") for text in ("", "NaN")
    ],
    Reason.MISSING_VOLUME: [changed(volume=""), changed(volume="nan")],
    Reason.NOT_FINITE: [changed(high="inf"), changed(low="-inf"), changed(volume="Infinity"), changed(turnover="inf")],
    Reason.NOT_POSITIVE_PRICE: [changed(low=0), changed(low="-0.0"), changed(low=-1), changed(close=-5)],
    Reason.CROSSED_OHLC: [
        changed(open=8.99),
        changed(open=12.01),
        changed(close=8.99),
        changed(close=12.01),
        changed(high=8, low=9),
    ],
    Reason.NEGATIVE_VOLUME: [changed(volume=-1)],
    Reason.NEGATIVE_AMOUNT: [changed(turnover=-1)],
    Reason.OUT_OF_RANGE: [
        changed(high="1e308"),
        changed(low="5e-324"),
        changed(volume="1e31"),
        changed(turnover="1e31"),
    ],
    Reason.DUPLICATE: [GOOD[1], (*GOOD[1][:6], "1e2", "1050.0")],
    Reason.CONFLICT: [(*GOOD[1][:6], 101, 1050), (*GOOD[1][:7], "")],
}

ADJUSTED_REFUSED: dict[Reason, list[tuple[object, object]]] = {
    Reason.BAD_ADJUSTMENT: [("", 1), (1, "nan"), (0, 1), (1, -2)],
    Reason.NOT_FINITE: [("inf", 1)],
    Reason.OUT_OF_RANGE: [(1e19, 1), (1, 1e-19)],
}
"""What is wrong in price_factor and share_factor, where a file has them."""

LEGAL: list[Row] = [
    (*changed(), ""),
    changed()[:-1],
    changed(open=9, high=9, low=9, close=9),
    changed(open=12, close=9),
    changed(volume=0),
    changed(volume="-0.0"),
    changed(turnover=""),
    changed(open="1e-18", high="1e18", low="1e-18", close="1e18"),
    changed(symbol="!~" * 32),
    changed(open=" 10 "),
]


def test_every_reason_is_covered() -> None:
    """A new reason needs a meaning and rows here."""
    assert set(Reason) == set(MEANINGS) == set(REFUSED) | set(ADJUSTED_REFUSED)


@pytest.mark.parametrize(
    ("reason", "row"), [(reason, row) for reason, rows in REFUSED.items() for row in rows], ids=str
)
def test_bad_rows_are_refused_and_the_rest_goes_on(write_csv: WriteBars, reason: Reason, row: Row) -> None:
    """The bad row alone is refused, under its reason, with its place in the file and its raw text."""
    table = load_bars(write_csv([*GOOD, row]), zone="America/New_York")
    assert table.rejected_by_reason == {reason.value: 1}
    assert table.frame.height == len(GOOD)
    assert table.rejected["row"].to_list() == [len(GOOD)]


@pytest.mark.parametrize(
    ("reason", "factors"), [(reason, pair) for reason, pairs in ADJUSTED_REFUSED.items() for pair in pairs], ids=str
)
def test_a_bar_without_a_sound_adjustment_is_refused(
    tmp_path: Path, reason: Reason, factors: tuple[object, object]
) -> None:
    """A column of adjustments says something for every bar, or the bar is none."""
    lines = [(*HEADER, *ADJUSTMENTS), *((*row, 1, 1) for row in GOOD), (*changed(), *factors)]
    path = tmp_path / "bars.csv"
    path.write_text("\n".join(",".join(map(str, line)) for line in lines) + "\n", encoding="utf-8")
    table = load_bars(path)
    assert table.rejected_by_reason == {reason.value: 1}
    assert table.frame.select(ADJUSTMENTS).rows() == [(1.0, 1.0)] * len(GOOD)


@pytest.mark.parametrize("row", LEGAL, ids=str)
def test_bars_at_the_limits_are_legal(write_csv: WriteBars, row: Row) -> None:
    """What is odd but possible is a bar."""
    table = load_bars(write_csv([*GOOD, row]))
    assert table.rejected_by_reason == {}
    assert table.frame.height == len(GOOD) + 1


def test_one_row_has_one_reason_the_first(write_csv: WriteBars) -> None:
    """A row with several faults is counted once, under the first in the order of the reasons."""
    table = load_bars(write_csv([*GOOD, ("never", "A B", "x", -1, "inf", 0, -5, -5)]))
    assert table.rejected_by_reason == {"bad_symbol": 1}


def test_the_first_good_row_stays(write_csv: WriteBars) -> None:
    """Of several rows of one bar the first good one stays; later ones are compared with it, not with each other."""
    bad, first, other = changed(high=1), changed(), changed(volume=7)
    table = load_bars(write_csv([other, *GOOD, bad, first, other]))
    assert table.rejected["reason"].to_list() == ["crossed_ohlc", "conflict", "duplicate"]
    assert table.frame.filter(symbol="A")["volume"].to_list() == [100, 100, 7]
