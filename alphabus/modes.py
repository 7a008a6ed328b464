"""Which mode of sections somebody asks for."""

from __future__ import annotations

from difflib import get_close_matches

from alphabus.errors import ModeError
from alphabus.messages import Mode

ASKED = (Mode.LIVE, Mode.REPLAY)


def mode_of(text: Mode | str) -> Mode:
    """The mode of this name; raises ModeError with the closest for one that no signal has."""
    found = next((mode for mode in ASKED if mode == text), None)
    if found is None:
        close = get_close_matches(str(text).lower(), [mode.value for mode in ASKED], n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(ASKED)}"
        raise ModeError(f"no signal is of mode {str(text)!r}; {hint}")
    return found
