"""Names that become paths and topics, of models, aliases, instances, kinds and factor sets: what is allowed."""

import re

from common.errors import RegistryError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_name(what: str, name: str) -> str:
    """Return `name` if it is a legal name; RegistryError saying whose name is not otherwise."""
    if not NAME.fullmatch(name):
        raise RegistryError(f"{what} name {name!r} is not allowed: it must match ^{NAME.pattern}$")
    return name
