"""What is to come of an alias that moves: who takes over, when, and what has to be computed first."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from common.amounts import amount
from common.errors import FactorError, ModelError
from common.factors.plan import compile_set
from common.factors.sets import load_set
from common.models.factor_record import set_of
from common.models.manifest import Manifest
from common.models.records import ModelRef
from common.models.registry import Registry
from scripts.models.presence import endpoints_of, runs
from scripts.premises import DEFAULT_REGISTRY, Premises

SHOWN_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Ground:
    """An instance before its alias moves: what the alias means, whether the instance runs, which plans it computes.

    arms: who has this alias by the configuration; none where there is no configuration.
    """

    instance: str
    alias: str
    meant: ModelRef | None
    runs: bool
    plans: frozenset[str]
    arms: frozenset[str] = frozenset()
    registry: Path = DEFAULT_REGISTRY

    @classmethod
    def of(cls, models: Registry, premises: Premises, alias: str) -> Self:
        """What registry, sockets and configuration say; EndpointError for a name that can be no instance's."""
        instance, config = premises.named_instance, premises.config
        meant = next((row.ref for row in models.aliases(instance) if row.alias == alias), None)
        arms = () if config is None else (name for name, arm in config.arms.items() if arm.alias == alias)
        plans = frozenset({*_plans(models, instance), *_configured(premises)})
        return cls(instance, alias, meant, runs(endpoints_of(premises)), plans, frozenset(arms), premises.registry)

    def outlook(self, ref: ModelRef, made: Manifest) -> str:
        """What will happen now that the alias means this version, made as its manifest says."""
        if not self.runs:
            return f"instance {self.instance} does not run here: it serves {ref} from its next start on"
        until = f"{self.meant} serves" if self.meant not in {None, ref} else "what serves now goes on"
        if made.factor_set.plan in self.plans:
            return f"the running worker has it take over between two bars once it is proven; {until} until then"
        return (
            f"it needs factors that the running instance does not compute yet ({_named(made)}): they are built and "
            f"warmed on the record first; {until} until then"
        )

    @property
    def follow(self) -> str:
        """How somebody sees what came of it."""
        place = "" if self.registry == DEFAULT_REGISTRY else f" --registry {self.registry}"
        return (
            f"to follow: --wait SECONDS, or python -m scripts.models history --instance {self.instance}{place} "
            "(swap, or swap_failed with the reason)"
        )


def _plans(models: Registry, instance: str) -> Iterator[str]:
    """Plans (hex) of all that may serve the instance without another promotion; what is damaged has none."""
    aliases = [row.alias for row in models.aliases(instance)]
    for key in {key for alias in aliases for key in models.wanted(instance, alias, alias)}:
        try:
            yield models.inspect(models.version(*key).ref).manifest.factor_set.plan
        except ModelError:
            continue


def _configured(premises: Premises) -> Iterator[str]:
    """The plan of the set that the factor engine computes whoever serves."""
    if premises.config is not None:
        try:
            yield compile_set(load_set(premises.config.factors.set)).digest.hex()
        except FactorError:
            return


def _named(made: Manifest) -> str:
    """Set, plan, and after how many bars it is warm, where the bundle alone can say that."""
    named = f"set {made.factor_set.name}, plan {made.factor_set.plan[:SHOWN_DIGITS]}"
    try:
        return f"{named}, warm after {amount(compile_set(set_of(made)).warm_bars, 'bar')}"
    except FactorError:
        return named
