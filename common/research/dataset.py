"""A dataset: raw values, cut into spans, run through processors that were fitted on the training rows alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from common.errors import DatasetError
from common.factors.processors.chain import Chain
from common.market.span import Span
from common.market.stamp_form import ANY_FORM, StampForm
from common.market.store import BarTable
from common.models.kinds import check_kind
from common.models.predictor import Samples
from common.research.factor_cache import FactorCache
from common.research.long_frame import long_frame
from common.research.part import Part
from common.research.parting import Parting
from common.research.periods import Segment
from common.research.raw import Floats, Mask, Raw
from common.research.raw_source import raw_of
from common.research.recipe import Recipe
from common.research.rows import Sections


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Parts by segment, the test part only where there is a test span, and the fitted infer processors.

    Method names are vnpy's AlphaDataset's where it has one. form: of the stamps in the bars' file, so that tables join.
    """

    raw: Raw
    recipe: Recipe
    chain: Chain
    parts: Mapping[Segment, Part]
    form: StampForm = ANY_FORM
    test: Span | None = None

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

        The test span decides nothing about the other parts: they are what they would be without its bars. ModelError,
        before anything is computed, for a kind of model that there is not.
        """
        check_kind(recipe.kind, recipe.kinds)
        frame = bars.frame if isinstance(bars, BarTable) else bars
        form = bars.form if isinstance(bars, BarTable) else ANY_FORM
        return cls.over(raw_of(frame, recipe, cache), recipe, test=test, form=form)

    @classmethod
    def over(cls, raw: Raw, recipe: Recipe, *, test: Span | None = None, form: StampForm = ANY_FORM) -> "Dataset":
        """Build from values computed before: other spans and other processors cost no factors."""
        parting = Parting.of(raw, recipe, test)
        chain = parting.chain()
        return cls(raw, recipe, chain, parting.parts(chain), form, test)

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
        part, factors = self.part(segment), self.raw.factors
        first, last = part.sections
        rows = (factors.present != 0) & (factors.member != 0)
        values = factors.values[:, first:last]
        return self._frame((first, last), rows[first:last], factors.names, values, part.label)

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
        inside = slice(*sections)
        moments = self.raw.time[inside], self.raw.stamp[inside]
        return long_frame(moments, self.raw.factors.symbols, rows, columns, self.form)
