"""Every way in which a small file can be cut or have a bit turned."""

from __future__ import annotations

from collections.abc import Iterator


def cuts(content: bytes) -> Iterator[bytes]:
    """Its beginnings, from nothing to all but the last byte."""
    return (content[:length] for length in range(len(content)))


def flips(content: bytes) -> Iterator[bytes]:
    """With one bit turned, each in turn."""
    for place in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        yield bytes(damaged)


def holes(content: bytes, size: int) -> Iterator[bytes]:
    """With `size` bytes that never reached the disk, at each multiple of it; what was zero anyway is left out."""
    for start in range(0, len(content), size):
        damaged = content[:start] + bytes(len(content[start : start + size])) + content[start + size :]
        if damaged != content:
            yield damaged
