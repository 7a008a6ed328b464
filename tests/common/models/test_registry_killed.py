"""A process killed at every step of every change leaves the registry as it was before or after, never between."""

import inspect
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.models.bundle import load_bundle
from common.models.records import AliasRow, Change, ModelRow, Serving
from common.models.registry import Registry
from common.models.shelf import Shelf
from common.models.signature import read_signature
from tests.common.models.mortal import KEY, NOW_NS, VERBS, Mortals, apply, mortals
from tests.common.models.sample_bundle import sketch

CHANGES: dict[str, list[Any]] = {
    "a new version": ["add", "demo", 9],
    "a version that was removed": ["add", "demo", 2],
    "a version from elsewhere": ["receive", "demo", 8],
    "a removed version from elsewhere": ["receive", "demo", 2],
    "a first alias": ["promote", "crypto", "champion", "demo", 1, False],
    "an alias moved": ["promote", "sp500", "champion", "demo", 1, False],
    "an alias that stays": ["promote", "sp500", "champion", "demo", 3, True],
    "an alias moved back": ["rollback", "sp500", "champion"],
    "a version removed": ["remove", "demo", 4],
    "a signature": ["sign", "demo", 1],
    "an instance retired": ["retire", "sp500", None],
    "an alias retired": ["retire", "sp500", "champion"],
    "an arm halted": ["halt", "sp500"],
    "a model that serves": ["serve", "sp500", 5, "demo", 1],
}


def test_every_change_is_killed() -> None:
    """A new one that is not among these fails; and these are all that take a transaction."""
    assert {change[0] for change in CHANGES.values()} == set(VERBS)
    changing = {name for kind in (Shelf, Registry) for name, verb in vars(kind).items() if writes(verb)}
    told = {"add", "remove", "sign", "promote", "rollback", "retire", "record", "record_serving"}
    assert changing == told | {"register", "sweep"}  # parts of `add` and `remove`


def writes(verb: object) -> bool:
    """Whether a verb of the registry opens a transaction."""
    return inspect.isfunction(verb) and ".writing()" in inspect.getsource(verb)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a registry says."""

    models: list[ModelRow]
    removed: list[ModelRow]
    aliases: list[AliasRow]
    history: list[Change]
    signatures: list[bytes | None]
    served: Serving | None


@pytest.fixture(scope="module")
def deadly() -> Iterator[Mortals]:
    """Processes that can be killed."""
    with mortals() as made:
        yield made


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four versions, one of them removed; an alias that was moved."""
    root = tmp_path_factory.mktemp("before") / "registry"
    with Registry(root, clock=lambda: NOW_NS) as registry:
        for seed in (1, 2, 3, 4):
            registry.add(sketch("demo", seed), author="ann")
        registry.remove("demo", 2, by="ann", why="")
        for version in (1, 3):
            registry.promote("sp500", "champion", "demo", version, by="ann", why="")
    return root


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_it_is_before_or_after(before: Path, tmp_path: Path, deadly: Mortals, what: str) -> None:
    """At every step: whole, true to its files, open to the next writer at once, and mended by trying again."""
    was, will_be = seen(before), _seen_after(before, tmp_path / "whole", CHANGES[what])
    outcomes = []
    for step in range(10_000):
        root = shutil.copytree(before, tmp_path / f"step-{step}")
        if deadly.run(root, CHANGES[what], kill_at=step) == "done":
            break
        found = seen(root)
        assert found in (was, will_be)
        outcomes.append(found == will_be)
        with Registry(root, clock=lambda: NOW_NS, timeout_s=0.0) as registry:
            if found == was:
                apply(registry, CHANGES[what])
            registry.sweep()
        assert seen(root) == will_be
        assert leftovers(root) == set()
        shutil.rmtree(root)
    # Before the change takes effect it is the old one, afterwards the new one, and never the old one again.
    assert outcomes == sorted(outcomes)
    assert len(outcomes) > 10
    assert not outcomes[0]


def seen(root: Path) -> Seen:
    """What a reader finds; every version's bundle is whole."""
    with Registry(root, clock=lambda: NOW_NS, read_only=True, timeout_s=0.0) as registry:
        for row in registry.models():
            assert load_bundle(registry.folder(row.ref)).digest == row.ref.digest
        signatures = [read_signature(registry.folder(row.ref)) for row in registry.models()]
        rows = (registry.models(), registry.models(removed=True), registry.aliases(), registry.history())
        return Seen(*rows, signatures, registry.last_served("sp500", "champion"))


def leftovers(root: Path) -> set[str]:
    """Names in the folder of bundles that belong to no version."""
    with Registry(root, clock=lambda: NOW_NS, read_only=True) as registry:
        known = {row.ref.digest for row in registry.models()}
    return {path.name for path in (root / "bundles").iterdir()} - known - {f"{digest}.signature" for digest in known}


def _seen_after(before: Path, root: Path, change: list[Any]) -> Seen:
    shutil.copytree(before, root)
    with Registry(root, clock=lambda: NOW_NS) as registry:
        apply(registry, change)
    return seen(root)


def test_a_signature_counts_when_it_is_there(before: Path, tmp_path: Path, deadly: Mortals) -> None:
    """The one who signs is killed at any step: the bundle is signed, or it is not."""
    root = shutil.copytree(before, tmp_path / "registry")
    assert deadly.run(root, ["sign", "demo", 1]) == "done"
    with Registry(root, clock=lambda: NOW_NS, key=KEY) as registry:
        assert registry.load(registry.version("demo", 1).ref) == sketch("demo", 1)
