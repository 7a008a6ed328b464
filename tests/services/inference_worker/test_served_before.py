"""Who could serve an arm again when what serves it is unfit: by who served, then by what was meant, in the registry."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alphabus.testing import ManualClock
from common.errors import RegistryBusyError
from common.models.records import Event, ModelRef, Serving
from common.models.registry import Registry
from services.inference_worker.roster import Roster
from tests.services.cluster import silent_log, toy_config
from tests.services.inference_worker.desk import library

ROW = Serving("test", b"j" * 16, "live", "champion", 1, 1, "demo", 1)


class Archive:
    """A registry with four versions, of which the first is meant; a person's hand and the worker's roster."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(library(), folder / "registry")
        self.person = Registry(folder / "registry", clock=lambda: 1)
        config = toy_config(folder, folder / "registry")
        self.roster = Roster(config, ManualClock(), silent_log(), lambda _arm, _told: None)

    def ref(self, version: int) -> ModelRef:
        """As it is on record."""
        return self.person.version("demo", version).ref

    def serve(self, *versions: int) -> None:
        """One after the other, a bar each."""
        for bar, version in enumerate(versions, 1):
            self.person.record_serving(replace(ROW, bar=bar, version=version))

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
    (archive.person.folder(archive.ref(2)) / "manifest.json").write_text("{}")
    assert archive.before(4) == 1


def test_a_registry_that_cannot_be_read_knows_nobody(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker lives."""

    def busy(*_: object, **__: object) -> None:
        raise RegistryBusyError("busy")

    archive.serve(1, 2)
    monkeypatch.setattr(Registry, "last_served", busy)
    assert archive.before(2) is None


def test_every_refusal_since_the_alias_moved_counts_at_a_start(archive: Archive) -> None:
    """Not the newest one alone; a promotion ends them."""
    archive.serve(1)
    archive.promote(2)
    for version in (2, 3):
        ends = ("demo", 1), ("demo", version)
        archive.person.record(Event("swap_failed", "test", "champion", "champion", *ends), by="worker", why="unfit")
    assert archive.roster.posts()["champion"].model.version == 1
    archive.person.promote("test", "champion", "demo", 2, by="ann", why="sure", again=True)
    assert archive.roster.posts()["champion"].model.version == 2
