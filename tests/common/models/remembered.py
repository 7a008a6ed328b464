"""A registry as plain lists: what the real one has to agree with after any changes in any order."""

from dataclasses import dataclass, field
from typing import Any

from common.models.records import Serving
from tests.common.models.sample_bundle import sketch

Key = tuple[str, int]


@dataclass
class Remembered:
    """Digests by version of each name, which versions are gone, aliases, rows of history and of serving."""

    digests: dict[str, list[str]] = field(default_factory=lambda: {"demo": [], "other": []})
    removed: set[Key] = field(default_factory=set)
    aliases: dict[tuple[str, str], Key] = field(default_factory=dict)
    history: list[tuple[object, ...]] = field(default_factory=list)
    serving: list[Serving] = field(default_factory=list)

    def change(self, verb: str, *values: Any) -> bool:
        """Do as the registry should; False if it should refuse."""
        return bool(getattr(self, f"_{verb}")(*values))

    def facts(self) -> tuple[object, ...]:
        """Versions that are there, with their digests; aliases; history; serving."""
        versions = {
            (name, number): digest
            for name, digests in self.digests.items()
            for number, digest in enumerate(digests, 1)
            if (name, number) not in self.removed
        }
        return versions, self.aliases, self.history, self.serving

    def served_at(self, instance: str, bar: int) -> Serving | None:
        """The greatest bar not after the one asked, the last row of it."""
        rows = [row for row in self.serving if row.instance == instance and row.bar <= bar]
        return max(enumerate(rows), key=lambda each: (each[1].bar, each[0]), default=(0, None))[1]

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

    _receive = _add

    def _promote(self, instance: str, alias: str, name: str, version: int, *modes: bool) -> bool:
        if not self._is_there(name, version):
            return False
        self._move("promote", (instance, alias), (name, version), again=any(modes))
        return True

    def _rollback(self, instance: str, alias: str) -> bool:
        source = self._before((instance, alias))
        if (instance, alias) not in self.aliases or source is None or not self._is_there(*source):
            return False
        self._move("rollback", (instance, alias), source, again=False)
        return True

    def _remove(self, name: str, version: int) -> bool:
        key = (name, version)
        gone = {row[1] for row in self.history if row[0] == "retire"} - {instance for instance, _ in self.aliases}
        at_work = [row for row in self.serving if row.instance not in gone]
        last = {(row.instance, row.arm): (row.name, row.version) for row in at_work}
        needed = [*self.aliases.values(), *map(self._before, self.aliases), *last.values()]
        if not self._is_there(name, version) or key in needed:
            return False
        self.removed.add(key)
        self.history.append(("remove", None, None, key, None))
        return True

    def _retire(self, instance: str, alias: str | None) -> bool:
        given_up = sorted(each for each in self.aliases if each[0] == instance and alias in {None, each[1]})
        self.history += [("retire", *alias, self.aliases.pop(alias), None) for alias in given_up]
        return bool(given_up)

    def _halt(self, instance: str) -> bool:
        self.history.append(("halt", instance, None, None, None))
        return True

    def _serve(self, instance: str, bar: int, name: str, version: int) -> bool:
        # A version that is gone may have served until a moment ago.
        if version > len(self.digests[name]):
            return False
        self.serving.append(serving(instance, bar, name, version))
        return True

    def _move(self, action: str, alias: tuple[str, str], target: Key, *, again: bool) -> None:
        before = self.aliases.get(alias)
        if again or before != target:
            self.aliases[alias] = target
            self.history.append((action, *alias, before, target))

    def _before(self, alias: tuple[str, str]) -> Key | None:
        moves = [row for row in self.history if row[1:3] == alias and row[3] != row[4]]
        source = moves[-1][3] if moves else None
        return source if isinstance(source, tuple) else None

    def _is_there(self, name: str, version: int) -> bool:
        return 1 <= version <= len(self.digests[name]) and (name, version) not in self.removed


def serving(instance: str, bar: int, name: str, version: int) -> Serving:
    """A row of what served the champion."""
    return Serving(instance, b"j" * 16, "live", "champion", bar, bar, name, version)
