"""From raw values to the parts of a dataset: where spans begin and end, whose labels stay within, what is learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from common.amounts import amount
from common.errors import DatasetError, TooFewRowsError
from common.factors.plan import compile_set
from common.factors.processors.chain import Chain
from common.market.span import Span
from common.research.outcomes import labels_by
from common.research.part import Part, features_of
from common.research.periods import Segment, check_order, sections_of, shown
from common.research.raw import Floats, Mask, Raw
from common.research.recipe import Recipe, label_horizon
from common.research.rows import Cut, Sections, cut_by_periods, cut_by_share
from common.research.targets import check_some, learn_targets, ranked

PURPOSES = {Segment.TRAIN: "train on", Segment.VALID: "validate on"}
"""What a part without rows leaves nobody to; a test part may be without."""


@dataclass(frozen=True, slots=True, eq=False)
class Parting:
    """Raw values, the recipe that parts them, and the sections of each part; `tested`: those of a test span."""

    raw: Raw
    recipe: Recipe
    cut: Cut
    tested: Sections | None

    @classmethod
    def of(cls, raw: Raw, recipe: Recipe, test: Span | None) -> Self:
        """DatasetError for spans that overlap or hold no bars, TooFewRowsError where a part has no sections."""
        tested = None if test is None else _test_sections(raw, recipe, test)
        return cls(raw, recipe, _cut(raw, recipe, tested), tested)

    @property
    def known(self) -> Mask:
        """Symbols [S] of the training part: who comes after it must not show in what is learnt."""
        found: Mask = np.any(self.raw.present[slice(*self.cut.train)], axis=0)
        return found

    def chain(self) -> Chain:
        """Infer processors, fitted on the training part."""
        infer = self.recipe.processing.infer
        if not infer:
            return Chain(self.raw.factors.names, ())
        return Chain.fit(infer, self.raw.block(*self.cut.train, self.known))

    def parts(self, chain: Chain) -> Mapping[Segment, Part]:
        """Parts with features after a chain, and labels as they are learnt; errors where nothing is left of either."""
        parts = {segment: self._part(chain, segment, *seen) for segment, seen in self._stretches().items()}
        if self.recipe.processing.learn is not None:
            parts = learn_targets(self.raw, self.recipe.processing.learn, self.known, parts)
        check_some(parts)
        return parts

    def _stretches(self) -> dict[Segment, tuple[Sections, int]]:
        """Sections of each part, and the first one of which no bar is known in it: where the next part begins."""
        cut = self.cut
        found = {Segment.TRAIN: (cut.train, cut.validation[0]), Segment.VALID: (cut.validation, cut.limit)}
        if self.tested is not None:
            found[Segment.TEST] = self.tested, len(self.raw.time)
        return found

    def _part(self, chain: Chain, segment: Segment, sections: Sections, limit: int) -> Part:
        raw, inside = self.raw, slice(*sections)
        label = labels_by(raw, self.recipe.factor_set, limit)[inside]
        # A rank is among the rows of the part: whose label is not known does not count.
        rows = np.isfinite(label) & raw.counted[inside]
        if segment in PURPOSES and not rows.any():
            raise self._none_complete(segment, sections, label)
        target = ranked(label, rows, self.recipe.label_processing)
        features = features_of(raw, chain, sections)
        if not features.names:
            raise DatasetError("the infer processors leave no feature: a model needs one to answer by; drop fewer")
        return Part(sections, features, rows & features.rows, label, target)

    def _none_complete(self, segment: Segment, sections: Sections, label: Floats) -> TooFewRowsError:
        raw, (first, last) = self.raw, sections
        span, sections_there = Span(int(raw.stamp[first]), int(raw.stamp[last - 1])), amount(last - first, "section")
        complete, known = (amount(int(each.sum()), "bar") for each in (raw.counted[first:last], np.isfinite(label)))
        return _too_few(
            f"there are no complete rows to {PURPOSES[segment]}: the {segment} part has {sections_there} "
            f"({shown(span)}), {complete} of members with a full look-back, and {known} with a known label",
            raw,
            self.recipe,
        )


def _test_sections(raw: Raw, recipe: Recipe, test: Span) -> Sections:
    if recipe.periods is not None:
        check_order({Segment.VALID: recipe.periods.valid, Segment.TEST: test})
    return sections_of(raw.stamp, Segment.TEST, test)


def _cut(raw: Raw, recipe: Recipe, tested: Sections | None) -> Cut:
    horizon = label_horizon(recipe.factor_set)
    if recipe.periods is not None:
        return cut_by_periods(raw.stamp, horizon, recipe.periods)
    try:
        return cut_by_share(len(raw.time) if tested is None else tested[0], horizon, recipe.validation_share)
    except TooFewRowsError as error:
        raise _too_few(str(error), raw, recipe) from error


def _too_few(told: str, raw: Raw, recipe: Recipe) -> TooFewRowsError:
    longest = int(raw.present.sum(axis=0).max(initial=0))
    return TooFewRowsError(
        f"{told}. Factor set {recipe.factor_set.name!r} is complete after "
        f"{amount(compile_set(recipe.factor_set).warm_bars, 'bar')} of a symbol, its label looks "
        f"{amount(label_horizon(recipe.factor_set), 'bar')} ahead, and the symbol with the most bars has {longest}"
    )
