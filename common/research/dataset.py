"""A dataset: raw values, cut into spans, run through processors that were fitted on the training rows alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from common.errors import DatasetError, TooFewRowsError
from common.factors.plan import compile_set
from common.factors.processors.chain import Chain
from common.market.span import Span
from common.market.store import BarTable
from common.models.predictor import Samples
from common.nearest import did_you_mean
from common.research.factor_cache import FactorCache
from common.research.long_frame import long_frame
from common.research.part import Part, features_of
from common.research.periods import Segment, check_order, sections_of
from common.research.raw import Floats, Mask, Raw, compute_raw
from common.research.recipe import Recipe, label_horizon
from common.research.rows import Cut, Sections, cut_by_periods, cut_by_share, divide, label_ends, within
from common.research.targets import check_some, learn_targets, ranked

ANY_STAMP: pl.DataType = pl.Datetime("us")


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Parts by segment, the test part only where there is a test span, and the fitted infer processors.

    Method names are vnpy's AlphaDataset's where it has one. datetime_type: of the bars' file, so that tables join.
    """

    raw: Raw
    recipe: Recipe
    chain: Chain
    parts: Mapping[Segment, Part]
    datetime_type: pl.DataType = ANY_STAMP

    @classmethod
    def of(
        cls,
        bars: BarTable | pl.DataFrame,
        recipe: Recipe,
        *,
        test: Span | None = None,
        cache: FactorCache | None = None,
    ) -> "Dataset":
        """Build from good bars; factors come from the cache where it has them.

        The test span decides nothing about the other parts: they are what they would be without its bars.
        """
        frame = bars.frame if isinstance(bars, BarTable) else bars
        kind = bars.datetime_type if isinstance(bars, BarTable) else ANY_STAMP
        return cls.over(raw_of(frame, recipe, cache), recipe, test=test, datetime_type=kind)

    @classmethod
    def over(
        cls, raw: Raw, recipe: Recipe, *, test: Span | None = None, datetime_type: pl.DataType = ANY_STAMP
    ) -> "Dataset":
        """Build from values computed before: other spans and other processors cost no factors."""
        horizon = label_horizon(recipe.factor_set)
        tested = None if test is None else _test_sections(raw, recipe, test)
        cut = _cut(raw, recipe, horizon, tested)
        # Symbols that come later must not show in what is learnt.
        known: Mask = np.any(raw.present[: cut.limit], axis=0)
        infer = recipe.processing.infer
        chain = Chain.fit(infer, raw.block(*cut.train, known)) if infer else Chain(raw.factors.names, ())
        parts = _parts(raw, recipe, chain, cut, tested)
        if recipe.processing.learn is not None:
            parts = learn_targets(raw, recipe.processing.learn, known, parts)
        check_some(parts)
        return cls(raw, recipe, chain, parts, datetime_type)

    def part(self, segment: Segment) -> Part:
        """One part; DatasetError if there is none."""
        if segment not in self.parts:
            raise DatasetError(f"the dataset has no {segment} part; give it a {segment} span")
        return self.parts[segment]

    def samples(self, segment: Segment) -> Samples:
        """What `fetch_learn` says, as arrays."""
        return self.part(segment).samples()

    def fetch_raw(self, segment: Segment) -> pl.DataFrame:
        """Bars of members: datetime, symbol, raw factors, label; NaN where a value is missing."""
        first, last = self.part(segment).sections
        factors = self.raw.factors
        rows = (factors.present != 0) & (factors.member != 0)
        values = factors.values[:, first:last]
        return self._frame((first, last), rows[first:last], factors.names, values, self.raw.label[first:last])

    def fetch_infer(self, segment: Segment) -> pl.DataFrame:
        """Rows a model has an opinion on: datetime, symbol, features as it reads them, label as it happened."""
        part = self.part(segment)
        found = part.features
        return self._frame(part.sections, found.rows, found.names, found.values, part.label)

    def fetch_learn(self, segment: Segment) -> pl.DataFrame:
        """Rows that are learnt from: datetime, symbol, features as a model reads them, label as it is learnt."""
        part = self.part(segment)
        return self._frame(part.sections, part.learnt, part.features.names, part.features.values, part.target)

    def _frame(
        self, sections: Sections, rows: Mask, names: tuple[str, ...], values: Floats, label: Floats
    ) -> pl.DataFrame:
        columns = {**dict(zip(names, values, strict=True)), "label": label}
        stamp = self.raw.stamp[sections[0] : sections[1]]
        return long_frame(stamp, self.raw.factors.symbols, rows, columns, self.datetime_type)


