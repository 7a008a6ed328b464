"""What the launcher's log says of an end that nobody asked for (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_END = re.compile(r" system *\| (?P<name>\w+)\.\d+ stopped \(rc=(?P<status>-?\d+)\)")


def last_words(log: Sequence[str], lines: int = 5) -> list[str]:
    """What the processes wrote to standard error last, honcho's own lines left out."""
    said = [line.partition("| ")[2] for line in log if " system " not in line]
    return [line for line in said if line.strip()][-lines:]


def how_it_ended(log: Sequence[str]) -> str:
    """The last words; where there are none, whose end came first."""
    if words := last_words(log):
        return "\n".join(["their last words:", *(f"  {line}" for line in words)])
    end = next(filter(None, map(_END.search, log)), None)
    if end is None:
        return "nothing was said"
    status = int(end["status"])
    how = f"was killed (signal {-status})" if status < 0 else f"ended with status {status}"
    return f"the supervisor of {end['name']} {how} without a word, and all others with it"
