"""What is not removed: what an alias means, what served an arm last, what a rollback would bring back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import RegistryError
from common.models.records import Action, Event, Serving
from common.models.registry import Registry
from tests.common.models.sample_bundle import sketch

JOURNALS = b"i" * 16, b"j" * 16


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry with four versions of `demo`."""
    with Registry(tmp_path, clock=lambda: 7) as opened:
        for seed in range(4):
            opened.add(sketch("demo", seed), author="ann")
        yield opened


def promote(registry: Registry, version: int, instance: str = "sp500") -> None:
    """Make the champion of an instance mean a version."""
    registry.promote(instance, "champion", "demo", version, by="ann", why="")


def serve(registry: Registry, version: int, *, arm: str = "champion", journal: bytes = JOURNALS[0]) -> None:
    """Put on record that an arm of sp500 is served by a version."""
    registry.record_serving(Serving("sp500", journal, "live", arm, 1, 1, "demo", version))


def swap(registry: Registry, version: int, action: Action = "swap", *, arm: str = "champion") -> None:
    """Put on record that a worker changed to a version, or failed to."""
    event = Event(action, "sp500", "champion", arm, ("demo", 1), ("demo", version))
    registry.record(event, by="inference_worker", why="")


def refused(registry: Registry, version: int) -> str:
    """Why a version is not removed; it is there, with its files, and nothing is on record."""
    before = registry.history()
    with pytest.raises(RegistryError) as error:
        registry.remove("demo", version, by="ann", why="")
    assert registry.history() == before
    assert registry.load(registry.version("demo", version).ref) == sketch("demo", version - 1)
    return str(error.value)


def removed(registry: Registry, version: int) -> bool:
    """Whether a version is gone, files and all, once it was removed."""
    return not registry.folder(registry.remove("demo", version, by="ann", why="")).exists()


def test_what_an_alias_means_stays(registry: Registry) -> None:
    """The error names every alias, of any instance; unknown names get the closest."""
    promote(registry, 1)
    promote(registry, 1, "crypto")
    assert "crypto/champion, sp500/champion means" in refused(registry, 1)
    with pytest.raises(RegistryError, match="did you mean 'demo'"):
        registry.remove("dem", 1, by="ann", why="")


def test_what_a_rollback_goes_to_stays(registry: Registry) -> None:
    """Until the alias moves once more; what it meant earlier is free."""
    for version in (1, 2, 3):
        promote(registry, version)
    assert "sp500/champion meant before, and a rollback goes there" in refused(registry, 2)
    assert removed(registry, 1)
    promote(registry, 4)
    assert removed(registry, 2)
    assert registry.rollback("sp500", "champion", by="ann", why="").version == 3


def test_where_a_rollback_came_from_stays(registry: Registry) -> None:
    """The second rollback leads back to it."""
    for version in (1, 2):
        promote(registry, version)
    registry.rollback("sp500", "champion", by="ann", why="")
    assert "a rollback goes there" in refused(registry, 2)


def test_a_promotion_again_frees_nothing(registry: Registry) -> None:
    """The alias did not move: a rollback still goes to what it meant before."""
    for version in (1, 2):
        promote(registry, version)
    registry.promote("sp500", "champion", "demo", 2, by="ann", why="", again=True)
    assert "a rollback goes there" in refused(registry, 1)


def test_what_serves_stays(registry: Registry) -> None:
    """Of every arm what was recorded last, in whatever journal; what served before it is free."""
    serve(registry, 1)
    serve(registry, 2, journal=JOURNALS[1])
    serve(registry, 3, arm="challenger")
    assert "served sp500/champion last" in refused(registry, 2)
    assert "served sp500/challenger last" in refused(registry, 3)
    assert removed(registry, 1)
    serve(registry, 3)
    assert "sp500/challenger, sp500/champion" in refused(registry, 3)
    assert removed(registry, 2)


def test_a_wish_that_never_served_does_not_free_what_does(registry: Registry) -> None:
    """The alias moved on, the worker refused: what served last is what a restart needs."""
    promote(registry, 1)
    serve(registry, 1)
    for version in (2, 3, 4):
        promote(registry, version)
    assert "serves it still or after a restart" in refused(registry, 1)
    assert removed(registry, 2)


def test_what_was_swapped_in_stays(registry: Registry) -> None:
    """Of every arm: it serves, though a halted arm says nothing that would be a row of its own."""
    serve(registry, 1)
    swap(registry, 2)
    swap(registry, 3, arm="challenger")
    swap(registry, 4, "swap_failed")
    assert "swapped in by sp500/champion last" in refused(registry, 2)
    assert "swapped in by sp500/challenger last" in refused(registry, 3)
    assert removed(registry, 4)
    swap(registry, 1)
    assert removed(registry, 2)


def wanted(registry: Registry) -> list[int]:
    """Which versions are to be kept ready for the champion."""
    return sorted(version for _, version in registry.wanted("sp500", "champion", "champion"))


def test_what_is_kept_ready_for_an_arm(registry: Registry) -> None:
    """What the alias means and meant before, what served last, and what was swapped in last."""
    assert wanted(registry) == []
    for version in (1, 2, 3):
        promote(registry, version)
    serve(registry, 1)
    assert wanted(registry) == [1, 2, 3]
    serve(registry, 3)
    assert wanted(registry) == [2, 3]
    swap(registry, 4)
    assert wanted(registry) == [2, 3, 4]


def test_what_is_promoted_again_keeps_what_was_before_it_ready(registry: Registry) -> None:
    """A rollback goes there."""
    for version in (1, 2, 2):
        registry.promote("sp500", "champion", "demo", version, by="ann", why="", again=True)
    serve(registry, 2)
    assert wanted(registry) == [1, 2]


def test_where_nothing_ever_served_what_would_relieve_is_kept_ready(registry: Registry) -> None:
    """A model that was swapped in may be unfit: what the alias meant before it is brought in."""
    for version in (1, 2, 3):
        promote(registry, version)
    assert wanted(registry) == [2, 3]
    swap(registry, 2)
    assert wanted(registry) == [1, 2, 3]
    assert registry.meant_before("sp500", "champion", ("demo", 2)) == ("demo", 1)
    assert registry.meant_before("sp500", "champion", ("demo", 3)) == ("demo", 2)
    assert registry.meant_before("sp500", "other", ("demo", 3)) is None
