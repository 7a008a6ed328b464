"""Who could serve an arm again when what serves it is unfit: by who served, then by what was meant, in the registry."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alphabus.testing import ManualClock
from common.errors import ModelError, RegistryBusyError, RegistryError
from common.models.records import Event, ModelRef, Serving
from common.models.registry import Registry
from services.inference_worker.roster.roster import Roster
from tests.services.cluster import toy_config
from tests.services.inference_worker.desk import library

ROW = Serving("test", b"j" * 16, "live", "champion", 1, 1, "demo", 1)


class Archive:
    """A registry with four versions, of which the first is meant; a person's hand and the worker's roster."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(library(), folder / "registry")
        self.person = Registry(folder / "registry", clock=lambda: 1)
        config = toy_config(folder, folder / "registry")
        self.roster = Roster(config, ManualClock(), lambda _arm, _told: None)

    def ref(self, version: int) -> ModelRef:
        """As it is on record."""
        return self.person.version("demo", version).ref

    def serve(self, *versions: int, journal: bytes = ROW.journal) -> None:
        """One after the other, a bar each."""
        for bar, version in enumerate(versions, 1):
            self.person.record_serving(replace(ROW, bar=bar, version=version, journal=journal))

    def refuse(self, version: int, at_ns: int = 1) -> None:
        """A swap to it failed."""
        ends = ("demo", 1), ("demo", version)
        event = Event("swap_failed", "test", "champion", "champion", *ends)
        self.person.record(event, by="worker", why="unfit", at_ns=at_ns)

    def damage(self, version: int) -> None:
        """Its files are not what they were."""
        (self.person.folder(self.ref(version)) / "manifest.json").write_text("{}")

    def starts_with(self) -> int:
        """Which version a worker that starts now serves the champion with."""
        return self.roster.posts()["champion"].model.version

    def seats(self) -> list[tuple[int | None, int]]:
        """From whom to whom, of every row that says what an arm was started with."""
        rows = [row for row in self.person.history("test", "champion") if row.action == "start"]
        return [(row.source and row.source[1], row.target[1]) for row in rows if row.target is not None]

    def promote(self, *versions: int) -> None:
        """One after the other."""
        for version in versions:
            self.person.promote("test", "champion", "demo", version, by="ann", why="better")

    def before(self, *unfit: int) -> int | None:
        """Who could serve again when these are unfit."""
        post = self.roster.served_before("champion", {self.ref(version) for version in unfit})
        return None if post is None else post.model.version


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Closed at the end."""
    it = Archive(tmp_path)
    yield it
    it.roster.close()
    it.person.close()


@pytest.mark.parametrize(
    ("served", "meant", "unfit", "found"),
    [
        ((), (), (1,), None),
        ((1,), (), (1,), None),
        ((1,), (2,), (2,), 1),
        ((1, 2), (2,), (2,), 1),
        ((1, 2, 3), (2, 3), (3, 2), 1),
        ((1, 2, 1, 2), (2,), (2,), 1),
        ((), (2,), (2,), 1),
        ((), (2, 3), (3,), 2),
        ((), (2, 3), (3, 2), 1),
        ((), (2, 1, 2), (2,), 1),
        ((), (2, 1, 2), (2, 1), None),
        ((2,), (2, 3, 2), (2,), 3),
        ((4, 2), (2, 3, 2), (2,), 4),
    ],
)
def test_who_served_comes_before_who_was_meant(
    archive: Archive, served: tuple[int, ...], meant: tuple[int, ...], unfit: tuple[int, ...], found: int | None
) -> None:
    """The newest of them that is not unfit itself."""
    archive.promote(*meant)
    archive.serve(*served)
    assert archive.before(*unfit) == found


def test_what_is_gone_is_passed_over(archive: Archive) -> None:
    """One version was removed, and another's files are damaged: the one before them."""
    archive.serve(1, 2, 3, 4)
    archive.person.remove("demo", 3, by="ann", why="bad")
    archive.damage(2)
    assert archive.before(4) == 1


def test_who_served_in_another_journal_counts(archive: Archive) -> None:
    """The feed's numbering began anew since: it served all the same, before anything that was only meant."""
    archive.promote(2, 3, 4)
    archive.serve(1, 2)
    archive.serve(4, journal=b"k" * 16)
    assert [archive.before(4), archive.before(4, 2), archive.before(4, 2, 1)] == [2, 1, 3]


def test_a_start_goes_back_to_the_last_that_served_and_can(archive: Archive) -> None:
    """In whatever journal: what served last was damaged since, and what the alias means was refused: it comes last."""
    archive.serve(1, 2)
    archive.serve(3, journal=b"k" * 16)
    archive.promote(4)
    archive.refuse(4)
    archive.damage(3)
    assert archive.starts_with() == 2
    archive.damage(2)
    archive.damage(1)
    assert archive.starts_with() == 4
    archive.damage(4)
    with pytest.raises(ModelError, match="manifest"):
        archive.starts_with()


def test_what_served_last_goes_on_though_it_was_refused_since(archive: Archive) -> None:
    """It served, then failed to relieve another: it is still the last that served."""
    archive.serve(2, 1)
    archive.refuse(1)
    assert archive.starts_with() == 1


def test_what_an_arm_starts_with_is_on_record(archive: Archive) -> None:
    """Once; not where it spoke last, or was swapped in last; and again when it is another."""
    for _ in range(2):
        assert archive.starts_with() == 1
    assert archive.seats() == [(None, 1)]
    archive.serve(1)
    archive.promote(2)
    for _ in range(2):
        assert archive.starts_with() == 2
    archive.refuse(2)
    assert archive.starts_with() == 1
    assert archive.seats() == [(None, 1), (1, 2), (2, 1)]


def test_what_a_silent_arm_was_started_with_is_not_removed(archive: Archive) -> None:
    """It said nothing, nothing took over, and its alias moved on twice: the worker holds it still."""
    assert archive.starts_with() == 1
    archive.promote(2, 3)
    with pytest.raises(RegistryError, match="was started with"):
        archive.person.remove("demo", 1, by="ann", why="space")
    assert ("demo", 1) in archive.person.wanted("test", "champion", "champion")


def test_a_refusal_that_had_to_wait_is_not_of_a_later_promotion(archive: Archive) -> None:
    """The registry was busy, then somebody promoted again, then the row was written: that promotion is to be tried."""
    archive.serve(1)
    archive.promote(2)
    archive.refuse(2, at_ns=0)
    assert archive.starts_with() == 2
    archive.refuse(2, at_ns=1)
    assert archive.starts_with() == 1


def test_a_registry_that_cannot_be_read_knows_nobody(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker lives."""

    def busy(*_: object, **__: object) -> None:
        raise RegistryBusyError("busy")

    archive.serve(1, 2)
    monkeypatch.setattr(Registry, "reliefs", busy)
    assert archive.before(2) is None


def test_every_refusal_since_the_alias_moved_counts_at_a_start(archive: Archive) -> None:
    """Not the newest one alone; a promotion ends them."""
    archive.serve(1)
    archive.promote(2)
    for version in (2, 3):
        archive.refuse(version)
    assert archive.starts_with() == 1
    archive.person.promote("test", "champion", "demo", 2, by="ann", why="sure", again=True)
    assert archive.starts_with() == 2
