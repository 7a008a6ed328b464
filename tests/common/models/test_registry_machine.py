"""The registry against plain lists: any order of changes, by two writers and by those that are killed, agrees."""

import shutil
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from common.errors import RegistryError
from common.models.bundle import load_bundle
from common.models.records import Serving
from common.models.registry import Registry
from tests.common.models.mortal import NOW_NS, Mortals, apply, mortals
from tests.common.models.sample_bundle import sketch

_NAMES = st.sampled_from(["demo", "other"])
_INSTANCES = st.sampled_from(["sp500", "crypto"])
_ALIASES = st.sampled_from(["champion", "challenger"])
_VERSIONS = st.integers(1, 4)
_SIDES = st.integers(0, 1)
_CHANGES = st.one_of(
    st.tuples(st.just("add"), _NAMES, st.integers(0, 3)),
    st.tuples(st.just("promote"), _INSTANCES, _ALIASES, _NAMES, _VERSIONS),
    st.tuples(st.just("rollback"), _INSTANCES, _ALIASES),
    st.tuples(st.just("remove"), _NAMES, _VERSIONS),
).map(list)


Key = tuple[str, int]


@dataclass
class Remembered:
    """A registry as plain lists."""

    digests: dict[str, list[str]] = field(default_factory=lambda: {"demo": [], "other": []})
    removed: set[Key] = field(default_factory=set)
    aliases: dict[tuple[str, str], Key] = field(default_factory=dict)
    history: list[tuple[object, ...]] = field(default_factory=list)

    def change(self, verb: str, *values: Any) -> bool:
        """Do as the registry should; False if it should refuse."""
        return bool(getattr(self, f"_{verb}")(*values))

    def _add(self, name: str, seed: int) -> bool:
        digest = sketch(name, seed).digest
        known = self.digests[name]
        if digest in known and (name, known.index(digest) + 1) not in self.removed:
            return True
        if digest not in known:
            known.append(digest)
        key = (name, known.index(digest) + 1)
        self.removed.discard(key)
        self.history.append(("register", None, None, None, key))
        return True

    def _promote(self, instance: str, alias: str, name: str, version: int) -> bool:
        if not self._is_there(name, version):
            return False
        self._move("promote", (instance, alias), (name, version))
        return True

    def _rollback(self, instance: str, alias: str) -> bool:
        moves = [row for row in self.history if row[1:3] == (instance, alias)]
        source = moves[-1][3] if moves else None
        if not isinstance(source, tuple) or not self._is_there(*source):
            return False
        self._move("rollback", (instance, alias), source)
        return True

    def _remove(self, name: str, version: int) -> bool:
        if not self._is_there(name, version) or (name, version) in self.aliases.values():
            return False
        self.removed.add((name, version))
        self.history.append(("remove", None, None, (name, version), None))
        return True

    def _move(self, action: str, alias: tuple[str, str], target: Key) -> None:
        before = self.aliases.get(alias)
        if before != target:
            self.aliases[alias] = target
            self.history.append((action, *alias, before, target))

    def _is_there(self, name: str, version: int) -> bool:
        return 1 <= version <= len(self.digests[name]) and (name, version) not in self.removed


class RegistryMachine(RuleBasedStateMachine):
    """What a plain model of the registry remembers, it must answer: two writers, and a third that is killed."""

    deadly: Mortals

    def __init__(self) -> None:
        super().__init__()
        self._root = Path(tempfile.mkdtemp())
        self._sides = [Registry(self._root, clock=lambda: NOW_NS) for _ in range(2)]
        self._model = Remembered()
        self._serving: list[Serving] = []

    def teardown(self) -> None:
        """Leave nothing behind."""
        for side in self._sides:
            side.close()
        shutil.rmtree(self._root)

    @rule(side=_SIDES, change=_CHANGES)
    def change(self, side: int, change: list[Any]) -> None:
        """Whatever the plain model refuses, the registry refuses, and nothing else."""
        expected = self._model.change(*change)
        try:
            apply(self._sides[side], change)
        except RegistryError:
            assert not expected
        else:
            assert expected

    @rule(change=_CHANGES, step=st.integers(0, 60))
    def change_and_die(self, change: list[Any], step: int) -> None:
        """A process is killed in the middle: what it wanted happened, or did not."""
        outcome = self.deadly.run(self._root, change, kill_at=step)
        after = deepcopy(self._model)
        allowed = after.change(*change)
        if outcome != "killed":
            assert (outcome == "done") is allowed
        if after != self._model and self._answers(self._sides[0]) == _facts(after):
            self._model = after

    @rule(side=_SIDES)
    def sweep(self, side: int) -> None:
        """Nothing half done and no removed bundle stays; one that was saved, but not registered, is whole."""
        self._sides[side].sweep()
        known = {row.ref.digest for row in self._sides[side].models()}
        gone = {self._model.digests[name][number - 1] for name, number in self._model.removed}
        for folder in (self._root / "bundles").glob("*"):
            assert load_bundle(folder).digest == folder.name
            assert folder.name in known or folder.name not in gone

    @rule(side=_SIDES, instance=_INSTANCES, bar=st.integers(1, 5), name=_NAMES, version=_VERSIONS)
    def serve(self, side: int, instance: str, bar: int, name: str, version: int) -> None:
        """Record what served, perhaps something unknown."""
        row = Serving(instance, b"j" * 16, "live", "champion", bar, bar, name, version)
        try:
            self._sides[side].record_serving(row)
        except RegistryError:
            assert version > len(self._model.digests[name])
            return
        self._serving.append(row)

    @rule(side=_SIDES, instance=_INSTANCES, bar=st.integers(0, 6))
    def ask_who_served(self, side: int, instance: str, bar: int) -> None:
        """The greatest bar not after the one asked, the last row of it; removed versions have served, too."""
        rows = [row for row in self._serving if row.instance == instance and row.bar <= bar]
        last = max(enumerate(rows), key=lambda each: (each[1].bar, each[0]), default=(0, None))[1]
        assert self._sides[side].served_at(instance, "champion", bar) == last

    @rule(side=_SIDES)
    def reopen(self, side: int) -> None:
        """A process ends and another begins."""
        self._sides[side].close()
        self._sides[side] = Registry(self._root, clock=lambda: NOW_NS)

    @invariant()
    def both_sides_agree_with_the_model(self) -> None:
        """Versions, aliases and history; every version's bundle is there."""
        for side in self._sides:
            assert self._answers(side) == _facts(self._model)
            assert all(side.folder(row.ref).is_dir() for row in side.models())

    def _answers(self, side: Registry) -> tuple[object, ...]:
        aliases = {(row.instance, row.alias): row.ref.key for row in side.aliases()}
        changes = [(each.action, each.instance, each.alias, each.source, each.target) for each in side.history()]
        return {row.ref.key: row.ref.digest for row in side.models()}, aliases, changes


def _facts(model: Remembered) -> tuple[object, ...]:
    versions = {
        (name, number): digest
        for name, digests in model.digests.items()
        for number, digest in enumerate(digests, 1)
        if (name, number) not in model.removed
    }
    return versions, model.aliases, model.history


@pytest.fixture(scope="module", autouse=True)
def deadly() -> Iterator[None]:
    """Processes that can be killed, for the machine."""
    with mortals() as made:
        RegistryMachine.deadly = made
        yield


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
