"""What is to be trained, and the key that says whether it was trained before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Self

import polars as pl

from common.errors import ModelError
from common.factors import labels
from common.factors.horizon import label_refusal
from common.factors.plan import Plan
from common.factors.sets import FactorSet
from common.market.constituents import Constituents
from common.models.fingerprint import library_versions
from common.models.kinds import model_class, own_source
from common.models.manifest import canonical
from common.models.names import check_name
from common.models.processors import words_of
from common.research.periods import Periods, Segment, times_of
from common.research.processing import AS_THEY_ARE, Processing

# Raised whenever the same inputs would give another model; an older model is then not found again.
PROCEDURE = 4


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model to train: everything but the bars. `parameters` are laid over the kind's defaults.

    periods: what to train and validate on; None: the last `validation_share` of the bars is the validation part.
    """

    name: str
    factor_set: FactorSet
    kind: str = "lightgbm"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    validation_share: float = 0.2
    label_processing: str = "cs_rank_norm"
    processing: Processing = AS_THEY_ARE
    periods: Periods | None = None
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
            **({"validation_share": self.validation_share} if self.periods is None else self.periods.settings),
            **self._processors(),
            "patience_bars": self.patience_bars,
            "min_coverage": self.min_coverage,
            **({} if self.constituents is None else {"members": self.constituents.digest}),
        }

    @property
    def label_text(self) -> str:
        """What is done to the label before it is learnt, as the manifest says it."""
        return self.label_processing if self.processing.learn is None else self.processing.label_text

    def seen(self, bars: pl.DataFrame) -> pl.DataFrame:
        """The bars that decide the outcome: all, or those up to the end of the validation span.

        DatasetError for a span that holds none of them.
        """
        if self.periods is None:
            return bars
        times_of(bars, Segment.TRAIN, self.periods.train)  # says how far all bars reach, not those that are left here
        return bars.filter(pl.col("time") <= times_of(bars, Segment.VALID, self.periods.valid)[1])

    def as_of(self, stamp: int) -> Self:
        """The recipe with what could be known of membership at `stamp` (ns): later changes make no other model."""
        return self if self.constituents is None else replace(self, constituents=self.constituents.until(stamp))

    def key(self, plan: Plan, bars_digest: str) -> str:
        """SHA-256 (hex) over bars, plan, label, kind with its library, and parameters: equal keys, equal models."""
        parts = {
            "procedure": PROCEDURE,
            "bars": bars_digest,
            "plan": plan.digest.hex(),
            "label": [self.factor_set.label, self.label_text],
            "kind": [
                self.kind,
                library_versions(model_class(self.kind, self.kinds).libraries),
                own_source(self.kind, self.kinds),
            ],
            "parameters": self.settings(),
        }
        return sha256(canonical(parts)).hexdigest()

    def _processors(self) -> dict[str, Any]:
        """Both parts, in words; what is left out is left out, so that older keys stay."""
        learn = self.processing.learn
        parts = {"infer_processors": self.processing.infer or None, "learn_processors": learn}
        return {name: [words_of(each) for each in found] for name, found in parts.items() if found is not None}


def label_horizon(factor_set: FactorSet) -> int:
    """Own bars the set's label looks ahead; ModelError if it does not."""
    bars = labels.label_horizon(factor_set.label, factor_set.operators)
    if (refused := label_refusal(factor_set.label, bars, factor_set.name)) is not None:
        raise ModelError(refused)
    return bars
