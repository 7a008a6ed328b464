"""Raw values on file, with words of whoever keeps them: written whole, read only as they were written."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import DatasetError
from common.factors.block import FactorBlock
from common.models.manifest import canonical
from common.research.array_store import ArrayStore
from common.research.raw import Raw

FORMAT = 2
SUFFIX = ".entry"
DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
ARRAYS = ("time", "stamp", "columns", "values", "present", "member", "warm")


def write_raw(place: Path, raw: Raw, words: Mapping[str, Any] | None = None) -> None:
    """Write an entry (PLACE.entry) whole or not at all; an older one gives way. `words` are plain values, given back.

    Arrays lie beside it, and are shared by entries that have the same.
    """
    store = _store(place)
    with store.writing():
        files = {name: store.put(array) for name, array in _arrays(raw).items()}
        store.put_entry(place, _encode(raw, files, words or {}))


def read_raw(place: Path) -> tuple[Raw, dict[str, Any]]:
    """Read an entry after every digest was compared; factors stay on disk until they are looked at. DatasetError."""
    store = _store(place)
    with store.reading():
        entry = _decode(place)
        arrays = (store.load(name, entry["files"][name]) for name in ARRAYS)
        time, stamp, columns, values, present, member, warm = arrays
    factors = FactorBlock(tuple(entry["symbols"]), tuple(entry["names"]), values, present, member, warm)
    return Raw(time, stamp, factors, dict(zip(entry["columns"], columns, strict=True))), entry.get("words", {})


def drop_raw(place: Path) -> None:
    """Delete an entry, and the arrays that no other one names."""
    with _store(place).writing():
        place.unlink()


def _store(place: Path) -> ArrayStore:
    return ArrayStore(place.parent, _named)


def _named(folder: Path) -> frozenset[str] | None:
    """Digests that the entries of a folder name; None where the disk does not give one of them, which may name any.

    Whatever looks like a digest counts: an entry of another format or a damaged one keeps what can be made out in it,
    and does not keep all else.
    """
    try:
        bodies = [path.read_bytes() for path in folder.glob(f"*{SUFFIX}")]
    except OSError:
        return None
    return frozenset(digest.decode() for body in bodies for digest in DIGEST.findall(body))


def _arrays(raw: Raw) -> dict[str, NDArray[Any]]:
    factors = raw.factors
    marks = {"present": factors.present, "member": factors.member, "warm": factors.warm}
    columns = np.stack(list(raw.columns.values()))
    return {"time": raw.time, "stamp": raw.stamp, "columns": columns, "values": factors.values, **marks}


def _encode(raw: Raw, files: Mapping[str, str], words: Mapping[str, Any]) -> bytes:
    names = {"symbols": raw.factors.symbols, "names": raw.factors.names, "columns": list(raw.columns)}
    told = {"words": words} if words else {}
    body = canonical({"format": FORMAT, **names, "files": files, **told})
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _decode(place: Path) -> dict[str, Any]:
    digest, _, body = place.read_bytes().partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise DatasetError(f"{place.name} is not what was written")
    entry: dict[str, Any] = json.loads(body)
    if entry["format"] != FORMAT:
        raise DatasetError(f"{place.name} is of format {entry['format']}; this version reads {FORMAT}")
    return entry
