"""The child's scoring: features out of the slate, through the bundle's processors and model, answers into it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from common.factors.processors.feature_block import FeatureBlock
from common.models.processed import ProcessedModel
from services.inference_worker.executor.attendance import decode_names
from services.inference_worker.executor.exchange import Request
from services.inference_worker.executor.slate import Slate

Floats = NDArray[np.float64]


class Scorer:
    """Exactly the bundle's model; it remembers the symbols it was told last."""

    def __init__(self, model: ProcessedModel, slate: Slate) -> None:
        self._model, self._slate = model, slate
        self._symbols: tuple[str, ...] = ()

    def score(self, request: Request) -> Floats:
        """Predictions f8[S]; the slate's rows then say on whom the model has an opinion."""
        count = len(self._model.features)
        features = self._slate.features(count, request.symbols)
        if not self._model.reads_sections:
            return self._model.predict(features)
        rows = self._slate.rows(count, request.symbols)
        block = FeatureBlock(
            self._named(request, count),
            np.array([request.stamp], np.int64),
            self._model.features,
            features.reshape(count, 1, request.symbols),
            (rows != 0.0).reshape(1, request.symbols),
        )
        found = self._model.answer(block)
        rows[...] = found.rows[0]
        values: Floats = found.values[0]
        return values

    def predictions(self, request: Request) -> Floats:
        """Where the answer belongs."""
        return self._slate.predictions(len(self._model.features), request.symbols)

    def _named(self, request: Request, count: int) -> tuple[str, ...]:
        if request.names:
            self._symbols = decode_names(self._slate.read_names(count, request.symbols, request.names))
        return self._symbols if request.symbols else ()
