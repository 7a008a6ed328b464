"""How much of a record is asked for at once, and how long it is waited for: what the link has shown to carry (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from alphabus.outbox import CHUNK_BYTES

ASK_AGAIN_NS = 1_000_000_000
MAX_PATIENCE_NS = 4 * ASK_AGAIN_NS
QUICK_NS = ASK_AGAIN_NS // 4
FIRST_BYTES = 64 * 1024  # a cable of 600 kbit/s carries them in a second
GROWTH = 4


@dataclass(slots=True)
class Appetite:
    """Of one link: it grows while full pages come quickly, and is small again as soon as one does not come in time."""

    page_bytes: int = FIRST_BYTES
    patience_ns: int = ASK_AGAIN_NS

    def fed(self, took_ns: int, size: int) -> None:
        """A page of so many bytes was there this long after it was asked for.

        One that holds less than was asked for, an error among them, tells nothing of what the link can carry.
        """
        self.patience_ns = min(max(2 * took_ns, ASK_AGAIN_NS), MAX_PATIENCE_NS)
        if size >= self.page_bytes and took_ns <= QUICK_NS:
            self.page_bytes = min(GROWTH * self.page_bytes, CHUNK_BYTES)
        elif took_ns > ASK_AGAIN_NS:
            self.page_bytes = FIRST_BYTES

    def hurry(self) -> None:
        """Whoever is asked has started anew: what was put to the one before is soon put again."""
        self.patience_ns = ASK_AGAIN_NS

    def starved(self) -> None:
        """A page did not come as long as anybody was patient: the next one is small, and waited for longer."""
        self.patience_ns = min(2 * self.patience_ns, MAX_PATIENCE_NS)
        self.page_bytes = FIRST_BYTES
