"""cs_fill_na: the section's mean in the place of what is missing."""

from dataclasses import dataclass
from typing import ClassVar

from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_names, columns_of
from common.factors.processors.section_kernels import fill_sections
from common.factors.processors.sections import over_sections


@dataclass(frozen=True, slots=True)
class CsFillNa(Processor):
    """Missing values become the mean of their section, in the columns `names` (default: the features)."""

    name: ClassVar[str] = "cs_fill_na"
    summary: ClassVar[str] = "missing values become the section's mean"
    formula: ClassVar[str] = "x, else the mean of the section"
    missing: ClassVar[str] = "becomes the mean; stays missing in a section without a number"
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.names is not None:
            check_names(self.name, self.names)

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Fill."""
        del learnt
        return over_sections(fill_sections, block, columns_of(block, self.names))
