"""The registry against a dictionary: any order of operations, through two connections, gives the same answers."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from common.errors import RegistryError
from common.models.bundle import Bundle
from common.models.records import Serving
from common.models.registry import Registry
from tests.common.models.sample_bundle import draft

_NAMES = st.sampled_from(["demo", "other"])
_INSTANCES = st.sampled_from(["sp500", "crypto"])
_ALIASES = st.sampled_from(["champion", "challenger"])
_VERSIONS = st.integers(1, 4)
_SIDES = st.integers(0, 1)


class RegistryMachine(RuleBasedStateMachine):
    """What a plain model of the registry remembers, it must answer."""

    def __init__(self) -> None:
        super().__init__()
        self._root = Path(tempfile.mkdtemp())
        self._time = 0
        self._sides = [Registry(self._root, clock=self._tick) for _ in range(2)]
        self._digests: dict[str, list[str]] = {"demo": [], "other": []}
        self._aliases: dict[tuple[str, str], tuple[str, int]] = {}
        self._history: list[tuple[object, ...]] = []
        self._serving: list[Serving] = []

    def teardown(self) -> None:
        """Leave nothing behind."""
        for side in self._sides:
            side.close()
        shutil.rmtree(self._root)

    def _tick(self) -> int:
        self._time += 1
        return self._time

    @rule(side=_SIDES, name=_NAMES, seed=st.integers(0, 3))
    def add(self, side: int, name: str, seed: int) -> None:
        """Register a bundle, perhaps again."""
        bundle = Bundle.make(draft(name, scores={"seed": float(seed)}), {})
        known = self._digests[name]
        if bundle.digest not in known:
            known.append(bundle.digest)
            self._history.append(("register", None, None, None, (name, len(known))))
        ref = self._sides[side].add(bundle, author="ann")
        assert (ref.version, ref.digest) == (known.index(bundle.digest) + 1, bundle.digest)

    @rule(side=_SIDES, instance=_INSTANCES, alias=_ALIASES, name=_NAMES, version=_VERSIONS)
    def promote(self, side: int, instance: str, alias: str, name: str, version: int) -> None:
        """Point an alias somewhere, perhaps at nothing."""
        before = self._aliases.get((instance, alias))
        try:
            self._sides[side].promote(instance, alias, name, version, by="ann", why="")
        except RegistryError:
            assert version > len(self._digests[name])
            return
        assert version <= len(self._digests[name])
        if before != (name, version):
            self._aliases[instance, alias] = (name, version)
            self._history.append(("promote", instance, alias, before, (name, version)))

    @rule(side=_SIDES, instance=_INSTANCES, bar=st.integers(1, 5), name=_NAMES, version=_VERSIONS)
    def serve(self, side: int, instance: str, bar: int, name: str, version: int) -> None:
        """Record what served, perhaps something unknown."""
        row = Serving(instance, b"j" * 16, "live", "champion", bar, bar, name, version)
        try:
            self._sides[side].record_serving(row)
        except RegistryError:
            assert version > len(self._digests[name])
            return
        self._serving.append(row)

    @rule(side=_SIDES, instance=_INSTANCES, bar=st.integers(0, 6))
    def ask_who_served(self, side: int, instance: str, bar: int) -> None:
        """The greatest bar not after the one asked, the last row of it."""
        rows = [row for row in self._serving if row.instance == instance and row.bar <= bar]
        last = max(enumerate(rows), key=lambda each: (each[1].bar, each[0]), default=(0, None))[1]
        assert self._sides[side].served_at(instance, "champion", bar) == last

    @rule(side=_SIDES)
    def reopen(self, side: int) -> None:
        """A process ends and another begins."""
        self._sides[side].close()
        self._sides[side] = Registry(self._root, clock=self._tick)

    @invariant()
    def both_sides_agree_with_the_model(self) -> None:
        """Versions, aliases and history."""
        for side in self._sides:
            assert {(row.ref.name, row.ref.version): row.ref.digest for row in side.models()} == {
                (name, number): digest
                for name, digests in self._digests.items()
                for number, digest in enumerate(digests, 1)
            }
            aliases = {(row.instance, row.alias): (row.ref.name, row.ref.version) for row in side.aliases()}
            assert aliases == self._aliases
            changes = [(each.action, each.instance, each.alias, each.source, each.target) for each in side.history()]
            assert changes == self._history


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(max_examples=15, stateful_step_count=15, deadline=None, derandomize=True)
