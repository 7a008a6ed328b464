"""Raw values kept on disk, by what decides them; read as they were written, or computed again and said so."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from common.errors import DatasetError
from common.factors.plan import Plan
from common.market.digest import digest_bars
from common.models.fingerprint import library_versions, platform_fingerprint
from common.models.manifest import canonical
from common.research.raw import Raw, compute_raw, kept_columns
from common.research.raw_file import FORMAT, SUFFIX, read_raw, write_raw
from common.research.recipe import Recipe


def silent(text: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class FactorCache:
    """A folder with one entry a plan, data and membership; label, processors and spans are none of its business.

    `told` hears why an entry could not be used, which is then computed and written again, or could not be written.
    """

    folder: Path
    told: Callable[[str], None] = silent

    def raw(self, bars: pl.DataFrame, recipe: Recipe, plan: Plan) -> Raw:
        """Read the raw values of bars, or compute and keep them."""
        place = self.folder / f"{key_of(bars, recipe, plan)}{SUFFIX}"
        if place.exists():
            try:
                return read_raw(place)[0]
            except (DatasetError, OSError) as error:
                self.told(f"{place}: {error}; computed again")
        found = compute_raw(bars, recipe, plan)
        try:
            write_raw(place, found)
        except OSError as error:
            self.told(f"{place}: cannot be written: {error.strerror or error}; these factors are not kept")
        return found


def key_of(bars: pl.DataFrame, recipe: Recipe, plan: Plan) -> str:
    """SHA-256 (hex) over everything that decides raw values, the platform their bits are promised on included."""
    members = recipe.constituents
    parts = {
        "format": FORMAT,
        "plan": plan.digest.hex(),
        "names": list(plan.names),
        "columns": sorted(kept_columns(recipe.factor_set)),
        "bars": digest_bars(bars),
        "membership": [recipe.patience_bars, recipe.min_coverage, None if members is None else members.digest],
        "platform": platform_fingerprint(),
        "libraries": library_versions(("numpy", "numba")),
    }
    return hashlib.sha256(canonical(parts)).hexdigest()
