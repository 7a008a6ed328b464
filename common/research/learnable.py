"""Whether there is anything to learn: a target that moves, and a feature that does."""

import numpy as np

from common.errors import DatasetError
from common.market.span import Span
from common.research.dataset import Dataset
from common.research.part import Part
from common.research.periods import Segment, shown
from common.research.raw import Floats

AS_IT_IS = (
    "train it by python -m scripts.train with --learn-processor drop_na:names=label, which learns the label as it is; "
    "make run and make up take such a model by MODEL=NAME"
)
SHOWN = 3
"""Features that an error names."""


def check_learnable(dataset: Dataset) -> None:
    """Refuse a training part whose target, or whose every feature, is the same in all rows: DatasetError."""
    part = dataset.part(Segment.TRAIN)
    stamps, count = dataset.raw.stamp[slice(*part.sections)], int(part.learnt.sum())
    where = f"{count:,} rows of the training part ({shown(Span(int(stamps[0]), int(stamps[-1])))})"
    if not varies(part.target[part.learnt]):
        raise DatasetError(f"there is nothing to learn in the {where}: {_same_target(dataset, part)}")
    if not any(varies(values[part.learnt]) for values in part.features.values):
        raise DatasetError(
            f"there is nothing to learn from in the {where}: {_same_features(part)}; "
            "choose other factors, or processors that leave them apart"
        )


def varies(values: Floats) -> bool:
    """Whether numbers f8[N] are not all the same, NaN being one of them."""
    unknown = np.isnan(values)
    return bool(not unknown.all() and (unknown.any() or values.min() < values.max()))


def _same_target(dataset: Dataset, part: Part) -> str:
    text, value = dataset.recipe.factor_set.label, float(part.target[part.learnt][0])
    if not varies(part.label[part.learnt]):
        return f"the label {text!r} is {float(part.label[part.learnt][0]):g} in all of them; choose one that moves"
    if dataset.recipe.processing.learn is not None:
        return f"the learn processors make the label {value:g} in all of them; choose others"
    if part.learnt.sum(axis=1).max() == 1:
        return f"a label is learnt as its rank in the section, and each section has one symbol; {AS_IT_IS}"
    return f"the label {text!r} has the same rank in its section in all of them; {AS_IT_IS}"


def _same_features(part: Part) -> str:
    told = [
        f"{name} is {values[part.learnt][0]:g}"
        for name, values in zip(part.features.names[:SHOWN], part.features.values, strict=False)
    ]
    more = len(part.features.names) - SHOWN
    return f"{', '.join(told)}{f' and {more} more are the same' if more > 0 else ''} in all of them"
