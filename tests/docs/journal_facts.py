"""What the code says of the journal, in the form of the tables of docs/journal.md."""

from __future__ import annotations

import re

from common.market.journal_mark import Mark, State, Witness, doubt
from common.market.journal_records import (
    CHAIN_BYTES,
    FRONT_BYTES,
    HEADER_BYTES,
    MAGIC,
    RECORD_MAGIC,
    VERSION,
)
from common.market.journal_sync import Sync
from common.message_log import KINDS
from tests.docs.pages import column, words

Rows = list[list[str]]
Compared = tuple[object, object]


def policies(rows: Rows) -> Compared:
    """Every policy; those that keep the id are those that expose nothing."""
    said = [(name, row[3] == "keeps its id") for name, row in zip(column(rows), rows, strict=True)]
    return said, [(str(policy), not policy.exposes) for policy in Sync]


def sizes(rows: Rows) -> Compared:
    """The fields of a header and of a record fill them; magic words, version and kinds are those written."""
    said = {part: sum(int(row[2]) for row in rows if row[0] == part and row[2] != "-") for part in ("header", "record")}
    text = {(row[0], row[1]): row[3] for row in rows}
    kinds = [(name, int(number)) for number, name in re.findall(r"(\d) ([a-z]+)", text["record", "kind"])]
    magic = [words(text[part, "magic"])[0].encode() for part in ("header", "record")]
    true = {"header": HEADER_BYTES, "record": FRONT_BYTES + CHAIN_BYTES}
    return (said, kinds, magic, text["header", "version"][-1]), (
        true, list(KINDS.items()), [MAGIC, RECORD_MAGIC.to_bytes(4, "little")], str(VERSION),
    )  # fmt: skip


def doubts(rows: Rows) -> Compared:
    """Every reason for another id."""
    said = {word for row in rows for word in words(row[1])}
    here, there = Witness("boot", 1), Witness("later", 1)
    mark = Mark(State.OPEN, b"id", b"chain", here, 1, exposed=True)
    closed = Mark(State.CLOSED, b"id", b"elsewhere", here, 1)
    copied = Witness("boot", 2)
    cases = ((mark, there), (closed, here), (mark, copied), (None, here))
    return said, {doubt(each, b"id", b"chain", witness) for each, witness in cases}
