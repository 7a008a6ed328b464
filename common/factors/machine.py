"""A program made ready to run: kernels compiled, their addresses and words in the arrays that `advance` reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from common.factors.kernels.address import address_of
from common.factors.kernels.advance import Code
from common.factors.kernels.build import Floats, Integers
from common.factors.program import Program, Step


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """Steps first .. last of the code, then steps over whole sections."""

    first: int
    last: int
    together: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """What runs a program; needs its kernels compiled."""

    code: Code
    legs: tuple[Leg, ...]

    @classmethod
    def of(cls, program: Program) -> "Machine":
        """Lay a program's steps out as numbers."""
        alone = [step for stage in program.stages for step in stage.alone]
        code = Code(
            addresses=_integers([address_of(step.kernel) for step in alone]),
            word_starts=_starts([step.words for step in alone]),
            number_starts=_starts([step.numbers for step in alone]),
            words=np.concatenate([_integers([]), *(step.words for step in alone)]),
            numbers=np.concatenate([np.empty(0), *(step.numbers for step in alone)]),
            columns=_integers([operand for _, operand in program.columns]),
            factors=program.factors,
        )
        ends = list(accumulate(len(stage.alone) for stage in program.stages))
        legs = [
            Leg(end - len(stage.alone), end, stage.together) for end, stage in zip(ends, program.stages, strict=True)
        ]
        if legs[-1].together:
            # Factors are handed out with the last step shards take alone: here with none.
            legs.append(Leg(len(alone), len(alone), ()))
        return cls(code, tuple(legs))


def _integers(values: Sequence[int]) -> Integers:
    return np.array(values, dtype=np.int64)


def _starts(parts: Sequence[Integers | Floats]) -> Integers:
    return _integers([0, *accumulate(len(each) for each in parts)])
