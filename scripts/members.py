"""A file of members, as commands take it: who has no bar is said, and is no error."""

from collections.abc import Iterable
from pathlib import Path

from common.market.constituents import Constituents, load_constituents
from common.market.strangers import strangers
from scripts.command import usage, warn


def members_of(file: Path | None, symbols: Iterable[str]) -> Constituents | None:
    """Who is a member as of when, if a file says so; typer.BadParameter for one that cannot be used."""
    if file is None:
        return None
    known = sorted(symbols)
    with usage("--members"):
        found = load_constituents(file, known)
    if (told := strangers(found, known)) is not None:
        warn(f"{file}: {told}")
    return found
