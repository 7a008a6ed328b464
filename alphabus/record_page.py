"""One page of the signal cache's record: sections of one numbering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from alphabus.messages import Delivery, EndOfStream, Streamed
from alphabus.section import Section


@dataclass(frozen=True, slots=True)
class RecordPage:
    """`journal` is the numbering the record is of; None where the page says nothing of it."""

    journal: bytes | None
    sections: Sequence[Section]
    end: EndOfStream | None = None

    @classmethod
    def of(cls, deliveries: Sequence[Delivery], sections: Sequence[Section]) -> Self:
        """What came, and the sections among it: a numbering may have an end, and no section yet."""
        said = [each.message for each in deliveries if isinstance(each.message, Streamed)]
        last = said[-1] if said else None
        return cls(None if last is None else last.journal, sections, last if isinstance(last, EndOfStream) else None)
