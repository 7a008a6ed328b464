"""The bytes of a journal: segment headers and records, little-endian, each part guarded by a checksum or the chain."""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from zlib import crc32

MAGIC = b"ALPHJRNL"
VERSION = 1
RECORD_MAGIC = 0x4352424A  # the bytes "JBRC"
MAX_PAYLOAD = 1 << 28
GENESIS = bytes(32)

_HEADER = struct.Struct("<8sI16s32s")
_RECORD = struct.Struct("<IIBQ")
_CRC = struct.Struct("<I")
_LINK = struct.Struct("<BQ")
_MARK = struct.pack("<I", RECORD_MAGIC)

HEADER_BYTES = _HEADER.size + _CRC.size
FRONT_BYTES = _RECORD.size + _CRC.size
CHAIN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Record:
    """One entry: what kind of message, of which section, and its bytes."""

    kind: int
    bar: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """How a segment begins: whose numbering it is, and the chain over everything before it."""

    id: bytes
    chain: bytes
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Found:
    """A valid record at `offset`, ending at `end`, with the chain after it."""

    record: Record
    offset: int
    end: int
    chain: bytes


def pack_header(header: Header) -> bytes:
    """Magic, version, journal id, chain so far, CRC-32 of these."""
    front = _HEADER.pack(MAGIC, header.version, header.id, header.chain)
    return front + _CRC.pack(crc32(front))


def unpack_header(data: bytes | memoryview) -> Header | None:
    """The header at the start of a segment; None when it is torn or flipped."""
    if len(data) < HEADER_BYTES:
        return None
    front = bytes(data[: _HEADER.size])
    magic, version, identity, chain = _HEADER.unpack(front)
    if magic != MAGIC or _CRC.unpack_from(data, _HEADER.size) != (crc32(front),):
        return None
    return Header(identity, chain, version)


def link(chain: bytes, record: Record) -> bytes:
    """The chain after a record: SHA-256(previous chain, kind, bar, payload)."""
    digest = hashlib.sha256(chain + _LINK.pack(record.kind, record.bar))
    digest.update(record.payload)
    return digest.digest()


def pack_record(record: Record, chain: bytes) -> list[bytes]:
    """The bytes in parts: magic, length, kind, bar and the CRC-32 of these; the payload; the chain after it."""
    front = _RECORD.pack(RECORD_MAGIC, len(record.payload), record.kind, record.bar)
    return [front + _CRC.pack(crc32(front)), record.payload, chain]


def front_at(data: memoryview, offset: int) -> tuple[int, int, int] | None:
    """(length, kind, bar) of the record that begins at `offset`, when its front is whole and its checksum right."""
    if len(data) - offset < FRONT_BYTES:
        return None
    magic, length, kind, bar = _RECORD.unpack_from(data, offset)
    crc = crc32(data[offset : offset + _RECORD.size])
    sound = magic == RECORD_MAGIC and _CRC.unpack_from(data, offset + _RECORD.size) == (crc,)
    return (length, kind, bar) if sound and length <= MAX_PAYLOAD else None


def record_at(data: memoryview, offset: int, chain: bytes) -> Found | None:
    """The valid record at `offset` after `chain`; None when it is torn, flipped or from another history."""
    front = front_at(data, offset)
    if front is None:
        return None
    length, kind, bar = front
    start, end = offset + FRONT_BYTES, offset + FRONT_BYTES + length + CHAIN_BYTES
    if end > len(data):
        return None
    record = Record(kind, bar, bytes(data[start : start + length]))
    after = link(chain, record)
    return Found(record, offset, end, after) if data[end - CHAIN_BYTES : end] == after else None


def read_record(file: BinaryIO, chain: bytes) -> Found | None:
    """The valid record where the file stands, after `chain`; None when it is torn, flipped or not there."""
    offset = file.tell()
    front = front_at(memoryview(file.read(FRONT_BYTES)), 0)
    if front is None:
        return None
    length, kind, bar = front
    record = Record(kind, bar, file.read(length))
    after = link(chain, record)
    whole = file.read(CHAIN_BYTES) == after
    return Found(record, offset, offset + FRONT_BYTES + length + CHAIN_BYTES, after) if whole else None


def records_from(data: memoryview, offset: int, chain: bytes) -> Iterator[Found]:
    """Valid records from `offset` on, up to the first that is not."""
    while (found := record_at(data, offset, chain)) is not None:
        yield found
        offset, chain = found.end, found.chain


def find_front(data: memoryview, offset: int) -> int | None:
    """Where, from `offset` on, the next front of a record stands: the evidence that something was written there."""
    whole = bytes(data[offset:])
    at = whole.find(_MARK)
    while at >= 0:
        if front_at(data, offset + at) is not None:
            return offset + at
        at = whole.find(_MARK, at + 1)
    return None
