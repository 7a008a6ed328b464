"""Where a registry cannot be opened or written: what it is, where, and what to do."""

from pathlib import Path

import pytest

from common.errors import RegistryError
from common.models.registry import Registry
from tests.common.models.sample_bundle import sketch


def _clock() -> int:
    return 1


def test_one_that_has_to_be_there_is_not_made(tmp_path: Path) -> None:
    """Neither for reading nor for changing: a mistyped folder must not become a registry."""
    for read_only in (False, True):
        with pytest.raises(RegistryError, match=r"there is no registry at .*; train a model first, or name another"):
            Registry(tmp_path / "nope" / "registry", clock=_clock, read_only=read_only, existing=not read_only)
    assert list(tmp_path.iterdir()) == []
    for existing in (False, True):
        Registry(tmp_path / "registry", clock=_clock, existing=existing).close()


def test_a_folder_that_cannot_be_made_is_said_in_words() -> None:
    """An error of ours, which names the file."""
    with pytest.raises(RegistryError, match=r"registry /proc/none/registry.sqlite: .*; are disk and folder writable"):
        Registry(Path("/proc/none"), clock=_clock)


@pytest.mark.parametrize(
    ("pragma", "told"),
    [
        ("max_page_count = 1", "full; is the disk full?"),
        ("query_only = ON", "readonly database; are disk and folder writable?"),
    ],
)
def test_a_file_that_cannot_be_written_says_what_to_look_at(pragma: str, told: str, tmp_path: Path) -> None:
    """A disk that is full, or read-only, beside the words of SQLite; nothing of the change is there."""
    with Registry(tmp_path, clock=_clock) as registry:
        registry._connection.rows(f"PRAGMA {pragma}")
        with pytest.raises(RegistryError) as caught:
            registry.add(sketch("demo", 1), author="a" * 10_000)
        assert str(caught.value).endswith(told)
        assert registry.models() == []
