"""A feed that forgets symbols, and starts again on what is left of its record: its sections have the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.codec import encode_record
from alphabus.messages import Mode
from common.config.feed import Feed
from common.market.journal import Journal, Retention
from common.market.membership import Membership
from common.message_log import UNIVERSE, MessageLog
from services.bar_feed.alignment import Alignment
from services.bar_feed.chronicle import Chronicle
from tests.services.bar_feed.test_chronicle import ANNOUNCEMENTS, BARS, on_no_link, put
from tests.services.markets import raw_section

NAMES = "ABCDEF"
JOURNAL = b"j" * 16


def kept_by(patience: int, forget: int) -> int:
    """The fewest sections of the record with which a configuration is accepted."""
    return Feed.model_validate(
        {"source": {"bars": "none.parquet"}, "patience_bars": patience, "forget_bars": forget}
    ).needed_sections


def alignment(patience: int, least: float, forget: int) -> Alignment:
    """A feed's memory of symbols that is empty."""
    return Alignment(Membership(patience, least, forget_bars=forget))


def undisturbed(market: Sequence[str], alone: Alignment) -> list[bytes]:
    """Each section's messages, by a feed that never stopped."""
    said = []
    for bar, symbols in enumerate(market, 1):
        raw = raw_section(bar, dict.fromkeys(symbols, float(bar)))
        said += [encode_record(each) for each in alone.align(raw, JOURNAL, bar, Mode.REPLAY) if each is not None]
    return said


class Restarting:
    """A feed on a folder, with a segment a section, pruned to the fewest sections before every start."""

    def __init__(self, folder: Path, rules: tuple[int, float, int]) -> None:
        self._folder, self._rules, self.bar = folder, rules, 0
        self.kept, self.pruned = kept_by(rules[0], rules[2]), 0

    def run(self, market: Sequence[str], length: int) -> list[bytes]:
        """The next sections, until it stops."""
        with Journal.open(self._folder, sync="never", segment_bytes=1, landmark=UNIVERSE) as journal:
            self.pruned += len(journal.prune(Retention(max_bytes=0), max(self.bar - self.kept, 0), 0.0))
            memory = alignment(*self._rules)
            record = Chronicle(MessageLog(journal), ANNOUNCEMENTS, BARS, on_no_link)
            record.recall(memory)
            assert record.last_bar == self.bar
            said = []
            for bar in range(self.bar + 1, min(self.bar + length, len(market)) + 1):
                raw = raw_section(bar, dict.fromkeys(market[bar - 1], float(bar)))
                messages = [each for each in memory.align(raw, JOURNAL, bar, Mode.REPLAY) if each is not None]
                put(record, *messages)
                said += [encode_record(each) for each in messages]
            self.bar = record.last_bar
        return said


presences = st.lists(
    st.tuples(st.sets(st.sampled_from(NAMES), min_size=1), st.integers(1, 12)), min_size=5, max_size=25
)


@settings(deadline=None, max_examples=15)
@given(presences, st.integers(1, 2), st.sampled_from([0.0, 0.5, 0.9, 1.0]), st.integers(1, 9), st.data())
def test_no_restart_shows(
    stretches: list[tuple[set[str], int]], patience: int, least: float, forget: int, data: st.DataObject
) -> None:
    """Whoever comes and goes, wherever it stops, with no more of the record than the configuration asks for."""
    market = ["".join(sorted(symbols)) for symbols, length in stretches for _ in range(length)]
    rules = (patience, least, forget)
    with TemporaryDirectory() as folder:
        feed, said, expected = Restarting(Path(folder), rules), list[bytes](), undisturbed(market, alignment(*rules))
        while feed.bar < len(market):
            said += feed.run(market, data.draw(st.integers(1, 40)))
    assert said == expected


HARD = {
    "who was due before the record begins": ((1, 1.0, 2), "ABCDE ABE A A ACDEF ACDE BCE BC ABD", 7),
    "stubs that age nobody": ((2, 1.0, 1), "AC A A A A ABCE AE A A BCE A A ABC A A", 13),
}
"""Rules, sections, and after how many of them it stops: these show a recall that guesses, or a record too short."""


@pytest.mark.parametrize("name", HARD)
def test_no_guess_is_made(tmp_path: Path, name: str) -> None:
    """What is on record of a section's coverage is taken from there, and the record reaches far enough."""
    rules, market, stop = HARD[name][0], HARD[name][1].split(), HARD[name][2]
    feed = Restarting(tmp_path, rules)
    said = feed.run(market, stop) + feed.run(market, len(market))
    assert said == undisturbed(market, alignment(*rules))
    assert feed.pruned >= stop - feed.kept - 2


@pytest.mark.parametrize("seed", range(3))
def test_contracts_that_roll_through_many_starts(tmp_path: Path, seed: int) -> None:
    """A stop after each few sections, a record pruned each time, some stubs: the same bits."""
    days = [f"{''.join(chr(65 + (day + ahead) % 26) for ahead in range(4))}" for day in range(120)]
    market = [symbols[:1] if (day + seed) % 5 == 0 else symbols for day, symbols in enumerate(days)]
    rules = (1, 0.5, 6)
    feed, said, expected = Restarting(tmp_path, rules), list[bytes](), undisturbed(market, alignment(*rules))
    for length in range(seed + 1, len(market)):
        said += feed.run(market, length)
    assert said == expected
    assert feed.pruned > 80


@pytest.mark.parametrize("forget", [None, 9])
def test_a_record_of_more_than_have_a_place_is_gone_on_from(tmp_path: Path, forget: int | None) -> None:
    """One that was made while symbols were forgotten sooner: the list is as long as it may be, the market goes on."""
    market = ["AB", "BC", "CD", "DE", "EF", "FG"]
    lists = list[tuple[str, ...]]()
    for rule in (1, forget):
        with Journal.open(tmp_path, sync="never", landmark=UNIVERSE) as journal:
            membership = Membership(1, forget_bars=rule, most=4)
            memory, record = Alignment(membership), Chronicle(MessageLog(journal), ANNOUNCEMENTS, BARS, on_no_link)
            record.recall(memory)
            for symbols in market:
                raw = raw_section(record.last_bar + 1, dict.fromkeys(symbols, 1.0))
                raw, _ = raw.apart(membership.homeless(raw.symbols))
                said = memory.align(raw, JOURNAL, record.last_bar + 1, Mode.REPLAY)
                put(record, *[each for each in said if each is not None])
                lists.append(membership.tracked)
            market = ["FG"]
    assert len(set().union(*lists)) == 7
    assert max(map(len, lists)) == len(lists[-1]) == 4
    assert set(lists[-1]) >= {"F", "G"}
