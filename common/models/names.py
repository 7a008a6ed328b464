"""Names of models, aliases and instances: what is allowed, and what was probably meant."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from common.errors import RegistryError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_name(what: str, name: str) -> str:
    """Return `name` if it is a legal name; RegistryError saying whose name is not otherwise."""
    if not _NAME.fullmatch(name):
        raise RegistryError(f"{what} name {name!r} is not allowed: it must match ^{_NAME.pattern}$")
    return name


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """End of an error text: the closest known name, else all of them; empty if there are none."""
    names = sorted(set(known))
    close = get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there is {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}" if names else ""
