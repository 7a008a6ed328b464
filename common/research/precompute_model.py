"""A model as an executor serves it: proven, as fast as it can be, with the plan of its factors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from common.errors import BundleError, FactorError
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet
from common.models.bundle import Bundle
from common.models.factor_record import set_of
from common.models.predictor import Predictor
from common.models.proof import prove
from common.models.records import ModelRef


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """Who it is, what scores, and the factors it asks for; `places`: those of its features among the plan's."""

    ref: ModelRef
    model: Predictor
    plan: Plan
    places: tuple[int, ...]

    @classmethod
    def of(
        cls, ref: ModelRef, bundle: Bundle, factor_set: FactorSet | None = None, kinds: Mapping[str, str] | None = None
    ) -> Self:
        """Prove a verified bundle. BundleError for one no executor serves, FactorError where its factors are lacking.

        factor_set: whose operators are code, from the user's own file; its plan has to be the model's.
        """
        plan = compile_set(set_of(bundle.manifest) if factor_set is None else factor_set)
        if plan.digest.hex() != bundle.manifest.factor_set.plan:
            raise FactorError(f"{ref} was made with another factor set of the name {bundle.manifest.factor_set.name!r}")
        proven = prove(bundle, kinds)
        if proven.reads_sections:
            raise BundleError(f"{ref} has processors, which no executor serves: there is nothing live to compute ahead")
        proven.accelerate(bundle.golden())
        names = {name: place for place, name in enumerate(plan.names)}
        return cls(ref, proven.model, plan, tuple(names[name] for name in proven.features))
