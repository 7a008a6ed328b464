"""Symbols that have no bar: of another time, of another source, or misspelt."""

from collections.abc import Iterable
from difflib import get_close_matches

from common.market.constituents import Constituents

SHOWN = 3


def strangers(constituents: Constituents, symbols: Iterable[str]) -> str | None:
    """What to say of members who are none of the bars' symbols, with what was meant where one is close; or None."""
    return without_bars((each.symbol for each in constituents.intervals), symbols, "members")


def without_bars(symbols_named: Iterable[str], symbols: Iterable[str], what: str) -> str | None:
    """The same of any symbols; `what` says whose they are."""
    named, known = set(symbols_named), set(symbols)
    unknown = sorted(named - known)
    if not unknown:
        return None
    free = sorted(known - named)
    shown = ", ".join(_shown(symbol, free) for symbol in unknown[:SHOWN])
    more = len(unknown) - SHOWN
    return f"{len(unknown):,} of {len(named):,} {what} have no bar: {shown}{f' and {more:,} more' if more > 0 else ''}"


def _shown(symbol: str, free: list[str]) -> str:
    """With the closest symbol that is no member: one that is cannot have been meant."""
    close = get_close_matches(symbol, free, n=1, cutoff=0.8)
    return f"{symbol!r} (did you mean {close[0]!r}?)" if close else repr(symbol)
