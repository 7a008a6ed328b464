"""vnpy's own dataset, processors and LightGBM model on the frame they want. Needs vnpy 4.5.0."""

import importlib
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from scripts.bench.factor_market import Floats
from scripts.bench.factor_vnpy import FIRST_DAY, long_frame
from scripts.bench.training_market import Days, Task

NEVER = 10**9


class Vnpy:
    """From bars in memory; two workers, each in a process, as vnpy does it."""

    def __init__(self, columns: Mapping[str, Floats], task: Task) -> None:
        self._frame, self._task = long_frame(columns), task
        self._made: Any = None
        self._library = importlib.import_module("vnpy.alpha.dataset")
        self._make = importlib.import_module("vnpy.alpha.dataset.datasets.alpha_158").Alpha158
        self._model = importlib.import_module("vnpy.alpha.model.models.lgb_model").LgbModel

    def dataset(self) -> None:
        """Factors, label, processors."""
        task, library = self._task, self._library
        self._made = None
        made = self._make(self._frame, *(_period(days) for days in (task.train, task.valid, task.test)))
        made.add_processor("learn", partial(library.process_drop_na, names=["label"]))
        made.add_processor("learn", partial(library.process_cs_norm, names=["label"], method="zscore"))
        made.prepare_data(None, max_workers=task.threads)
        made.process_data()
        self._made = made

    def fit(self) -> None:
        """Fetch what is learnt, and boost; its early stopping and its prints are out of the way."""
        rounds = self._task.rounds
        self._model(num_boost_round=rounds, early_stopping_rounds=rounds, log_evaluation_period=NEVER, seed=7).fit(
            self._made
        )

    def facts(self) -> dict[str, float]:
        """How much was learnt from."""
        return {"rows": float(self._made.fetch_learn(self._library.Segment.TRAIN).height)}


def _period(days: Days) -> tuple[str, str]:
    first, last = ((FIRST_DAY + timedelta(days=day)).date().isoformat() for day in days)
    return first, last
