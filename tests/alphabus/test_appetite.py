"""How much is asked for at once."""

from __future__ import annotations

import pytest

from alphabus.appetite import ASK_AGAIN_NS, FIRST_BYTES, GROWTH, MAX_PATIENCE_NS, QUICK_NS, Appetite
from alphabus.outbox import CHUNK_BYTES


def test_it_grows_while_pages_come_quickly() -> None:
    """Up to the largest page there is."""
    appetite, sizes = Appetite(), list[int]()
    for _ in range(8):
        sizes.append(appetite.page_bytes)
        appetite.fed(QUICK_NS, appetite.page_bytes)
    assert sizes == [min(FIRST_BYTES * GROWTH**times, CHUNK_BYTES) for times in range(8)]
    assert sizes[-1] == CHUNK_BYTES


@pytest.mark.parametrize(
    ("took_ns", "page_bytes", "patience_ns"),
    [
        (QUICK_NS + 1, GROWTH * FIRST_BYTES, ASK_AGAIN_NS),
        (ASK_AGAIN_NS, GROWTH * FIRST_BYTES, 2 * ASK_AGAIN_NS),
        (ASK_AGAIN_NS + 1, FIRST_BYTES, 2 * ASK_AGAIN_NS + 2),
        (60 * ASK_AGAIN_NS, FIRST_BYTES, MAX_PATIENCE_NS),
    ],
)
def test_what_a_page_tells_by_its_time(took_ns: int, page_bytes: int, patience_ns: int) -> None:
    """One that took its time leaves the size as it is; one that came too late makes it small; both are waited for."""
    appetite = Appetite(page_bytes=GROWTH * FIRST_BYTES)
    appetite.fed(took_ns, appetite.page_bytes)
    assert appetite == Appetite(page_bytes, patience_ns)


@pytest.mark.parametrize("size", [0, FIRST_BYTES - 1])
def test_a_page_that_is_not_full_tells_nothing(size: int) -> None:
    """However quickly it is there, an error or the end of a record: a large one is another matter."""
    appetite = Appetite()
    appetite.fed(0, size)
    assert appetite == Appetite()


def test_who_has_started_anew_is_soon_asked_again() -> None:
    """The patience was for whom it replaced; the pages were for the link."""
    appetite = Appetite(page_bytes=GROWTH * FIRST_BYTES, patience_ns=MAX_PATIENCE_NS)
    appetite.hurry()
    assert appetite == Appetite(page_bytes=GROWTH * FIRST_BYTES)


def test_what_did_not_come_was_too_much() -> None:
    """The next page is small, and waited for twice as long, up to a limit."""
    appetite, patience = Appetite(page_bytes=CHUNK_BYTES), list[int]()
    for _ in range(4):
        appetite.starved()
        patience.append(appetite.patience_ns // ASK_AGAIN_NS)
    assert (appetite.page_bytes, patience) == (FIRST_BYTES, [2, 4, 4, 4])
