"""The body of a universe: its symbols joined by newlines, which its digest must name (pure)."""

from __future__ import annotations

from typing import Any, Final

from alphabus.columns import MAX_SYMBOLS
from alphabus.errors import DecodeError
from alphabus.messages import universe_digest

MAX_SYMBOL: Final = 64


def pack(symbols: tuple[str, ...]) -> bytes:
    """The symbols as bytes."""
    return "\n".join(symbols).encode("ascii")


def unpack(body: memoryview, digest: Any) -> tuple[str, ...]:
    """The symbols in a body; raises DecodeError."""
    try:
        text = bytes(body).decode("ascii")
    except UnicodeDecodeError as error:
        raise DecodeError("body", f"symbols are not ASCII: {error}") from error
    symbols = tuple(text.split("\n")) if text else ()
    check(symbols, digest)
    return symbols


def check(symbols: tuple[str, ...], digest: Any) -> None:
    """Raise DecodeError unless these are different, printable, not too many, and what the digest names."""
    if len(symbols) > MAX_SYMBOLS:
        raise DecodeError("body", f"{len(symbols)} symbols; the limit is {MAX_SYMBOLS}")
    if len(set(symbols)) != len(symbols):
        raise DecodeError("body", "a symbol stands twice")
    if not _all_sound(symbols):
        _refuse_first(symbols)
    if digest != universe_digest(symbols):
        raise DecodeError("body", "the symbols are not those the digest names")


def _all_sound(symbols: tuple[str, ...]) -> bool:
    """By looking at all of them at once: there are thousands, and each reader of a list checks it."""
    lengths, text = set(map(len, symbols)), "".join(symbols)
    return _is_plain(text) and 0 not in lengths and max(lengths, default=0) <= MAX_SYMBOL


def _refuse_first(symbols: tuple[str, ...]) -> None:
    """Say which symbol is wrong; raises DecodeError."""
    for symbol in symbols:
        if not (0 < len(symbol) <= MAX_SYMBOL and _is_plain(symbol)):
            raise DecodeError("body", f"symbol {symbol!r:.80} is not printable ASCII without spaces, at most 64 long")


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
