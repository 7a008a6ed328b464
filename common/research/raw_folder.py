"""Raw values as a folder of arrays, with words of whoever keeps them: written whole, read only as they were written."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.atomic import sync_file, sync_folder
from common.errors import DatasetError
from common.factors.block import FactorBlock
from common.models.manifest import canonical
from common.research.raw import Raw

FORMAT = 1
ENTRY = "entry.json"
ARRAYS = ("time", "stamp", "label", "values", "present", "member", "warm")

_NEW, _OLD = ".new-", ".old-"


def write_raw(place: Path, raw: Raw, words: Mapping[str, Any] | None = None) -> None:
    """Write a folder whole or not at all; one that is there gives way. `words` are plain values, given back."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = _hidden(place, _NEW)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        _fill(temporary, raw, words or {})
        _put(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_raw(place: Path) -> tuple[Raw, dict[str, Any]]:
    """Read a folder after every digest was compared; factors stay on disk until they are looked at. DatasetError."""
    entry = _entry(place)
    for name, digest in entry["files"].items():
        if _digest(place / name) != digest:
            raise DatasetError(f"{name} is not what was written")
    time, stamp, label, values, present, member, warm = (
        np.asarray(np.load(place / f"{name}.npy", mmap_mode="r", allow_pickle=False)) for name in ARRAYS
    )
    factors = FactorBlock(tuple(entry["symbols"]), tuple(entry["names"]), values, present, member, warm)
    return Raw(time, stamp, factors, label), entry.get("words", {})


def drop_raw(place: Path) -> None:
    """Delete a folder; what is half deleted is not under its name any more."""
    old = _hidden(place, _OLD)
    place.rename(old)
    shutil.rmtree(old)


def _hidden(place: Path, prefix: str) -> Path:
    return place.with_name(f"{prefix}{place.name[:16]}-{os.getpid()}")


def _fill(folder: Path, raw: Raw, words: Mapping[str, Any]) -> None:
    arrays = _arrays(raw)
    files = {f"{name}.npy": _write_array(folder / f"{name}.npy", arrays[name]) for name in ARRAYS}
    told = {"words": words} if words else {}
    body = canonical(
        {"format": FORMAT, "symbols": raw.factors.symbols, "names": raw.factors.names, "files": files, **told}
    )
    (folder / ENTRY).write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    sync_file(folder / ENTRY)
    sync_folder(folder)


def _put(temporary: Path, place: Path) -> None:
    """In two renames, as a folder cannot replace another: between them the older one lies beside, whole."""
    old, replaced = _hidden(place, _OLD), place.exists()
    shutil.rmtree(old, ignore_errors=True)
    if replaced:
        place.rename(old)
    try:
        temporary.rename(place)
    except OSError:
        if replaced:
            old.rename(place)
        raise
    sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def _arrays(raw: Raw) -> dict[str, NDArray[Any]]:
    factors = raw.factors
    marks = {"present": factors.present, "member": factors.member, "warm": factors.warm}
    return {"time": raw.time, "stamp": raw.stamp, "label": raw.label, "values": factors.values, **marks}


def _write_array(path: Path, array: NDArray[Any]) -> str:
    with path.open("xb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return _digest(path)


def _entry(place: Path) -> dict[str, Any]:
    digest, _, body = (place / ENTRY).read_bytes().partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise DatasetError(f"{ENTRY} is not what was written")
    entry: dict[str, Any] = json.loads(body)
    if entry["format"] != FORMAT:
        raise DatasetError(f"{ENTRY} is of format {entry['format']}; this version reads {FORMAT}")
    return entry


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
