"""What was meant by a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 12


def did_you_mean(name: str, known: Iterable[str], listed: Iterable[str] = (), *, most: int | None = SHOWN) -> str:
    """End of an error text: the closest known name, else some of them; empty if there are none.

    Capitals do not count. listed: what to show then, in this order; without it the names that are known, as the
    alphabet has them. most: how many of them, None for all.
    """
    names = sorted(set(known))
    close = get_close_matches(name, names, n=1) or get_close_matches(
        name.lower(), [each.lower() for each in names], n=1
    )
    if close:
        return f"; did you mean {next(each for each in names if each.lower() == close[0].lower())!r}?"
    shown = [*listed] or names
    more = len(shown) - len(shown[:most])
    return f"; there is {', '.join(shown[:most])}{f' ... and {more} more' if more else ''}" if shown else ""
