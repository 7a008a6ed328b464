"""What followed each bar, as far as the bars of a part tell: none of the next part's is read, of whichever symbol."""

import numpy as np

from common.factors.labels import label_values
from common.factors.sets import FactorSet
from common.research.raw import Floats, Raw
from common.research.recipe import label_horizon
from common.research.rows import complete


def labels_by(raw: Raw, factor_set: FactorSet, limit: int) -> Floats:
    """Labels f8[limit, S] made of the bars of sections before `limit` alone; NaN where these end too early for one.

    A label that compares symbols sees those whose bars suffice by then: one with a hole may be known only later.
    """
    label = label_values(factor_set.label, raw.bars(limit), factor_set.operators)
    known: Floats = np.where(complete(raw.present[:limit], label_horizon(factor_set)), label, np.nan)
    return known
