"""What is to be trained, and the key that says whether it was trained before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Self

from common.errors import ModelError
from common.factors import labels
from common.factors.plan import Plan
from common.factors.sets import FactorSet
from common.market.constituents import Constituents
from common.models.fingerprint import library_versions
from common.models.kinds import model_class, own_source
from common.models.manifest import canonical
from common.models.names import check_name

# Raised whenever the same inputs would give another model; an older model is then not found again.
PROCEDURE = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model to train: everything but the bars. `parameters` are laid over the kind's defaults."""

    name: str
    factor_set: FactorSet
    kind: str = "lightgbm"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    validation_share: float = 0.2
    label_processing: str = "cs_rank_norm"
    patience_bars: int = 20
    min_coverage: float = 0.5
    constituents: Constituents | None = None
    kinds: Mapping[str, str] | None = None
    """Built-in and own kinds by name; None: those this process was told of."""

    def __post_init__(self) -> None:
        check_name("model", self.name)

    def settings(self) -> dict[str, Any]:
        """All parameters that decide the outcome, defaults filled in."""
        return {
            **model_class(self.kind, self.kinds).settings(self.parameters),
            "validation_share": self.validation_share,
            "patience_bars": self.patience_bars,
            "min_coverage": self.min_coverage,
            **({} if self.constituents is None else {"members": self.constituents.digest}),
        }

    def as_of(self, stamp: int) -> Self:
        """The recipe with what could be known of membership at `stamp` (ns): later changes make no other model."""
        return self if self.constituents is None else replace(self, constituents=self.constituents.until(stamp))

    def key(self, plan: Plan, bars_digest: str) -> str:
        """SHA-256 (hex) over bars, plan, label, kind with its library, and parameters: equal keys, equal models."""
        parts = {
            "procedure": PROCEDURE,
            "bars": bars_digest,
            "plan": plan.digest.hex(),
            "label": [self.factor_set.label, self.label_processing],
            "kind": [
                self.kind,
                library_versions(model_class(self.kind, self.kinds).libraries),
                own_source(self.kind, self.kinds),
            ],
            "parameters": self.settings(),
        }
        return sha256(canonical(parts)).hexdigest()


def label_horizon(factor_set: FactorSet) -> int:
    """Own bars the set's label looks ahead; ModelError if it does not."""
    bars = labels.label_horizon(factor_set.label)
    if bars < 1:
        raise ModelError(f"label {factor_set.label!r} of {factor_set.name} does not look ahead; use a negative delay")
    return bars
