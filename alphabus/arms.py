"""The arms of an instance, and what each of them said last, as the cache has it on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alphabus.asker import Asker
from alphabus.messages import Signals
from alphabus.status import Status

COUNTED = "sections_"


def arms_of(worker: Status | None, cache: Status | None) -> tuple[str, ...]:
    """Names of the arms that the worker serves or has published, or the cache has heard since it started; in order."""
    serves = {} if worker is None else worker.arms
    said = () if worker is None else (topic.split("/") for topic in worker.heartbeat.next)
    heard = () if cache is None else cache.heartbeat.counters
    names = {*serves, *(parts[2] for parts in said if parts[1:2] == ["signals"])}
    return tuple(sorted(names | {name.removeprefix(COUNTED) for name in heard if name.startswith(COUNTED)}))


def newest(asker: Asker, arms: Iterable[str], timeout_ns: int) -> Mapping[str, Signals | None]:
    """The newest section of each arm; None where the cache has none, or does not answer in time."""
    return {arm: _newest(asker, arm, timeout_ns) for arm in arms}


def _newest(asker: Asker, arm: str, timeout_ns: int) -> Signals | None:
    answer = asker.ask(timeout_ns, "latest", arm=arm)
    said = [] if answer is None else [delivery.message for delivery in answer[1]]
    return next((message for message in said if isinstance(message, Signals)), None)