def raw_of(bars: pl.DataFrame, recipe: Recipe, cache: FactorCache | None = None) -> Raw:
    """Raw values of good bars, computed, or read where the cache has them; ModelError for a label that looks back."""
    plan = compile_set(recipe.factor_set)
    label_horizon(recipe.factor_set)
    _check_members(bars, recipe)
    return compute_raw(bars, recipe, plan) if cache is None else cache.raw(bars, recipe, plan)


def _check_members(bars: pl.DataFrame, recipe: Recipe) -> None:
    """Refuse a universe of which nobody is among the bars: written in another way, most likely."""
    named = {each.symbol for each in recipe.constituents.intervals} if recipe.constituents else set()
    known = set(bars["symbol"].unique())
    if named and known and named.isdisjoint(known):
        raise DatasetError(
            f"none of the universe's {len(named)} symbols has a bar, such as {min(named)!r}"
            f"{did_you_mean(min(named), known)}; the bars' are written like {min(known)!r}"
        )


def _test_sections(raw: Raw, recipe: Recipe, test: Span) -> Sections:
    if recipe.periods is not None:
        check_order({Segment.VALID: recipe.periods.valid, Segment.TEST: test})
    return sections_of(raw.stamp, Segment.TEST, test)


def _cut(raw: Raw, recipe: Recipe, horizon: int, tested: Sections | None) -> Cut:
    try:
        if recipe.periods is not None:
            return cut_by_periods(raw.stamp, horizon, recipe.periods)
        return cut_by_share(len(raw.time) if tested is None else tested[0], horizon, recipe.validation_share)
    except TooFewRowsError as error:
        raise _too_few(error, raw, recipe, horizon) from error


def _parts(raw: Raw, recipe: Recipe, chain: Chain, cut: Cut, tested: Sections | None) -> dict[Segment, Part]:
    """Parts with their labels as the recipe has them."""
    horizon = label_horizon(recipe.factor_set)
    usable, ends = np.isfinite(raw.label) & raw.counted, label_ends(raw.present, horizon)
    try:
        rows = divide(usable, ends, cut)
    except TooFewRowsError as error:
        raise _too_few(error, raw, recipe, horizon) from error
    chosen = {Segment.TRAIN: (cut.train, rows.train), Segment.VALID: (cut.validation, rows.validation)}
    if tested is not None:
        chosen[Segment.TEST] = tested, usable & within(tested, usable) & (ends < len(raw.time))
    # A rank among rows whose labels need later bars knows of these. Without spans, the training part's ranks are among
    # labels that reach into validation, too: models on record were made so, and are to be found again.
    among = usable & ((ends < cut.limit) | ~within((0, cut.limit), usable))
    if recipe.periods is not None:
        among = np.logical_or.reduce([mask for _, mask in chosen.values()])
    target = ranked(raw.label, among, recipe.label_processing)
    return {segment: _part(raw, chain, sections, learnt, target) for segment, (sections, learnt) in chosen.items()}


def _part(raw: Raw, chain: Chain, sections: Sections, learnt: Mask, target: Floats) -> Part:
    first, last = sections
    features = features_of(raw, chain, sections)
    return Part(sections, features, learnt[first:last] & features.rows, raw.label[first:last], target[first:last])


def _too_few(error: TooFewRowsError, raw: Raw, recipe: Recipe, horizon: int) -> TooFewRowsError:
    longest = int(raw.present.sum(axis=0).max(initial=0))
    return TooFewRowsError(
        f"{error}. Factor set {recipe.factor_set.name!r} is complete after "
        f"{compile_set(recipe.factor_set).warm_bars} bars of a symbol, its label looks {horizon} bars ahead, and the "
        f"symbol with the most bars has {longest}"
    )
