"""How many of what, as people read it."""


def amount(count: int, noun: str) -> str:
    """The number with commas, and the noun, or the last of several words, with an s where it is not one of it."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
