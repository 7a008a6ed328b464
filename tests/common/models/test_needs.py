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
    assert "sp500/champion was started with or swapped to last" in refused(registry, 2)
    assert "sp500/challenger was started with or swapped to last" in refused(registry, 3)
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
    assert reliefs(registry) == [2, 1]
    assert registry.reliefs("sp500", "champion", "other") == []


def reliefs(registry: Registry) -> list[int]:
    """Which versions could serve the champion again, newest first."""
    return [version for _, version in registry.reliefs("sp500", "champion", "champion")]


def test_who_served_in_any_journal_could_serve_again(registry: Registry) -> None:
    """Before who was meant only, each once; of what was removed nobody speaks."""
    for version in (3, 4, 1):
        promote(registry, version)
    for version, journal in ((1, JOURNALS[0]), (2, JOURNALS[0]), (1, JOURNALS[1])):
        serve(registry, version, journal=journal)
    assert reliefs(registry) == [1, 2, 4, 3]
    removed(registry, 2)
    assert reliefs(registry) == [1, 4, 3]
    assert registry.served("sp500", "champion") == [("demo", 1)]


def test_what_an_arm_was_started_with_stays(registry: Registry) -> None:
    """It said nothing, and its alias moves on twice: it sits there, and may be the only one that can."""
    promote(registry, 1)
    swap(registry, 1, "start")
    for version in (2, 3):
        promote(registry, version)
    assert "sp500/champion was started with or swapped to last" in refused(registry, 1)
    assert wanted(registry) == [1, 2, 3]
    swap(registry, 3)
    assert removed(registry, 1)


def test_relief_from_further_back_is_wanted_once_it_is_brought_in(registry: Registry) -> None:
    """Whoever served last was started again, and failed; so did the one before: the row says who comes."""
    for version in (1, 2, 3):
        promote(registry, version)
        serve(registry, version)
    assert wanted(registry) == [2, 3]
    failed = Event("swap_failed", "sp500", "champion", "champion", ("demo", 1), ("demo", 3))
    registry.record(failed, by="inference_worker", why="")
    assert wanted(registry) == [1, 2, 3]
    swap(registry, 1)
    serve(registry, 1)
    assert wanted(registry) == [1, 2, 3]  # the alias still means 3: what it means, its rollback, and who serves


def test_a_row_is_told_again_and_stands_once(registry: Registry) -> None:
    """By who was killed before he knew that it is there; of another moment it is another."""
    event = Event("halt", "sp500", arm="champion")
    for moment in (5, 5, 6):
        registry.record(event, by="ann", why="", at_ns=moment, once=True)
    assert [row.time_ns for row in registry.history("sp500")] == [5, 6]
    fact = Serving("sp500", JOURNALS[0], "live", "champion", 4, 1, "demo", 1)
    for _ in range(2):
        registry.record_serving(fact, once=True)
    assert registry.served("sp500", "champion") == [("demo", 1)]


def test_a_retired_instance_needs_nothing(registry: Registry) -> None:
    """Neither what it served, nor what was swapped in, nor where it could go back to; others need what they need."""
    for version in (1, 2, 3):
        promote(registry, version)
    promote(registry, 1, "crypto")
    serve(registry, 2)
    swap(registry, 4)
    gone = registry.retire("sp500", by="ann", why="moved to another market")
    assert [(row.alias, row.ref.version) for row in gone] == [("champion", 3)]
    last = registry.history("sp500")[-1]
    assert (last.action, last.alias, last.source, last.target) == ("retire", "champion", ("demo", 3), None)
    assert registry.last_served("sp500", "champion") is None
    assert all(removed(registry, version) for version in (2, 3, 4))
    assert "crypto/champion means" in refused(registry, 1)


def test_an_instance_that_is_promoted_to_again_is_not_retired(registry: Registry) -> None:
    """What it served last counts again; a rollback does not reach behind the retirement."""
    promote(registry, 1)
    serve(registry, 1)
    registry.retire("sp500", by="ann", why="")
    promote(registry, 2)
    assert "served sp500/champion last" in refused(registry, 1)
    with pytest.raises(RegistryError, match="has not meant two versions"):
        registry.rollback("sp500", "champion", by="ann", why="")


def test_one_alias_of_several_is_given_up(registry: Registry) -> None:
    """What only it meant is free; what serves stays needed, until the last alias goes and with it the instance."""
    promote(registry, 1)
    registry.promote("sp500", "champoin", "demo", 2, by="ann", why="")
    serve(registry, 1)
    assert "give the alias up: retire" in refused(registry, 2)
    with pytest.raises(RegistryError, match="'sp500' has no alias 'champion2'; did you mean 'champion'"):
        registry.retire("sp500", "champion2", by="ann", why="")
    assert [row.alias for row in registry.retire("sp500", "champoin", by="ann", why="misspelt")] == ["champoin"]
    assert [row.alias for row in registry.aliases("sp500")] == ["champion"]
    assert removed(registry, 2)
    assert registry.last_served("sp500", "champion") is not None
    registry.retire("sp500", "champion", by="ann", why="")
    assert registry.last_served("sp500", "champion") is None
    assert removed(registry, 1)


def test_an_instance_without_aliases_is_not_retired(registry: Registry) -> None:
    """A name that was mistyped gets the closest; one that was retired already is told so."""
    promote(registry, 1)
    with pytest.raises(RegistryError, match="'sp50' has no alias; did you mean 'sp500'"):
        registry.retire("sp50", by="ann", why="")
    registry.retire("sp500", by="ann", why="")
    with pytest.raises(RegistryError, match="'sp500' has no alias any more"):
        registry.retire("sp500", by="ann", why="")
    assert registry.instances() == ["sp500"]
