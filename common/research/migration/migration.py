"""What changes when a model is taken over, why, and whether it may be registered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from common.errors import ExportError
from common.market.panel import Panel
from common.research.migration.candidate import MORE_BARS, Candidate
from common.research.migration.coverage import Coverage
from common.research.migration.factor_comparison import FactorComparison
from common.research.migration.findings import SMALL, Finding
from common.research.migration.market import Market
from common.research.migration.places import Places
from common.research.migration.prediction_comparison import PredictionComparison
from common.research.migration.predictions import Change, Limit, Mover
from common.research.migration.substitution import Substitution

PROCESSORS = "processors"
"""What our processors make of vnpy's own factors, where that is another number than vnpy's make."""
ARITHMETIC = "arithmetic"
"""What 64 bits make of weights that vnpy computed with in 32."""

# Called with the stage (factors, predictions), steps done and steps at most.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of the rows of vnpy's factors: compared, no bar here, or cold: without a full look-back here."""

    compared: int
    no_bar: int
    cold: int


@dataclass(frozen=True, slots=True, eq=False)
class Migration:
    """Changes of predictions over all rows and by segment.

    `processing`, `arithmetic`: what our processors, and our model on vnpy's own features, alone change of them.
    """

    candidate: Candidate
    limit: Limit
    rows: Rows
    findings: tuple[Finding, ...]
    change: Change
    parts: Mapping[str, Change]
    processing: Change
    arithmetic: Change
    movers: tuple[Mover, ...]
    coverage: Coverage

    @property
    def holds(self) -> bool:
        """Whether predictions change by less than the limit, and enough of them were compared."""
        return self.limit.holds(self.change, self.coverage)

    @property
    def culprits(self) -> tuple[str, ...]:
        """What alone moves a prediction beyond the limit, else at all, largest mean first.

        Factors, `PROCESSORS`, and beyond a limit also `ARITHMETIC`.
        """
        processing, arithmetic = (
            Mover(name, each.mean, each.largest, each.beyond)
            for name, each in ((PROCESSORS, self.processing), (ARITHMETIC, self.arithmetic))
        )
        moving = [each for each in (processing, *self.movers) if each.beyond > 0.0 or each.largest > SMALL]
        moving += [arithmetic] if arithmetic.beyond > 0.0 else []
        found = [each for each in moving if each.beyond > 0.0] or moving
        return tuple(each.name for each in sorted(found, key=lambda each: -each.mean))


def silent(stage: str, done: int, most: int) -> None:
    """Progress for nobody."""
    del stage, done, most


def migrate(candidate: Candidate, limit: Limit, progress: Progress = silent) -> Migration:
    """Compare vnpy's own factors and predictions with ours; ExportError where no row can be compared."""
    export, raw = candidate.export, candidate.dataset.raw
    every = Market.of(Panel.from_frame(candidate.bars), raw.factors.member != 0, export.loaded, export.raw)
    counted = raw.counted[every.places.section, every.places.symbol]
    market = replace(every, places=every.places.among(counted))
    if not len(market.places):
        raise ExportError(f"no row of vnpy's factors is a bar of a member with a full look-back here. {MORE_BARS}")
    factors = FactorComparison(export, market)
    findings = tuple(factors.findings(partial(progress, "factors")))
    asked = Places.of(export.predictions, every.panel)
    coverage = Coverage.of(export.predictions, asked, raw)
    asked = asked.among(raw.counted[asked.section, asked.symbol])
    predictions = PredictionComparison.of(candidate, asked, limit)
    change, parts = predictions.changes()
    swapped = Substitution.of(raw, market.places, factors.theirs, candidate.model)
    movers = predictions.movers(swapped, findings, partial(progress, "predictions"))
    return Migration(
        candidate=candidate,
        limit=limit,
        rows=Rows(len(market.places), export.raw.height - len(every.places), int((~counted).sum())),
        findings=findings,
        change=change,
        parts=parts,
        processing=predictions.processing(swapped),
        arithmetic=predictions.arithmetic(),
        movers=tuple(sorted(movers, key=lambda each: -each.mean)),
        coverage=coverage,
    )
