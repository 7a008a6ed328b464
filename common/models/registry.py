"""Which models there are, which one each alias means, and which one really served: SQLite beside the bundles."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from common.errors import RegistryError
from common.models.aliases import alias_of, aliases_of, changes, point, record_change
from common.models.bundle import Bundle, load_bundle, save_bundle
from common.models.catalogue import (
    all_models,
    insert_model,
    next_version,
    same_bundle,
    trained_with,
    version_of,
    versions_of,
)
from common.models.connection import Connection
from common.models.names import check_name, did_you_mean
from common.models.records import AliasRow, Change, ModelRef, ModelRow, Serving
from common.models.serving import append_serving, newest_serving, served_at_bar


class Registry:
    """A folder with `registry.sqlite` and `bundles/<digest>`, shared by all instances; aliases belong to one each.

    `clock` gives ns since 1970 UTC, for creation times and history. With `read_only` nothing is created or locked.
    Finding another writer, a change waits up to `timeout_s` and then raises RegistryBusyError.
    """

    def __init__(
        self, root: Path, *, clock: Callable[[], int], read_only: bool = False, timeout_s: float = 5.0
    ) -> None:
        self.root = root
        self._clock = clock
        self._connection = Connection(root / "registry.sqlite", read_only=read_only, timeout_s=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the files stay."""
        self._connection.close()

    # Models.

    @property
    def bundles(self) -> Path:
        """Folder of the bundles."""
        return self.root / "bundles"

    def folder(self, ref: ModelRef) -> Path:
        """Where the bundle of a version lies."""
        return self.bundles / ref.digest

    def add(self, bundle: Bundle, *, author: str) -> ModelRef:
        """Save a bundle and register it."""
        save_bundle(self.bundles, bundle)
        return self.register(bundle.digest, author=author)

    def register(self, digest: str, *, author: str) -> ModelRef:
        """Give a bundle in the folder the next version of its name; the same bundle again keeps its version."""
        bundle = load_bundle(self.bundles / digest)
        name = check_name("model", bundle.manifest.name)
        with self._connection.writing():
            return same_bundle(self._connection, name, bundle.digest) or self._new_version(bundle, author)

    def models(self) -> list[ModelRow]:
        """Every version of every name, by name and version."""
        return all_models(self._connection)

    def versions(self, name: str) -> list[ModelRow]:
        """Versions of one name, oldest first; RegistryError with the closest name if there are none."""
        return versions_of(self._connection, name)

    def version(self, name: str, version: int | None = None) -> ModelRow:
        """Return one version of a name, the newest if none is given; RegistryError if there is none."""
        return version_of(self._connection, name, version)

    def find(self, training_key: str, *, name: str | None = None) -> ModelRow | None:
        """Return the newest version trained from exactly these inputs, if there is one."""
        return trained_with(self._connection, training_key, name)

    # Aliases: the wish.

    def promote(self, instance: str, alias: str, name: str, version: int, *, by: str, why: str) -> ModelRef:
        """Point an alias at a version, with its row of history; nothing happens if it points there already."""
        check_name("instance", instance)
        check_name("alias", alias)
        with self._connection.writing():
            ref = version_of(self._connection, name, version).ref
            before = alias_of(self._connection, instance, alias)
            if before != ref:
                point(self._connection, instance, alias, ref)
                source = (before.name, before.version) if before else None
                target = (name, version)
                change = Change(0, self._clock(), "promote", instance, alias, source, target, by, why)
                record_change(self._connection, change)
        return ref

    def resolve(self, instance: str, alias: str) -> ModelRef:
        """Return the version an alias points at; RegistryError with the closest alias if there is none."""
        found = alias_of(self._connection, instance, alias)
        if found is None:
            known = [row.alias for row in self.aliases(instance)]
            raise RegistryError(f"instance {instance!r} has no alias {alias!r}{did_you_mean(alias, known)}")
        return found

    def aliases(self, instance: str | None = None) -> list[AliasRow]:
        """Aliases of one instance, or of all."""
        return aliases_of(self._connection, instance)

    def history(self, instance: str | None = None, alias: str | None = None) -> list[Change]:
        """Changes, oldest first; all of them, or those of one instance or alias."""
        return changes(self._connection, instance, alias)

    # Serving: the fact.

    def record_serving(self, serving: Serving) -> None:
        """Append that from this bar on this version serves; for each change of what serves, not for each bar."""
        with self._connection.writing():
            append_serving(self._connection, serving)

    def served_at(self, instance: str, arm: str, bar: int, *, journal: bytes | None = None) -> Serving | None:
        """Return who served the arm at a bar of a journal (default: the journal that was served last)."""
        newest = newest_serving(self._connection, instance, arm)
        if newest is None:
            return None
        return served_at_bar(self._connection, instance, arm, bar, newest.journal if journal is None else journal)

    def last_served(self, instance: str, arm: str) -> Serving | None:
        """Return what the arm was served by last, in any journal."""
        return newest_serving(self._connection, instance, arm)

    def data_version(self) -> int:
        """Return a number that changes when another connection changed the file; cheap enough for every section."""
        row = self._connection.row("PRAGMA data_version")
        return int(row[0]) if row else 0

    def _new_version(self, bundle: Bundle, author: str) -> ModelRef:
        manifest = bundle.manifest
        now_ns = self._clock()
        ref = ModelRef(manifest.name, next_version(self._connection, manifest.name), bundle.digest)
        insert_model(self._connection, ModelRow(ref, manifest.kind, manifest.training.key, now_ns, author))
        target = (ref.name, ref.version)
        record_change(self._connection, Change(0, now_ns, "register", None, None, None, target, author, "registered"))
        return ref
