"""Raw values kept on disk, by what decides them; read as they were written, or computed again and said so."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from common.errors import DatasetError
from common.factors.operators import with_own
from common.factors.parser import parse
from common.factors.plan import Plan, compile_expressions
from common.market.digest import digest_bars
from common.models.fingerprint import library_versions, platform_fingerprint
from common.models.manifest import canonical
from common.research.raw import Raw, compute_raw
from common.research.raw_folder import FORMAT, read_raw, write_raw
from common.research.recipe import Recipe


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
                return read_raw(place)[0]
            except (DatasetError, OSError) as error:
                self.told(f"{place}: {error}; computed again")
        found = compute_raw(bars, recipe, plan)
        write_raw(place, found)
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
