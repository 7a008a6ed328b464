"""A text model as LightGBM can be handed it: damage that would end the process is found before."""

import re

from common.errors import ModelError

_LINE = rb"(?:\A|(?<=[\r\n]))"
_TREE = re.compile(_LINE + rb"Tree=")
_SIZES = re.compile(_LINE + rb"tree_sizes=([^\r\n]*)")

_AFTER = (b"end of trees", b"feature importances")
"""What follows the last tree; the second in version 2."""


def loadable(text: str) -> bytes:
    """Return the text without `tree_sizes`; ModelError where its trees are not as long as that line says.

    By that line LightGBM reads the trees in several threads, where what it throws at a damaged one aborts the process.
    Without it the trees are read one after the other, to the same bits.
    """
    body = text.encode()
    if b"\0" in body:
        raise ModelError("the text holds a NUL, at which LightGBM would take it to end")
    first = _TREE.search(body)
    begin = first.start() if first else len(body)
    found = _SIZES.search(body, 0, begin)
    if found is None:
        return body
    _check_sizes(body, begin, found[1].split())
    return body[: found.start()] + body[found.end() :]


def _check_sizes(body: bytes, begin: int, sizes: list[bytes]) -> None:
    if not all(size.isdigit() for size in sizes):
        raise ModelError("tree_sizes is not a list of numbers")
    for number, size in enumerate(sizes):
        if not body.startswith(b"Tree=", begin):
            raise ModelError(f"{_CHANGED}: tree {number} does not begin where tree_sizes says")
        begin += int(size)
    if not body[begin:].lstrip().startswith(_AFTER):
        raise ModelError(f"{_CHANGED}: its trees do not end where tree_sizes says")


_CHANGED = "the text was cut or changed after LightGBM wrote it"
