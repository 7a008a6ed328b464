"""What a drill has to show, and what it did not (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from scripts.drill.cast import WHY
from scripts.drill.course import Said, Seen

# A machine with other work to do may be late; all else is never the promotions' doing.
EXCUSED = ("", "timeout", "no_factors", "no_bars", "coverage")
FRESH_SHARE = 0.9
"""Of all sections. A swap costs none; what a busy machine costs is more than this only where it cannot keep the pace,
and then the drill has shown the fallback, and not the promotions."""
MOST_CHILDREN = 5  # one that serves, its spare, the one before, a candidate, and one that is not reaped yet
SLACK_MB, SLACK_SHARE = 16.0, 1.2


def complaints(seen: Seen) -> list[str]:
    """Everything that did not hold, in words; empty when all did."""
    found = (_of_bars(seen.said), _of_status(seen.said), _of_freshness(seen), _of_models(seen), _of_wish(seen))
    return [*chain.from_iterable(found), *_of_history(seen), *_of_memory(seen)]


def figures(seen: Seen) -> list[tuple[str, str]]:
    """What happened, as name and value."""
    first = [said for said in seen.said if not said.revision]
    how = Counter(f"{said.status}{f' ({said.reason})' if said.reason else ''}" for said in first)
    done = Counter(change.action for change in seen.history)
    return [
        ("sections", f"{len(first):,}"),
        ("of them fresh", f"{_fresh_share(seen):.1%}"),
        ("promotions", f"{seen.promoted:,}"),
        ("swaps", f"{done['swap']:,}"),
        ("refused candidates", f"{done['swap_failed']:,}"),
        *((f"sections {what}", f"{count:,}") for what, count in sorted(how.items())),
        ("late revisions", f"{len(seen.said) - len(first):,}"),
        ("worker's memory, MiB", " → ".join(f"{mb:.0f}" for mb in _ends(seen.memory_mb))),
        ("its children at most", f"{max(seen.children, default=0)}"),
    ]


def _of_bars(said: Sequence[Said]) -> Iterator[str]:
    bars = [one.bar for one in said if not one.revision]
    for bar, following in pairwise(bars):
        if following != bar + 1:
            yield f"after bar {bar} comes bar {following}"
    before: dict[int, Said] = {}
    for one in said:
        if one.revision and before.get(one.bar, one).status != "held":
            yield f"bar {one.bar} was revised though it was not held"
        before.setdefault(one.bar, one)


def _of_status(said: Sequence[Said]) -> Iterator[str]:
    for one in said:
        if one.status not in {"fresh", "late", "held"} or one.reason not in EXCUSED:
            yield f"bar {one.bar} is {one.status} ({one.reason})"
        if (one.status == "held") != (one.age > 0):
            yield f"bar {one.bar} is {one.status} with an age of {one.age}"


def _of_freshness(seen: Seen) -> Iterator[str]:
    if (share := _fresh_share(seen)) < FRESH_SHARE:
        yield f"{share:.1%} of the sections are fresh, fewer than {FRESH_SHARE:.0%}: the machine was too busy"


def _fresh_share(seen: Seen) -> float:
    return sum(one.status == "fresh" and not one.revision for one in seen.said) / max(seen.sections, 1)


def _of_wish(seen: Seen) -> Iterator[str]:
    if seen.wish is not None and not seen.settled:
        spoke = next((one.model for one in reversed(seen.said) if one.status != "held"), ("nobody", 0))
        wish, last = (f"{name}/{version}" for name, version in (seen.wish, spoke))
        yield f"{wish} was promoted last, and {last} spoke last"


def _of_models(seen: Seen) -> Iterator[str]:
    """What spoke, in order, walks along what took over; a model that was replaced at once may have said nothing."""
    swaps = [change for change in seen.history if change.action == "swap"]
    served = [swaps[0].source, *(change.target for change in swaps)] if swaps else [seen.cast.models["trained"].key]
    place = 0
    for one in seen.said:
        if one.status == "held":
            continue
        while place < len(served) and served[place] != one.model:
            place += 1
        if place == len(served):
            yield f"bar {one.bar} is of {one.model[0]}/{one.model[1]}, which did not serve then"
            return
        if one.model not in seen.cast.good:
            yield f"bar {one.bar} is of {one.model[0]}/{one.model[1]}, which must never serve"


def _of_history(seen: Seen) -> Iterator[str]:
    for change in seen.history:
        if change.action == "swap_failed" and change.target is not None:
            sort = seen.cast.sort_of(change.target)
            if not any(words in change.why for words in WHY.get(sort, ())):
                yield f"{sort} failed to take over: {change.why}"
    for one, two in pairwise(change for change in seen.history if change.action == "swap"):
        if one.target != two.source:
            yield f"history: a swap to {one.target} is followed by one from {two.source}"


def _of_memory(seen: Seen) -> Iterator[str]:
    if max(seen.children, default=0) > MOST_CHILDREN:
        yield f"the worker had {max(seen.children)} children"
    early, late = _ends(seen.memory_mb)
    if late > early * SLACK_SHARE + SLACK_MB:
        yield f"the worker's memory grew from {early:.0f} to {late:.0f} MiB"


def _ends(samples: Sequence[float]) -> tuple[float, float]:
    """Median of the second fifth, by when all is warm, and of the last one."""
    if len(samples) < 5:
        return (max(samples, default=0.0),) * 2
    fifth = len(samples) // 5
    middle = [sorted(part)[len(part) // 2] for part in (samples[fifth : 2 * fifth], samples[-fifth:])]
    return middle[0], middle[1]
