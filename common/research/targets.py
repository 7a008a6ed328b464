"""What a model learns to predict: the label, as the recipe or its learn processors have it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from common.errors import DatasetError, ModelError, TooFewRowsError
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import LABEL, FeatureBlock
from common.factors.processors.processor import Processor
from common.research.information import Floats, centred_ranks
from common.research.part import Part
from common.research.periods import Segment
from common.research.raw import Mask, Raw

Parts = Mapping[Segment, Part]


def ranked(label: Floats, usable: Mask, processing: str) -> Floats:
    """Labels as they are learnt, NaN where unusable. Ranks by section by default: one absurd return must not rule."""
    target = np.where(usable, label, np.nan)
    if processing == "none":
        return target
    if processing != "cs_rank_norm":
        raise ModelError(f"there is no label processing {processing!r}; there is cs_rank_norm, none")
    for section in np.flatnonzero(usable.any(axis=1)):
        target[section, usable[section]] = centred_ranks(label[section, usable[section]])
    return target


def learn_targets(raw: Raw, learn: tuple[Processor, ...], known: Mask, parts: Parts) -> dict[Segment, Part]:
    """Run labels through learn processors fitted on the training part; they may drop rows, but change no feature.

    What a model reads is what it will read live: what the processors make of the features here is not used.
    """
    # Those that name the label alone need no copy of the features.
    apart = all(getattr(each, "names", None) == (LABEL,) for each in learn)
    blocks = {segment: _block(raw, part, 0 if apart else None) for segment, part in parts.items()}
    train = blocks[Segment.TRAIN]
    chain = Chain.fit(learn, train if known.all() else _among(train, known))
    return {segment: _learnt(parts[segment], chain.apply(block)) for segment, block in blocks.items()}


def check_some(parts: Parts) -> None:
    """Refuse a dataset of which processing left nothing to learn from, or to stop by; a test part may have no label."""
    for segment in (Segment.TRAIN, Segment.VALID):
        if not parts[segment].learnt.any():
            raise TooFewRowsError(
                f"no rows are left in the {segment} part after processing: drop fewer, or fill before dropping"
            )


def _block(raw: Raw, part: Part, features: int | None) -> FeatureBlock:
    """The first so many features (None: all) and the label."""
    first, last = part.sections
    if LABEL in part.features.names:
        raise DatasetError(f"a factor is called {LABEL!r}, which is what is learnt; rename it")
    names = part.features.names[:features]
    values = np.concatenate([part.features.values[:features], part.label[None]])
    return FeatureBlock(raw.factors.symbols, raw.stamp[first:last], (*names, LABEL), values, part.learnt.copy())


def _among(block: FeatureBlock, symbols: Mask) -> FeatureBlock:
    names = tuple(name for name, wanted in zip(block.symbols, symbols, strict=True) if wanted)
    values, rows = np.array(block.values[:, :, symbols], order="C"), np.ascontiguousarray(block.rows[:, symbols])
    return replace(block, symbols=names, values=values, rows=rows)


def _learnt(part: Part, done: FeatureBlock) -> Part:
    target = done.values[int(done.places((LABEL,))[0])]
    learnt = done.rows & np.isfinite(target)
    return replace(part, learnt=learnt, target=np.where(learnt, target, np.nan))
