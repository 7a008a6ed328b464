"""What goes of the feed's record, by what the engine says of its states."""

from __future__ import annotations

from pathlib import Path

from alphabus.messages import Acknowledge
from common.config.feed import Retention
from services.bar_feed.forgetting import Forgetting
from tests.services.bar_feed.test_retention import write

STATES = "t/states/factor_engine/"


def test_the_newest_word_of_the_engine_counts(tmp_path: Path) -> None:
    """None, another's, another topic's, another journal's: all stays; a lower one holds what is left."""
    with write(tmp_path) as journal:
        forgetting = Forgetting(Retention(max_days=1e-9, keep_sections=1), journal, STATES)
        found = list[int]()
        for word in (
            Acknowledge("factor_engine", "t/bars/", journal.id, 9),
            Acknowledge("inference_worker", STATES, journal.id, 9),
            Acknowledge("factor_engine", STATES, bytes(16), 9),
            Acknowledge("factor_engine", STATES, journal.id, 9),
            Acknowledge("factor_engine", STATES, journal.id, 0),
            Acknowledge("factor_engine", STATES, journal.id, 29),
        ):
            forgetting.hear(word)
            forgetting.prune(20, 1e12)
            found.append(journal.begins)
    assert found == [0, 0, 0, 9, 9, 19]
