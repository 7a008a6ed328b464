"""Replacing a file: the old one or the new one, never a mixture."""

from contextlib import suppress
from pathlib import Path

from common.atomic import replacing


def test_the_new_content_takes_the_place(tmp_path: Path) -> None:
    """A block that ends well replaces the file and leaves nothing else behind."""
    target = tmp_path / "deep" / "file"
    for content in (b"old", b"new"):
        with replacing(target) as temporary:
            temporary.write_bytes(content)
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_the_old_content(tmp_path: Path) -> None:
    """A block that fails half way leaves the old file and no temporary one."""
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with suppress(RuntimeError), replacing(target) as temporary:
        temporary.write_bytes(b"ne")
        raise RuntimeError("half way")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
