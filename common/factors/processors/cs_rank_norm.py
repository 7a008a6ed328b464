"""cs_rank_norm: the rank in the section, about 0 and of about unit variance."""

from dataclasses import dataclass
from typing import ClassVar

from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_names
from common.factors.processors.section_kernels import rank_sections
from common.factors.processors.sections import over_sections


@dataclass(frozen=True, slots=True)
class CsRankNorm(Processor):
    """(rank / numbers in the section - 0.5) x 3.46 in the columns `names`; equals share the mean of their ranks."""

    name: ClassVar[str] = "cs_rank_norm"
    summary: ClassVar[str] = "the rank in the section, about 0 and of about unit variance"
    formula: ClassVar[str] = "3.46 (rank / n - 0.5), n numbers in the section; equals share the mean of their ranks"
    missing: ClassVar[str] = "left out, stays missing"
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_names(self.name, self.names)

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Rank."""
        del learnt
        return over_sections(rank_sections, block, self.names)
