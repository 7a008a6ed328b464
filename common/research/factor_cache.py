"""Raw values kept on disk, by what decides them; read as they were written, or computed again and said so."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.atomic import sync_file, sync_folder
from common.errors import DatasetError
from common.factors.block import FactorBlock
from common.factors.operators import with_own
from common.factors.parser import parse
from common.factors.plan import Plan, compile_expressions
from common.market.digest import digest_bars
from common.models.fingerprint import library_versions, platform_fingerprint
from common.models.manifest import canonical
from common.research.raw import Raw, compute_raw
from common.research.recipe import Recipe

FORMAT = 1
ENTRY = "entry.json"
ARRAYS = ("time", "stamp", "label", "values", "present", "member", "warm")

_NEW = ".new-"


def silent(text: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class FactorCache:
    """A folder with one entry a plan, label, data and membership; processors and spans are none of its business.

    `told` hears why an entry could not be used; it is then computed and written again.
    """

    folder: Path
    told: Callable[[str], None] = silent

    def raw(self, bars: pl.DataFrame, recipe: Recipe, plan: Plan) -> Raw:
        """Read the raw values of bars, or compute and keep them."""
        place = self.folder / key_of(bars, recipe, plan)
        if place.exists():
            try:
                return _read(place)
            except (DatasetError, OSError) as error:
                self.told(f"{place}: {error}; computed again")
        found = compute_raw(bars, recipe, plan)
        _write(place, found)
        return found


def key_of(bars: pl.DataFrame, recipe: Recipe, plan: Plan) -> str:
    """SHA-256 (hex) over everything that decides raw values, the platform their bits are promised on included."""
    label = parse(recipe.factor_set.label, name="label", future=True, operators=with_own(recipe.factor_set.operators))
    members = recipe.constituents
    parts = {
        "format": FORMAT,
        "plan": plan.digest.hex(),
        "names": list(plan.names),
        "label": compile_expressions(["label"], [label]).digest.hex(),
        "bars": digest_bars(bars),
        "membership": [recipe.patience_bars, recipe.min_coverage, None if members is None else members.digest],
        "platform": platform_fingerprint(),
        "libraries": library_versions(("numpy", "numba")),
    }
    return hashlib.sha256(canonical(parts)).hexdigest()


def _write(place: Path, raw: Raw) -> None:
    """Write an entry whole or not at all; one that is there and damaged gives way."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f"{_NEW}{place.name[:16]}-{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        arrays = _arrays(raw)
        files = {f"{name}.npy": _write_array(temporary / f"{name}.npy", arrays[name]) for name in ARRAYS}
        words = {"format": FORMAT, "symbols": raw.factors.symbols, "names": raw.factors.names, "files": files}
        body = canonical(words)
        (temporary / ENTRY).write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        sync_file(temporary / ENTRY)
        sync_folder(temporary)
        shutil.rmtree(place, ignore_errors=True)
        temporary.replace(place)
        sync_folder(place.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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


def _read(place: Path) -> Raw:
    """Read an entry after every digest was compared; factors stay on disk until they are looked at."""
    words = _words(place)
    for name, digest in words["files"].items():
        if _digest(place / name) != digest:
            raise DatasetError(f"{name} is not what was written")
    time, stamp, label, values, present, member, warm = (
        np.asarray(np.load(place / f"{name}.npy", mmap_mode="r", allow_pickle=False)) for name in ARRAYS
    )
    factors = FactorBlock(tuple(words["symbols"]), tuple(words["names"]), values, present, member, warm)
    return Raw(time, stamp, factors, label)


def _words(place: Path) -> dict[str, Any]:
    digest, _, body = (place / ENTRY).read_bytes().partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise DatasetError(f"{ENTRY} is not what was written")
    words: dict[str, Any] = json.loads(body)
    if words["format"] != FORMAT:
        raise DatasetError(f"{ENTRY} is of format {words['format']}; this version reads {FORMAT}")
    return words


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
