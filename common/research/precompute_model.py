"""A model as an executor serves it: proven, as fast as it can be, with the plan of its factors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from common.errors import BundleError, FactorError
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet
from common.models.bundle import Bundle
from common.models.factor_record import set_of
from common.models.processed import ProcessedModel
from common.models.proof import prove
from common.models.records import ModelRef


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """Who it is, what scores, and the factors it asks for; `places`: those of its features among the plan's."""

    ref: ModelRef
    model: ProcessedModel
    plan: Plan
    places: tuple[int, ...]

    @classmethod
    def of(
        cls, ref: ModelRef, bundle: Bundle, factor_set: FactorSet | None = None, kinds: Mapping[str, str] | None = None
    ) -> Self:
        """Prove a verified bundle. BundleError for one that cannot serve, FactorError for another set.

        factor_set: whose operators are code, from the user's own file; its plan has to be the model's.
        """
        plan = compile_set(set_of(bundle.manifest) if factor_set is None else factor_set)
        _check_plan(ref, bundle, plan, given=factor_set is not None)
        model = prove(bundle, kinds)
        model.accelerate(bundle.golden())
        names = {name: place for place, name in enumerate(plan.names)}
        return cls(ref, model, plan, tuple(names[name] for name in model.features))


def _check_plan(ref: ModelRef, bundle: Bundle, plan: Plan, *, given: bool) -> None:
    made = bundle.manifest.factor_set
    if plan.digest.hex() == made.plan:
        return
    if given:
        raise FactorError(f"{ref} was made with another factor set of the name {made.name!r}")
    raise BundleError(
        f"the factors of {ref} compile to plan {plan.digest.hex()[:12]} here, and it was made with {made.plan[:12]} by "
        "another version of the engine: train it anew"
    )
