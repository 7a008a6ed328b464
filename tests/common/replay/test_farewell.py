"""What is said of processes that ended by themselves."""

from __future__ import annotations

import pytest

from common.replay.farewell import how_it_ended, last_words

KILLED = [
    "20:12:01 system          | signal_cache.1 started (pid=7)",
    "20:12:09 system          | signal_cache.1 stopped (rc=-9)",
    "20:12:09 system          | sending SIGTERM to monitor.1 (pid 8)",
    "20:12:10 system          | monitor.1 stopped (rc=0)",
]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ([], "nothing was said"),
        (KILLED, "the supervisor of signal_cache was killed (signal 9) without a word, and all others with it"),
        (KILLED[3:], "the supervisor of monitor ended with status 0 without a word, and all others with it"),
        ([*KILLED, "20:12:09 bar_feed.1      | bar_feed: no"], "their last words:\n  bar_feed: no"),
    ],
)
def test_who_ended_first_is_named_where_nobody_spoke(log: list[str], told: str) -> None:
    """A supervisor that is killed says nothing itself; whatever is said is more."""
    assert how_it_ended(log) == told


def test_the_newest_words_are_kept() -> None:
    """Without honcho's own lines and empty ones."""
    said = [f"20:12:0{number} bar_feed.1      | {number or ''}" for number in range(4)]
    assert last_words([*said, *KILLED], 2) == ["2", "3"]
