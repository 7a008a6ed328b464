"""drop_feature: columns a model shall not see."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_names


@dataclass(frozen=True, slots=True)
class DropFeature(Processor):
    """The columns `names` are left out."""

    name: ClassVar[str] = "drop_feature"
    summary: ClassVar[str] = "columns are left out"
    formula: ClassVar[str] = "-"
    missing: ClassVar[str] = "-"
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_names(self.name, self.names)

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Leave them out."""
        del learnt
        gone = set(block.places(self.names).tolist())
        kept = [place for place in range(len(block.names)) if place not in gone]
        values = np.ascontiguousarray(block.values[kept])
        return replace(block, names=tuple(block.names[place] for place in kept), values=values)
