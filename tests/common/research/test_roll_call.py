"""Who is called: the members the bar feed would say, among those who find a place."""

import numpy as np
import polars as pl

from common.market.membership import Membership
from common.market.panel import Panel
from common.research.roll_call import Conditions, RollCall

DAY = 86_400_000_000_000
PRESENT = ["ABC", "ABC", "ABD", "ABD", "ABD", "ABCD"]
"""One string a day of the symbols that have a bar."""


def panel() -> Panel:
    """Stamped at midnight, complete a day later."""
    rows = [(day, symbol) for day, symbols in enumerate(PRESENT) for symbol in symbols]
    days = np.array([day for day, _ in rows], np.int64) * DAY
    return Panel.from_frame(
        pl.DataFrame({"time": days + DAY, "stamp": days, "symbol": [symbol for _, symbol in rows], "close": 1.0})
    )


def test_members_are_those_the_feed_would_say() -> None:
    """Section by section: a late symbol is no member before it came, a lost one not after its patience."""
    found, roll = RollCall(Conditions(2, 0.5)).call(panel())
    membership = Membership(2, 0.5)
    for section, symbols in enumerate(PRESENT):
        said = membership.observe(list(symbols))
        expected = {symbol for symbol, member in zip(said.tracked, said.member, strict=True) if member}
        assert {found.symbols[place] for place in np.flatnonzero(roll.member[section])} == expected
    assert roll.member[:, found.symbols.index("D")].tolist() == [False, False, True, True, True, True]
    assert roll.member[:, found.symbols.index("C")].tolist() == [True, True, True, True, False, True]


def test_who_finds_no_place_has_no_bars() -> None:
    """Of the new ones the last by name, for as long as nobody leaves."""
    found, roll = RollCall(Conditions(), most=2).call(panel())
    assert found.present.all(axis=0).tolist() == [True, True, False, False]
    assert not roll.tracked[:, 2:].any()
    assert roll.homeless == sum(len(symbols) - 2 for symbols in PRESENT)
