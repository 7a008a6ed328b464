"""fill_na: a number in the place of what is missing."""

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from common.errors import FactorError
from common.factors.processors.compilation import call
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_flag
from common.factors.processors.training_kernels import fill


@dataclass(frozen=True, slots=True)
class FillNa(Processor):
    """Missing values become `fill_value`; those of the label, too, unless `fill_label` says no."""

    name: ClassVar[str] = "fill_na"
    summary: ClassVar[str] = "missing values become fill_value"
    formula: ClassVar[str] = "x, else fill_value"
    missing: ClassVar[str] = "becomes fill_value"
    fill_value: float
    fill_label: bool = True

    def __post_init__(self) -> None:
        value: object = self.fill_value
        if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
            raise FactorError(f"fill_value of fill_na is a finite number, not {value!r}")
        check_flag(self.name, "fill_label", self.fill_label)

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Fill."""
        del learnt
        which = block.places(block.names if self.fill_label else block.features)
        call(fill, block.values, which, block.rows, float(self.fill_value))
        return block
