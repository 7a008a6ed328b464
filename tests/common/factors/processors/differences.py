"""Where processors differ from vnpy 4.5.0 on purpose: what, of which section, becomes what there and here."""

from typing import Any

import numpy as np

NAN, INF = np.nan, np.inf

DIFFERENCES: tuple[tuple[str, dict[str, Any], list[float], list[float], list[float]], ...] = (
    # Ranks are over the numbers of the section, not over its rows: a hole does not pull the others down.
    (
        "cs_rank_norm", {"names": ["x"]}, [1.0, 2.0, NAN, NAN],
        [(1 / 4 - 0.5) * 3.46, (2 / 4 - 0.5) * 3.46, NAN, NAN],
        [(1 / 2 - 0.5) * 3.46, (2 / 2 - 0.5) * 3.46, NAN, NAN],
    ),
    # A section whose median absolute deviation is 0 has no scale: a quotient by 0 is NaN, not the clip's 3.
    ("cs_norm", {"method": "robust"}, [1.0, 1.0, 1.0, 5.0], [NAN, NAN, NAN, 3.0], [NAN, NAN, NAN, NAN]),
    # An infinite value is a missing one; it neither becomes the clip's 3 nor makes the others NaN.
    ("robust_zscore_norm", {}, [1.0, 2.0, 3.0, INF], [-1.0117, -0.3372, 0.3372, 3.0], [-0.6745, 0.0, 0.6745, NAN]),
    ("cs_norm", {"method": "zscore"}, [1.0, 3.0, INF], [NAN, NAN, NAN], [-0.7071, 0.7071, NAN]),
    ("fill_na", {"fill_value": 0.0}, [1.0, NAN, INF], [1.0, 0.0, INF], [1.0, 0.0, 0.0]),
)  # fmt: skip
"""Processor, parameters, one section of one column; vnpy's numbers, and ours."""
