"""Which models there are, which one each alias means, and which one really served: SQLite beside the bundles."""

from common.models.aliases import (
    alias_of,
    aliases_of,
    changes,
    events_of,
    instances_of,
    last_change,
    retired_instances,
)
from common.models.catalogue import version_of
from common.models.changes import (
    Occasion,
    move_alias,
    no_alias,
    record_event,
    retire_aliases,
    version_before,
)
from common.models.names import check_name
from common.models.needs import wanted_for
from common.models.records import AliasRow, Change, Event, ModelRef, Serving
from common.models.relief import Key, reliefs, served_by
from common.models.serving import append_serving, is_in_force, newest_serving, served_at_bar
from common.models.shelf import Shelf


class Registry(Shelf):
    """The shelf of versions with what is wanted of them and what they did; aliases belong to one instance each."""

    # Aliases: the wish.

    def promote(
        self, instance: str, alias: str, name: str, version: int, *, by: str, why: str, again: bool = False
    ) -> ModelRef:
        """Point an alias at a version, with its row of history.

        If it points there already nothing happens, unless `again`: then there is a row that says so, and a worker that
        refused the version tries it once more.
        """
        check_name("instance", instance)
        check_name("alias", alias)
        with self._connection.writing():
            ref = version_of(self._connection, name, version).ref
            return move_alias(self._connection, "promote", (instance, alias), ref, self._now(by, why), again=again)

    def rollback(self, instance: str, alias: str, *, by: str, why: str) -> ModelRef:
        """Point an alias at what it pointed at before it last moved; RegistryError if there is no such version.

        Its files are verified under the lock: it is this very version that becomes the wish. BundleError if they fail.
        """
        with self._connection.writing():
            self.resolve(instance, alias)
            ref = version_before(self._connection, instance, alias)
            self.load(ref)
            return move_alias(self._connection, "rollback", (instance, alias), ref, self._now(by, why))

    def retire(self, instance: str, alias: str | None = None, *, by: str, why: str) -> list[AliasRow]:
        """Give up one alias of an instance, or all or none, and return them; RegistryError where there is none.

        If none is left it must not run: nothing that it served counts as needed from here on.
        """
        with self._connection.writing():
            return retire_aliases(self._connection, instance, alias, self._now(by, why))

    def resolve(self, instance: str, alias: str) -> ModelRef:
        """Return the version an alias points at; RegistryError with the closest alias if there is none."""
        found = alias_of(self._connection, instance, alias)
        if found is None:
            raise no_alias(instance, alias, self.aliases(instance))
        return found

    def aliases(self, instance: str | None = None) -> list[AliasRow]:
        """Aliases of one instance, or of all."""
        return aliases_of(self._connection, instance)

    def instances(self) -> list[str]:
        """Every instance of which anything is on record, by name."""
        return instances_of(self._connection)

    def history(self, instance: str | None = None, alias: str | None = None) -> list[Change]:
        """Changes, oldest first; all of them, or those of one instance or alias."""
        return changes(self._connection, instance, alias)

    def record(self, event: Event, *, by: str, why: str, at_ns: int | None = None, once: bool = False) -> None:
        """Append a row of history that moves no alias, of this moment (default: now).

        `once`: it may be there already, with the same moment, by somebody who was killed before he knew.
        """
        occasion = Occasion(self._clock() if at_ns is None else at_ns, by, why)
        with self._connection.writing():
            record_event(self._connection, event, occasion, once=once)

    def events(self, instance: str, arm: str) -> list[Change]:
        """Return what was done to an arm, oldest first: of each action the newest row."""
        return events_of(self._connection, instance, arm)

    def last_change(self, instance: str, alias: str) -> Change | None:
        """Return the newest promotion or rollback of an alias, also one to where it pointed already."""
        return last_change(self._connection, instance, alias)

    def reliefs(self, instance: str, arm: str, alias: str) -> list[Key]:
        """Return who could serve an arm again: who served it, then what its alias meant, newest first, each once."""
        return reliefs(self._connection, instance, arm, alias)

    def wanted(self, instance: str, arm: str, alias: str) -> set[Key]:
        """Return the versions (name, number) that may serve an arm of this alias without another promotion."""
        return wanted_for(self._connection, instance, arm, alias)

    # Serving: the fact.

    def record_serving(self, serving: Serving, *, once: bool = False) -> None:
        """Append that from this bar on this version serves; for each change of what serves, not for each bar.

        `once`: not where a row in force at that bar says so already.
        """
        with self._connection.writing():
            if not (once and is_in_force(self._connection, serving)):
                append_serving(self._connection, serving)

    def served_at(self, instance: str, arm: str, bar: int, *, journal: bytes | None = None) -> Serving | None:
        """Return who served the arm at a bar of a journal (default: the journal that was served last)."""
        newest = newest_serving(self._connection, instance, arm)
        if newest is None:
            return None
        return served_at_bar(self._connection, instance, arm, bar, newest.journal if journal is None else journal)

    def served(self, instance: str, arm: str) -> list[Key]:
        """Return the versions that served the arm in any journal, newest first; none where its instance is retired."""
        if instance in retired_instances(self._connection):
            return []
        return served_by(self._connection, instance, arm)

    def last_served(self, instance: str, arm: str) -> Serving | None:
        """Return what the arm was served by last, in any journal; None where its instance is retired."""
        if instance in retired_instances(self._connection):
            return None
        return newest_serving(self._connection, instance, arm)

    def data_version(self) -> int:
        """Return a number that changes when another connection changed the file; cheap enough for every section."""
        row = self._connection.row("PRAGMA data_version")
        return int(row[0]) if row else 0
