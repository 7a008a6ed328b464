"""What is promised to a trading engine, whatever happened (pure): a list of what is not so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from alphabus.messages import Reason, Signals, Status
from tests.services.cluster import said
from tests.simulation.trader import Diary, Reply


def complaints(diary: Diary, record: Sequence[Signals], *, exact: bool) -> Iterator[str]:
    """Everything at once; `record` is the cache's, of the arm that was followed.

    Not `exact`: the worker has died, and scored anew what the record lacked, when time or people had moved on. Then a
    section may be another than a trading engine got under its number; each must be true by itself.
    """
    yield from diary.links
    for number, life in enumerate(diary.lives, start=1):
        yield from (f"life {number} of the client: {words}" for words in once_and_in_order(life))
        if exact:
            yield from (f"life {number} of the client: {words}" for words in as_recorded(life, record))
    yield from (f"the client at its end: {words}" for words in whole(diary.lives[-1], record))
    if not diary.ended:
        yield "the client never saw the end"
    yield from (f"asked on the way: {words}" for words in answered(diary.replies, record, exact=exact))
    yield from (f"asked at the end: {words}" for words in answered_at_last(diary.at_last, record, exact=exact))


def once_and_in_order(life: Sequence[Signals]) -> Iterator[str]:
    """Each section once, in order, without a hole; of each numbering by itself, and none again that was left."""
    numberings = [journal for journal, _ in groupby(life, key=lambda signals: signals.journal)]
    if len(numberings) > len(set(numberings)):
        yield f"back to a numbering it had left, of {len(set(numberings))}"
    for journal in dict.fromkeys(numberings):
        places = [(signals.bar, signals.revision) for signals in life if signals.journal == journal]
        for before, after in pairwise(places):
            if after <= before:
                yield f"{after} after {before}"
            elif after[0] > before[0] + 1:
                yield f"nothing between bar {before[0]} and bar {after[0]}"


def as_recorded(life: Sequence[Signals], record: Sequence[Signals]) -> Iterator[str]:
    """To the bit what is on record, of the numbering that is."""
    known = {(signals.bar, signals.revision): said(signals) for signals in record}
    for signals in life:
        if _is_numbered_as(signals, record) and known.get((signals.bar, signals.revision)) != said(signals):
            yield f"{(signals.bar, signals.revision)} is not what is on record"


def whole(life: Sequence[Signals], record: Sequence[Signals]) -> Iterator[str]:
    """From the first section it got, or of a numbering that it saw begin from the first, to the last on record."""
    if not record:
        return
    got = {(signals.bar, signals.revision) for signals in life if signals.journal == record[-1].journal}
    first = min((bar for bar, _ in got), default=None)
    if first is None:
        yield "no section came, though there are some on record"
        return
    if life[0].journal != record[-1].journal:
        first = min(signals.bar for signals in record)
    last = {signals.bar: signals.revision for signals in record}
    missing = [place for place in last.items() if place[0] >= first and place not in got]
    if missing:
        yield f"{missing} never came"


def answered(replies: Iterable[Reply], record: Sequence[Signals], *, exact: bool) -> Iterator[str]:
    """What was said of a section is on record, or is the one before it, marked as what it is."""
    for reply in replies:
        section = reply.said
        if section is None:
            continue
        if section.time != reply.time:
            yield f"{section.time} for {reply.time}"
        # The one before that had no value keeps saying why.
        elif exact and section.reason is not Reason.WAIT and section.status is not Status.VOID:
            yield from as_recorded([section], record)


def answered_at_last(replies: Iterable[Reply], record: Sequence[Signals], *, exact: bool) -> Iterator[str]:
    """For every section the last revision on record."""
    last = {signals.time: signals for signals in record}
    for reply in replies:
        expected, found = last.get(reply.time), reply.said
        if expected is None:
            continue
        if found is None:
            yield f"bar {expected.bar}: {reply.why}"
        elif (found.bar, found.revision) != (expected.bar, expected.revision) or (
            exact and said(found) != said(expected)
        ):
            yield f"bar {expected.bar}: {_brief(found)}, on record {_brief(expected)}"


def _is_numbered_as(signals: Signals, record: Sequence[Signals]) -> bool:
    return any(signals.journal == other.journal for other in record)


def _brief(signals: Signals) -> str:
    return f"revision {signals.revision}, {signals.status} {signals.reason}"
