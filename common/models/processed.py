"""A model behind the processors it was fitted with: raw factors of sections in, opinions out (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import BundleError, FactorError, ModelError
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.models.bundle import Bundle
from common.models.golden import Golden
from common.models.importance import Importance
from common.models.kinds import load_predictor
from common.models.predictor import Predictor
from common.models.processors import outputs, read_processors
from common.models.scoring import Scoring, accelerate, guarded

Floats = NDArray[np.float64]

GOLDEN_SECTION = 8
"""Golden columns pass the processors as sections of so many symbols, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Predictions f8[B, S], NaN but for `rows`[B, S]: those that counted and that no processor dropped."""

    values: Floats
    rows: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ProcessedModel:
    """Fitted processors, perhaps none, and the model that reads what they make."""

    chain: Chain
    model: Predictor

    @property
    def kind(self) -> str:
        """Kind of the model."""
        return self.model.kind

    @property
    def features(self) -> tuple[str, ...]:
        """Raw factors in the order it takes them."""
        return self.chain.inputs

    @property
    def reads_sections(self) -> bool:
        """Whether it has processors, and so needs to know who counts in a section."""
        return bool(self.chain.steps)

    def answer(self, block: FeatureBlock) -> Answers:
        """Process sections, one or many, and score their rows; the block is left as it is.

        A row's answer depends on the rows of its section and on nothing else: history and live give the same bits.
        """
        done = self.chain.apply(block)
        values = np.full(done.rows.shape, np.nan)
        if done.rows.any():
            values[done.rows] = self.model.predict(matrix_of(done))
        return Answers(values, done.rows)

    def predict(self, matrix: Floats) -> Floats:
        """Score f8[F, S] into f8[S] without processors; ModelError where there are some: they need the section."""
        if self.reads_sections:
            raise ModelError("this model has processors: give it sections, with who counts in each")
        return self.model.predict(matrix)

    def rehearse(self, inputs: Floats) -> Floats:
        """Answers f8[G] to golden inputs f8[F, G]."""
        if not self.reads_sections:
            return self.model.predict(inputs)
        return self.answer(self._golden_block(inputs)).values.reshape(-1)[: inputs.shape[1]]

    def accelerate(self, golden: Golden) -> Scoring:
        """Have the model score as fast as it can; never raises."""
        return guarded(self.kind, lambda: accelerate(self.model, self._met(golden)))

    def _met(self, golden: Golden) -> Golden:
        """Golden inputs as the model meets them: behind the processors."""
        if not self.reads_sections:
            return golden
        done = self.chain.apply(self._golden_block(golden.inputs))
        return Golden(matrix_of(done), golden.outputs[np.flatnonzero(done.rows)])

    def detail(self) -> Importance:
        """How much each feature that the model reads matters."""
        return self.model.detail()

    def _golden_block(self, inputs: Floats) -> FeatureBlock:
        features, rows = inputs.shape
        sections = -(-rows // GOLDEN_SECTION)
        values = np.full((features, sections * GOLDEN_SECTION), np.nan)
        values[:, :rows] = inputs
        counted = np.arange(sections * GOLDEN_SECTION) < rows
        shape = sections, GOLDEN_SECTION
        stamp = np.zeros(sections, np.int64)
        return FeatureBlock(
            self._golden_symbols(), stamp, self.features, values.reshape(features, *shape), counted.reshape(shape)
        )

    def _golden_symbols(self) -> tuple[str, ...]:
        """Symbols something was learnt of, as far as there are some, so that what was learnt shows in the answers."""
        known = next((each.learnt.symbols for each in self.chain.steps if each.learnt.symbols), ())
        strangers = (f"~{place}" for place in range(GOLDEN_SECTION))
        return tuple([*known[: GOLDEN_SECTION - 1], *strangers][:GOLDEN_SECTION])


def load_processed(bundle: Bundle, kinds: Mapping[str, str] | None = None) -> ProcessedModel:
    """Return the model of a verified bundle with its processors, ready to answer; BundleError if they do not fit."""
    try:
        chain = read_processors(bundle)
    except FactorError as error:
        raise BundleError(f"bundle {bundle.digest[:12]}: {error}") from error
    return ProcessedModel(chain, load_predictor(bundle, kinds, outputs(chain)))


def matrix_of(block: FeatureBlock) -> Floats:
    """The rows that count, in order of section and symbol, feature-major: f8[F, N]."""
    places = block.places(block.features)
    flat = block.values.reshape(len(block.names), -1)
    return np.ascontiguousarray(flat[np.ix_(places, np.flatnonzero(block.rows))])
