"""Which versions there are of each model: SQLite beside a folder of bundles."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from common.models.bundle import Bundle, load_bundle, load_manifest, read_file, save_bundle
from common.models.catalogue import all_models, trained_with, version_of, versions_of
from common.models.changes import Occasion, register_bundle, remove_version, sweep_bundles
from common.models.connection import Connection
from common.models.names import check_name
from common.models.records import ModelRef, ModelRow
from common.models.signature import Key, check_signature, check_signer, write_signature


class Shelf:
    """A folder with `registry.sqlite` and `bundles/<digest>`, shared by all instances.

    `clock` gives ns since 1970 UTC, for creation times and history. With `read_only` nothing is created or locked; with
    `existing` a registry is changed, but not made where there is none: RegistryError.
    With a `key`, what is added is signed with it, and what is not is refused. Finding another writer, a change waits
    up to `timeout_s` and then raises RegistryBusyError.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], int],
        read_only: bool = False,
        existing: bool = False,
        timeout_s: float = 5.0,
        key: Key | None = None,
    ) -> None:
        self.root = root
        self._clock = clock
        self._key = key
        self._connection = Connection(
            root / "registry.sqlite", read_only=read_only, timeout_s=timeout_s, existing=existing
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the files stay."""
        self._connection.close()

    def wait_up_to(self, seconds: float) -> None:
        """From now on a change waits so long for another writer."""
        self._connection.wait_up_to(seconds)

    @property
    def bundles(self) -> Path:
        """Folder of the bundles."""
        return self.root / "bundles"

    def folder(self, ref: ModelRef) -> Path:
        """Where the bundle of a version lies."""
        return self.bundles / ref.digest

    def add(self, bundle: Bundle, *, author: str, why: str = "registered", signature: bytes | None = None) -> ModelRef:
        """Save a bundle and give it the next version of its name; the same bundle again keeps its version.

        One that was removed is there again, under the version it had. Without a signature it gets the key's.
        BundleError where it is there with another key's signature.
        """
        check_name("model", bundle.manifest.name)
        if signature is None and self._key is not None:
            signature = self._key.sign(bundle.digest)
        # Files are written under the lock, too: nobody removes or sweeps meanwhile.
        with self._connection.writing():
            sweep_bundles(self._connection, self.bundles)
            if signature is not None:
                check_signer(self.bundles / bundle.digest, signature, bundle.manifest.name)
                write_signature(self.bundles / bundle.digest, signature)
            save_bundle(self.bundles, bundle)
            return register_bundle(self._connection, bundle, self._now(author, why))

    def receive(self, bundle: Bundle, signature: bytes | None, *, author: str, why: str) -> ModelRef:
        """Add what came from elsewhere; BundleError where the registry has a key and it is not signed with it."""
        if self._key is not None:
            self._key.check(bundle.digest, signature)
        return self.add(bundle, author=author, why=why, signature=signature)

    def register(self, digest: str, *, author: str) -> ModelRef:
        """Give a bundle that lies in the folder the next version of its name, if it has none."""
        with self._connection.writing():
            bundle = load_bundle(self.bundles / digest)
            return register_bundle(self._connection, bundle, self._now(author, "registered"))

    def remove(self, name: str, version: int, *, by: str, why: str) -> ModelRef:
        """Delete a version's bundle; its number and what it served stay on record. RegistryError if an alias means it.

        The row goes first: a crash leaves files that nobody means, never a version without its files.
        """
        with self._connection.writing():
            ref = remove_version(self._connection, name, version, self._now(by, why))
        self.sweep()
        return ref

    def sweep(self) -> list[str]:
        """Remove what killed processes left, and bundles of removed versions; return the names of what was there."""
        with self._connection.writing():
            return sweep_bundles(self._connection, self.bundles)

    def sign(self, ref: ModelRef, key: Key, *, replace: bool = False) -> None:
        """Verify a version's bundle, and put the key's signature beside it.

        BundleError where another key's is there, unless `replace`: whoever checks with that one would refuse it.
        """
        with self._connection.writing():
            load_bundle(self.folder(ref))
            signature = key.sign(ref.digest)
            if not replace:
                check_signer(self.folder(ref), signature, str(ref))
            write_signature(self.folder(ref), signature)

    def load(self, ref: ModelRef) -> Bundle:
        """Read and verify a version's bundle, and its signature where the registry has a key; BundleError if not."""
        if self._key is not None:
            check_signature(self.folder(ref), self._key)
        return load_bundle(self.folder(ref))

    def inspect(self, ref: ModelRef) -> Bundle:
        """Read what a version's bundle says about itself, its signature checked; of its files only the reference."""
        if self._key is not None:
            check_signature(self.folder(ref), self._key)
        manifest = load_manifest(self.folder(ref))
        named = manifest.reference.get("file")
        files = {named: read_file(self.folder(ref), manifest, named)} if isinstance(named, str) else {}
        return Bundle(ref.digest, manifest, files)

    def models(self, *, removed: bool = False) -> list[ModelRow]:
        """Every version of every name, by name and version: those that are there, or those that are gone."""
        return all_models(self._connection, removed=removed)

    def versions(self, name: str) -> list[ModelRow]:
        """Versions of one name, oldest first; RegistryError with the closest name if there are none."""
        return versions_of(self._connection, name)

    def version(self, name: str, version: int | None = None) -> ModelRow:
        """Return one version of a name, the newest if none is given; RegistryError if there is none."""
        return version_of(self._connection, name, version)

    def find(self, training_key: str, *, name: str | None = None) -> ModelRow | None:
        """Return the newest version trained from exactly these inputs, if there is one."""
        return trained_with(self._connection, training_key, name)

    def _now(self, by: str, why: str) -> Occasion:
        return Occasion(self._clock(), by, why)
