"""Names of models, aliases and instances: what is allowed."""

import re

from common.errors import RegistryError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_name(what: str, name: str) -> str:
    """Return `name` if it is a legal name; RegistryError saying whose name is not otherwise."""
    if not _NAME.fullmatch(name):
        raise RegistryError(f"{what} name {name!r} is not allowed: it must match ^{_NAME.pattern}$")
    return name
