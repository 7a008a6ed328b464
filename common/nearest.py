"""What was meant by a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 12


def did_you_mean(name: str, known: Iterable[str], listed: Iterable[str] = ()) -> str:
    """End of an error text: the closest known name, else some of them; empty if there are none.

    listed: what to show then, in this order; without it the names that are known, as the alphabet has them.
    """
    names = sorted(set(known))
    close = get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    shown = [*listed] or names
    return f"; there is {', '.join(shown[:SHOWN])}{' ...' if len(shown) > SHOWN else ''}" if shown else ""
