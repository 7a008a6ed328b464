"""A model as an immutable folder named by the SHA-256 of its manifest; read as a whole or not at all."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from common.atomic import sync_folder
from common.errors import BundleError
from common.models.golden import Golden, decode_array
from common.models.manifest import Manifest, decode_manifest, encode_manifest

MANIFEST = "manifest.json"
MANIFEST_LIMIT = 16 << 20

# What is not whole lies under these names, which no digest has.
_NEW, _OLD = ".new-", ".old-"

# A fifo or a device must not hang the reader, and a link must not lead it elsewhere.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle: what was hashed is what is held here, so nothing is read from disk a second time."""

    digest: str
    manifest: Manifest
    files: Mapping[str, bytes]

    @classmethod
    def make(cls, draft: Manifest, files: Mapping[str, bytes]) -> "Bundle":
        """Put files and a manifest together; the draft's own `files` are replaced."""
        manifest = draft.with_files(files)
        return cls(sha256(encode_manifest(manifest)).hexdigest(), manifest, dict(files))

    def golden(self) -> Golden:
        """Golden inputs f8[F, G] and outputs f8[G], checked against the number of features."""
        record = self.manifest.golden
        inputs = decode_array(record.inputs, self.file(record.inputs), 2)
        outputs = decode_array(record.outputs, self.file(record.outputs), 1)
        if inputs.shape != (len(self.manifest.features), outputs.shape[0]) or not outputs.size:
            raise BundleError(f"golden arrays {list(inputs.shape)} and {list(outputs.shape)} do not fit the features")
        return Golden(inputs, outputs)

    def file(self, name: str) -> bytes:
        """Content of one file; BundleError if the bundle has none of that name."""
        if name not in self.files:
            raise BundleError(f"the bundle has no file {name}; it has {', '.join(sorted(self.files))}")
        return self.files[name]


def save_bundle(root: Path, bundle: Bundle) -> Path:
    """Write `root/<digest>` whole or not at all; a bundle already there is verified and kept."""
    folder = root / bundle.digest
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        _write(root, bundle, folder)
    load_bundle(folder)
    return folder


def load_bundle(folder: Path) -> Bundle:
    """Read and verify everything: name, manifest, each digest, nothing missing, nothing extra, no links."""
    try:
        return _load(folder)
    except (BundleError, OSError) as error:
        raise BundleError(f"bundle {folder}: {error}") from error


def load_manifest(folder: Path) -> Manifest:
    """Read and verify what a bundle says about itself, and none of its other files."""
    try:
        with _opened(folder) as directory:
            return _read_manifest(directory, folder.name)
    except (BundleError, OSError) as error:
        raise BundleError(f"bundle {folder}: {error}") from error


def read_file(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Read and verify one file of a bundle whose manifest was read before."""
    if name not in manifest.files:
        raise BundleError(f"bundle {folder}: the manifest knows no file {name}")
    try:
        with _opened(folder) as directory:
            return _verified(directory, manifest, name)
    except (BundleError, OSError) as error:
        raise BundleError(f"bundle {folder}: {error}") from error


def verify_bundle(contents: Mapping[str, bytes]) -> Bundle:
    """Return the bundle these files, manifest included, are; BundleError if they are not one."""
    body = contents.get(MANIFEST)
    if body is None or len(body) > MANIFEST_LIMIT:
        raise BundleError(f"there is no {MANIFEST}, or a larger one than any")
    manifest = decode_manifest(body)
    _check_names(set(contents), {MANIFEST, *manifest.files})
    files = {name: _checked(manifest, name, contents[name]) for name in manifest.files}
    return Bundle(sha256(body).hexdigest(), manifest, files)


def drop_bundle(folder: Path) -> None:
    """Take a bundle away: its name is gone at once, whole, and then its files."""
    away = folder.with_name(f"{_OLD}{folder.name[:16]}-{os.getpid()}")
    shutil.rmtree(away, ignore_errors=True)
    try:
        folder.rename(away)
    except FileNotFoundError:
        return
    sync_folder(folder.parent)
    shutil.rmtree(away)


def sweep(root: Path) -> list[str]:
    """Remove what a killed process left half written or half removed; nobody may be writing here meanwhile."""
    left = [path for path in root.glob(".*") if path.name.startswith((_NEW, _OLD)) or path.suffix == ".tmp"]
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return sorted(path.name for path in left)


def _load(folder: Path) -> Bundle:
    with _opened(folder) as directory:
        manifest = _read_manifest(directory, folder.name)
        _check_names({entry.name for entry in os.scandir(directory)}, {MANIFEST, *manifest.files})
        return Bundle(folder.name, manifest, {name: _verified(directory, manifest, name) for name in manifest.files})


def _read_manifest(directory: int, name: str) -> Manifest:
    body = _read(directory, MANIFEST, None)
    digest = sha256(body).hexdigest()
    if name != digest:
        raise BundleError(f"the manifest's digest is {digest}, not the folder's name; restore it from a copy")
    return decode_manifest(body)


def _verified(directory: int, manifest: Manifest, name: str) -> bytes:
    return _checked(manifest, name, _read(directory, name, manifest.files[name].size))


def _checked(manifest: Manifest, name: str, body: bytes) -> bytes:
    record = manifest.files[name]
    if len(body) != record.size or sha256(body).hexdigest() != record.digest:
        raise BundleError(f"{name} is not what the manifest says (digest differs); restore it from a copy")
    return body


def _check_names(found: set[str], expected: set[str]) -> None:
    if missing := sorted(expected - found):
        raise BundleError(f"{', '.join(missing)} missing; restore it from a copy")
    if extra := sorted(found - expected):
        raise BundleError(f"{', '.join(extra)} does not belong here; remove it")


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise BundleError(f"cannot be opened as a folder ({error.strerror})") from error
    try:
        yield directory
    finally:
        os.close(directory)


def _read(directory: int, name: str, size: int | None) -> bytes:
    """Content of a plain file of exactly `size` bytes (a manifest: up to its limit)."""
    try:
        descriptor = os.open(name, _READ, dir_fd=directory)
    except OSError as error:
        raise BundleError(f"{name} cannot be read ({error.strerror})") from error
    try:
        length = _length(name, os.fstat(descriptor), size)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(length + 1)
    finally:
        os.close(descriptor)


def _length(name: str, found: os.stat_result, size: int | None) -> int:
    if not stat.S_ISREG(found.st_mode):
        raise BundleError(f"{name} is not a plain file")
    if size is None and found.st_size > MANIFEST_LIMIT:
        raise BundleError(f"{name} has {found.st_size} bytes, more than any manifest")
    if size is not None and found.st_size != size:
        raise BundleError(f"{name} has {found.st_size} bytes, expected {size}; restore it from a copy")
    return found.st_size


def _write(root: Path, bundle: Bundle, folder: Path) -> None:
    temporary = root / f"{_NEW}{bundle.digest[:16]}-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        for name, body in {**bundle.files, MANIFEST: encode_manifest(bundle.manifest)}.items():
            _write_file(temporary / name, body)
        sync_folder(temporary)
        _rename(temporary, folder)
        sync_folder(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_file(path: Path, body: bytes) -> None:
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _rename(temporary: Path, folder: Path) -> None:
    try:
        temporary.rename(folder)
    except OSError:
        # Somebody else wrote the same bundle meanwhile; the caller verifies theirs.
        if not folder.exists():
            raise
