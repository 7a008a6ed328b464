"""A model on record that an instance is to be served by: proven, with its factor set and what its bars must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from common.errors import BarFileError, ConfigError, FactorError
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet, load_set, shipped_sets
from common.market.columns import OPTIONAL
from common.market.store import BarTable
from common.models.bundle import Bundle
from common.models.factor_record import set_of
from common.models.manifest import Manifest
from common.models.records import ModelRef
from common.models.reference import read_reference
from common.replay.toml import write_toml
from common.research.precompute_model import Served


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model by its name, and which version of it: None is the newest."""

    name: str
    version: int | None

    @classmethod
    def read(cls, text: str) -> Self:
        """From NAME or NAME/VERSION; ConfigError for anything else."""
        name, slash, version = text.partition("/")
        if not name or (slash and not (version.isascii() and version.isdigit() and int(version))):
            raise ConfigError(f"{text!r} is not NAME or NAME/VERSION, such as demo or demo/3")
        return cls(name, int(version) if slash else None)


@dataclass(frozen=True, slots=True, eq=False)
class OnRecord:
    """A version that can serve here; its set has the label it learnt, `named` is how it is loaded, if it can be."""

    ref: ModelRef
    bundle: Bundle
    factor_set: FactorSet
    plan: Plan
    named: str | None

    @classmethod
    def of(cls, ref: ModelRef, bundle: Bundle, given: str | None, kinds: Mapping[str, str] | None = None) -> Self:
        """Prove a verified bundle; BundleError for one that cannot serve, FactorError without its very factor set.

        given: the set's name or file, needed where its operators are code.
        """
        made = bundle.manifest
        named = given or _shipped(made)
        factor_set = _code_free(ref, made) if named is None else _same_name(ref, made, load_set(named))
        plan = Served.of(ref, bundle, factor_set, kinds).plan
        return cls(ref, bundle, replace(factor_set, label=made.label.text), plan, named)

    def set_in(self, state: Path) -> str:
        """How the set is loaded; one that nothing has but the bundle is in a file below an instance's state."""
        return self.named or str(state / "sets" / f"{self.factor_set.name}.toml")

    def write_set(self, state: Path) -> None:
        """Put a set that nothing has but the bundle where `set_in` says."""
        if self.named is not None:
            return
        path, these = Path(self.set_in(state)), self.factor_set
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"max_gap": these.max_gap, "reset": these.reset}
        said = {name: value for name, value in kept.items() if value is not None}
        write_toml(path, {"label": these.label, **said, "factors": dict(these.factors)})

    def check_bars(self, bars: Path, table: BarTable) -> None:
        """BarFileError where the bars lack a column that the model learnt from."""
        lacking = [name for name in OPTIONAL if name in self.plan.columns and not _has(table, name)]
        for name in lacking:
            learnt = self._learnt_from(name)
            if learnt:
                more = f" and {len(learnt) - 1} more" if learnt[1:] else ""
                raise BarFileError(
                    f"{bars} has no {name}, and {self.ref} learnt from it: {learnt[0]}{more}; add the column, or "
                    "choose another model"
                )

    def _learnt_from(self, column: str) -> list[str]:
        """Features that need the column and were there in training; all that need it, where the bundle does not say."""
        made, reference = self.bundle.manifest, read_reference(self.bundle)
        shares = () if reference is None else reference.features[:, reference.columns.index("missing")]
        never = {name for name, missing in zip(made.features, shares, strict=reference is not None) if missing == 1.0}
        texts = dict(self.factor_set.factors)
        return [
            name
            for name in made.features
            if name not in never
            and column in compile_set(replace(self.factor_set, factors=((name, texts[name]),))).columns
        ]


def _has(table: BarTable, column: str) -> bool:
    return column in table.frame.columns and bool(table.frame[column].is_finite().any())


def _shipped(made: Manifest) -> str | None:
    """The set's name, where a shipped set of this name is the one it was made with."""
    name = made.factor_set.name
    if name in shipped_sets() and compile_set(load_set(name)).digest.hex() == made.factor_set.plan:
        return name
    return None


def _code_free(ref: ModelRef, made: Manifest) -> FactorSet:
    record = made.factor_set
    if record.operators:
        raise FactorError(
            f"{ref} was made with factor set {record.name!r}, which calls {', '.join(record.operators)}, code that "
            "only that set's file has: name the file with --set (SET=)"
        )
    return set_of(made)


def _same_name(ref: ModelRef, made: Manifest, factor_set: FactorSet) -> FactorSet:
    name = made.factor_set.name
    if factor_set.name != name:
        raise FactorError(f"{ref} was made with factor set {name!r}, not {factor_set.name!r}: leave --set (SET=) out")
    return factor_set
