"""The registry against plain lists: any order of changes, by two writers and by those that are killed, agrees."""

import shutil
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from common.errors import RegistryError
from common.models.archive import decode_archive, encode_archive
from common.models.bundle import load_bundle
from common.models.records import Serving
from common.models.registry import Registry
from common.models.signature import SUFFIX
from tests.common.models.mortal import NOW_NS, VERBS, Mortals, apply, mortals
from tests.common.models.remembered import Remembered

_NAMES = st.sampled_from(["demo", "other"])
_INSTANCES = st.sampled_from(["sp500", "crypto"])
_ALIASES = st.sampled_from(["champion", "challenger"])
_VERSIONS = st.integers(1, 4)
_SIDES = st.integers(0, 1)
_ARGUMENTS: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "add": (_NAMES, st.integers(0, 3)),
    "receive": (_NAMES, st.integers(0, 3)),
    "promote": (_INSTANCES, _ALIASES, _NAMES, _VERSIONS, st.booleans()),
    "rollback": (_INSTANCES, _ALIASES),
    "remove": (_NAMES, _VERSIONS),
    "retire": (_INSTANCES, st.none() | _ALIASES),
    "halt": (_INSTANCES,),
    "serve": (_INSTANCES, st.integers(1, 5), _NAMES, _VERSIONS),
}
_CHANGES = st.one_of(*(st.tuples(st.just(verb), *values) for verb, values in _ARGUMENTS.items())).map(list)


class RegistryMachine(RuleBasedStateMachine):
    """What a plain model of the registry remembers, it must answer: two writers, and a third that is killed."""

    deadly: Mortals

    def __init__(self) -> None:
        super().__init__()
        self._root = Path(tempfile.mkdtemp())
        self._sides = [Registry(self._root, clock=lambda: NOW_NS) for _ in range(2)]
        self._model = Remembered()

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
        if after != self._model and self._answers(self._sides[0]) == after.facts():
            self._model = after

    @rule(side=_SIDES)
    def sweep(self, side: int) -> None:
        """Nothing half done, no removed bundle, no signature of nothing; one saved, but not registered, is whole."""
        self._sides[side].sweep()
        known = {row.ref.digest for row in self._sides[side].models()}
        gone = {self._model.digests[name][number - 1] for name, number in self._model.removed}
        for path in (self._root / "bundles").glob("*"):
            digest = path.name.removesuffix(SUFFIX)
            assert load_bundle(path.with_name(digest)).digest == digest
            assert digest in known or digest not in gone

    @rule(side=_SIDES, instance=_INSTANCES, bar=st.integers(0, 6))
    def ask_who_served(self, side: int, instance: str, bar: int) -> None:
        """What served at a bar is one question; removed versions have served, too."""
        assert self._sides[side].served_at(instance, "champion", bar) == self._model.served_at(instance, bar)

    @rule(side=_SIDES, name=_NAMES)
    def carry_away(self, side: int, name: str) -> None:
        """Every version leaves as one file, and gets its bundle back in a registry that knows nothing."""
        rows = [row for row in self._sides[side].models() if row.ref.name == name]
        with tempfile.TemporaryDirectory() as folder, Registry(Path(folder), clock=lambda: NOW_NS) as other:
            for number, row in enumerate(rows, 1):
                archive = encode_archive(self._sides[side].load(row.ref), None)
                ref = other.receive(*decode_archive(archive), author="bob", why="")
                assert (ref.version, ref.digest) == (number, row.ref.digest)

    @rule(side=_SIDES)
    def reopen(self, side: int) -> None:
        """A process ends and another begins."""
        self._sides[side].close()
        self._sides[side] = Registry(self._root, clock=lambda: NOW_NS)

    @invariant()
    def both_sides_agree_with_the_model(self) -> None:
        """Versions, aliases, history and serving; every version's bundle is there, and so is what anybody needs."""
        for side in self._sides:
            assert self._answers(side) == self._model.facts()
            assert all(side.folder(row.ref).is_dir() for row in side.models())
            assert all(side.folder(row.ref).is_dir() for row in side.aliases())

    def _answers(self, side: Registry) -> tuple[object, ...]:
        aliases = {(row.instance, row.alias): row.ref.key for row in side.aliases()}
        changes = [(each.action, each.instance, each.alias, each.source, each.target) for each in side.history()]
        return {row.ref.key: row.ref.digest for row in side.models()}, aliases, changes, _served(side)


def _served(side: Registry) -> list[Serving]:
    rows = side._connection.rows(
        "SELECT instance, journal, mode, arm, bar, time_ns, name, version FROM serving ORDER BY number"
    )
    return [Serving(*row) for row in rows]


def test_every_change_is_tried() -> None:
    """A new one that is not among these fails; signatures are no rows, and are tried beside."""
    assert set(_ARGUMENTS) == set(VERBS) - {"sign"}


@pytest.fixture(scope="module", autouse=True)
def deadly() -> Iterator[None]:
    """Processes that can be killed, for the machine."""
    with mortals() as made:
        RegistryMachine.deadly = made
        yield


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
