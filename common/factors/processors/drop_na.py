"""drop_na: a row with a missing value does not count."""

from dataclasses import dataclass
from typing import ClassVar

from common.factors.processors.compilation import call
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_names, columns_of
from common.factors.processors.training_kernels import drop_rows


@dataclass(frozen=True, slots=True)
class DropNa(Processor):
    """Rows count only where every column of `names` (default: the features) is a number."""

    name: ClassVar[str] = "drop_na"
    summary: ClassVar[str] = "rows with a missing value no longer count"
    formula: ClassVar[str] = "the row counts only where every x is a number"
    missing: ClassVar[str] = "the row no longer counts"
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.names is not None:
            check_names(self.name, self.names)

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Take rows out."""
        del learnt
        call(drop_rows, block.values, block.places(columns_of(block, self.names)), block.rows)
        return block
