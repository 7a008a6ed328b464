"""A chain of fitted processors: what stands between the factors and a model, in training and live."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from common.errors import FactorError
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor
from common.factors.processors.records import decode_chain, encode_chain


@dataclass(frozen=True, slots=True)
class Step:
    """A processor and what it learnt."""

    processor: Processor
    learnt: Learnt


@dataclass(frozen=True, slots=True)
class Chain:
    """Fitted processors in order; `inputs` are the features they were fitted on."""

    inputs: tuple[str, ...]
    steps: tuple[Step, ...]

    @classmethod
    def fit(cls, processors: Sequence[Processor], block: FeatureBlock) -> Self:
        """Fit each on what those before it make of a training span's rows; the block is left as it is."""
        inputs, steps = block.features, []
        if processors:
            block = block.copy()
        for processor in processors:
            with naming(processor):
                steps.append(Step(processor, processor.fit(block)))
                block = processor.apply(block, steps[-1].learnt)
        return cls(inputs, tuple(steps))

    def apply(self, block: FeatureBlock) -> FeatureBlock:
        """Process sections, one or many; the block is left as it is. FactorError for other features."""
        if block.features != self.inputs:
            raise FactorError(_other_features(self.inputs, block.features))
        if self.steps:
            block = block.copy()
        for step in self.steps:
            block = step.processor.apply(block, step.learnt)
        return block

    def save(self) -> dict[str, bytes]:
        """Files of a bundle, by name: JSON in ASCII and arrays; equal chains give equal bytes."""
        return encode_chain(self.inputs, [(each.processor, each.learnt) for each in self.steps])

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Read what `save` gave, among other files; BundleError if it is not that."""
        inputs, steps = decode_chain(files)
        return cls(inputs, tuple(Step(processor, learnt) for processor, learnt in steps))


@contextmanager
def naming(processor: Processor) -> Iterator[None]:
    """Within it a FactorError says whose it is: of several processors one is wrong."""
    try:
        yield
    except FactorError as error:
        told = str(error)
        raise FactorError(told if processor.name in told else f"processor {processor.name}: {told}") from error


def _other_features(fitted: tuple[str, ...], given: tuple[str, ...]) -> str:
    missing, surplus = sorted(set(fitted) - set(given)), sorted(set(given) - set(fitted))
    if not missing and not surplus:
        return "the features stand in another order than the one the processors were fitted in"
    told = [f"{word} {', '.join(names[:5])}" for word, names in (("lacks", missing), ("has", surplus)) if names]
    return f"the processors were fitted on other features: the block {' and '.join(told)}; fit them again"
