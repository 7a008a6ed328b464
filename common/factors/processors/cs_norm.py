"""cs_norm: distance from the section's middle, in its own spread."""

from dataclasses import dataclass
from typing import ClassVar

from common.errors import FactorError
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_names, columns_of
from common.factors.processors.section_kernels import score_sections, score_sections_robustly
from common.factors.processors.sections import over_sections

_KERNELS = {"robust": score_sections_robustly, "zscore": score_sections}


@dataclass(frozen=True, slots=True)
class CsNorm(Processor):
    """Each section by itself: `zscore` about the mean, `robust` about the median and within 3; NaN without spread."""

    name: ClassVar[str] = "cs_norm"
    summary: ClassVar[str] = "distance from the section's mean (zscore) or median (robust) in its own spread"
    formula: ClassVar[str] = (
        "zscore: (x - mean) / std, over n - 1; robust: (x - median) / 1.4826 median |x - median|, clipped to -3 .. 3"
    )
    missing: ClassVar[str] = "left out, stays missing; so does a section without spread"
    method: str
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.method not in _KERNELS:
            raise FactorError(f"method of cs_norm is {' or '.join(_KERNELS)}, not {self.method!r}")
        if self.names is not None:
            check_names(self.name, self.names)

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Normalise."""
        del learnt
        return over_sections(_KERNELS[self.method], block, columns_of(block, self.names))
