"""A source that has more when the feed is started again: the stream goes on after its end, and ends once more."""

from __future__ import annotations

from pathlib import Path

from alphabus.messages import EndOfStream
from common.market.journal import Journal
from common.message_log import MessageLog
from tests.services.cluster import MS, Cluster, toy_config, toy_registry
from tests.services.markets import toy_market


def test_a_longer_source_ends_once_more(tmp_path: Path) -> None:
    """In the feed's record and in the cache's; in between nobody says that it is over."""
    config = toy_config(tmp_path, toy_registry(tmp_path / "registry"))
    first = Cluster(config, toy_market(1, live=6))
    first.run()
    last = first.services["signal_cache"].bar
    first.close()
    second, seen = Cluster(config, toy_market(1, live=10)), dict[int, list[bool]]()
    for _ in range(400):
        second.round(20 * MS)
        seen.setdefault(second.services["signal_cache"].bar, []).append(second.ended)
        if second.ended and second.services["signal_cache"].bar == last + 4:
            break
    second.close()
    assert second.ended
    assert not any(any(ended) for bar, ended in seen.items() if last < bar < last + 4)
    for record in ("journal", "signals/champion"):
        with Journal.open(config.state / record, sync="never") as journal:
            ends = [message.bar for message in MessageLog(journal).read() if isinstance(message, EndOfStream)]
        assert ends == [last, last + 4]
