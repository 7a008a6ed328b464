"""How many of what: one is one of it."""

import pytest

from common.amounts import amount


@pytest.mark.parametrize(
    ("count", "noun", "told"),
    [
        (0, "row", "0 rows"), (1, "section", "1 section"), (2, "own bar", "2 own bars"), (1500, "day", "1,500 days"),
        (1, "kill", "1 kill"), (2, "kill", "2 kills"), (5000, "kill", "5,000 kills"),
    ],
)  # fmt: skip
def test_an_amount_reads_as_people_say_it(count: int, noun: str, told: str) -> None:
    """No `1 sections`; thousands are apart."""
    assert amount(count, noun) == told
