"""What a model says of a dataset, as a table: a row for whoever it has an opinion on."""

import numpy as np
import polars as pl

from common.market.stamp_form import StampForm
from common.models.processed import ProcessedModel
from common.research.appraisal import Asked, ask
from common.research.dataset import Dataset
from common.research.long_frame import long_frame
from common.research.periods import Segment
from common.research.raw import Raw


def predict(model: ProcessedModel, dataset: Dataset, segment: Segment) -> pl.DataFrame:
    """Have a model answer a part, as live: datetime and symbol as the bars' file has them, signal f8."""
    return signal_frame(ask(model, dataset, segment), dataset.raw, dataset.form)


def signal_frame(asked: Asked, raw: Raw, form: StampForm) -> pl.DataFrame:
    """Answers as datetime (stamps of this form), symbol and signal, in this order."""
    said = np.isfinite(asked.values)
    return long_frame((asked.time, asked.stamp), raw.factors.symbols, said, {"signal": asked.values}, form)
