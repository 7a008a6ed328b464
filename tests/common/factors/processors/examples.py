"""One example or more of every processor; a processor without one fails the tests."""

from common.factors.processors.processor import Processor
from common.factors.processors.table import make_processor
from tests.common.factors.processors.blocks import FEATURES, NAMES

PARAMETERS: dict[str, tuple[str, dict[str, object]]] = {
    "drop_na": ("drop_na", {"names": ["plain", "holes", "label"]}),
    "drop_na of features": ("drop_na", {}),
    "fill_na": ("fill_na", {"fill_value": 0.0}),
    "fill_na but the label": ("fill_na", {"fill_value": -1.5, "fill_label": False}),
    "replace_inf": ("replace_inf", {}),
    "cs_fill_na": ("cs_fill_na", {}),
    "cs_fill_na of some": ("cs_fill_na", {"names": ["holes"]}),
    "cs_norm zscore": ("cs_norm", {"method": "zscore"}),
    "cs_norm robust": ("cs_norm", {"method": "robust"}),
    "cs_norm of the label": ("cs_norm", {"method": "zscore", "names": ["label"]}),
    "cs_rank_norm": ("cs_rank_norm", {"names": list(FEATURES)}),
    "cs_rank_norm of all": ("cs_rank_norm", {"names": list(NAMES)}),
    "robust_zscore_norm": ("robust_zscore_norm", {}),
    "robust_zscore_norm unclipped": ("robust_zscore_norm", {"clip_outlier": False}),
    "ts_norm": ("ts_norm", {}),
    "drop_feature": ("drop_feature", {"names": ["tied", "empty"]}),
}

EXAMPLES: dict[str, Processor] = {
    example: make_processor(name, parameters) for example, (name, parameters) in PARAMETERS.items()
}
