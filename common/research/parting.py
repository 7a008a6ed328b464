"""From raw values to the parts of a dataset: where spans begin and end, whose labels stay within, what is learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from common.errors import TooFewRowsError
from common.factors.plan import compile_set
from common.factors.processors.chain import Chain
from common.market.span import Span
from common.research.part import Part, features_of
from common.research.periods import Segment, check_order, sections_of
from common.research.raw import Mask, Raw
from common.research.recipe import Recipe, label_horizon
from common.research.rows import Cut, Sections, cut_by_periods, cut_by_share, divide, label_ends, within
from common.research.targets import check_some, learn_targets, ranked


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
        try:
            return cls(raw, recipe, _cut(raw, recipe, tested), tested)
        except TooFewRowsError as error:
            raise _too_few(error, raw, recipe) from error

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
        """Parts with features after a chain, and labels as they are learnt; TooFewRowsError where nothing is left."""
        rows = self._rows()
        # A rank among rows whose labels need bars of the next part would know of these.
        among = np.logical_or.reduce([mask for _, mask in rows.values()])
        target = ranked(self.raw.label, among, self.recipe.label_processing)
        parts: dict[Segment, Part] = {}
        for segment, (sections, learnt) in rows.items():
            inside, features = slice(*sections), features_of(self.raw, chain, sections)
            parts[segment] = Part(
                sections, features, learnt[inside] & features.rows, self.raw.label[inside], target[inside]
            )
        if self.recipe.processing.learn is not None:
            parts = learn_targets(self.raw, self.recipe.processing.learn, self.known, parts)
        check_some(parts)
        return parts

    def _rows(self) -> dict[Segment, tuple[Sections, Mask]]:
        """Sections and rows [B, S] of each part: those whose label is complete before the next part begins."""
        raw, cut = self.raw, self.cut
        usable = np.isfinite(raw.label) & raw.counted
        ends = label_ends(raw.present, label_horizon(self.recipe.factor_set))
        try:
            rows = divide(usable, ends, cut)
        except TooFewRowsError as error:
            raise _too_few(error, raw, self.recipe) from error
        chosen = {Segment.TRAIN: (cut.train, rows.train), Segment.VALID: (cut.validation, rows.validation)}
        if self.tested is not None:
            chosen[Segment.TEST] = self.tested, usable & within(self.tested, usable) & (ends < len(raw.time))
        return chosen


def _test_sections(raw: Raw, recipe: Recipe, test: Span) -> Sections:
    if recipe.periods is not None:
        check_order({Segment.VALID: recipe.periods.valid, Segment.TEST: test})
    return sections_of(raw.stamp, Segment.TEST, test)


def _cut(raw: Raw, recipe: Recipe, tested: Sections | None) -> Cut:
    horizon = label_horizon(recipe.factor_set)
    if recipe.periods is not None:
        return cut_by_periods(raw.stamp, horizon, recipe.periods)
    return cut_by_share(len(raw.time) if tested is None else tested[0], horizon, recipe.validation_share)


def _too_few(error: TooFewRowsError, raw: Raw, recipe: Recipe) -> TooFewRowsError:
    longest = int(raw.present.sum(axis=0).max(initial=0))
    return TooFewRowsError(
        f"{error}. Factor set {recipe.factor_set.name!r} is complete after "
        f"{compile_set(recipe.factor_set).warm_bars} bars of a symbol, its label looks "
        f"{label_horizon(recipe.factor_set)} bars ahead, and the symbol with the most bars has {longest}"
    )
