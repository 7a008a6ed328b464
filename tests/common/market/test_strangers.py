"""Members who have no bar are told, with what may have been meant."""

import pytest

from common.market.constituents import Constituents, Interval
from common.market.strangers import strangers

SYMBOLS = ("AAPL", "MSFT", "S0010", "S0011")


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (("AAPL", "MSFT"), None),
        (("AAPL", "S0O11"), "1 of 2 members have no bar: 'S0O11' (did you mean 'S0011'?)"),
        (("S0011", "S0010", "S0O10"), "1 of 3 members have no bar: 'S0O10'"),
        (("AAPL", "Q", "R", "X", "Z"), "4 of 5 members have no bar: 'Q', 'R', 'X' and 1 more"),
    ],
)
def test_members_without_a_bar_are_told(members: tuple[str, ...], told: str | None) -> None:
    """The first few; one that is a member itself was not meant by another."""
    assert strangers(Constituents.of(Interval(each, 0, 1) for each in members), SYMBOLS) == told
