"""A program: kernel calls in order, and what kind of place every operand has."""

from dataclasses import dataclass

from common.factors.definition import Kind
from common.factors.kernels.build import Floats, Integers, Kernel


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One kernel call and its constant words and numbers."""

    kind: Kind
    kernel: Kernel
    words: Integers
    numbers: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Steps in order, and for every operand (node, state block, copied factor) what kind of place it has.

    depth[i]: rows of history, 0 for none; fixed[i]: rows of recursive state; slot[i]: scratch run or -1;
    factor[i]: factor whose values it is, or -1; root[i], shift[i]: the operand it is read from, so many rows back.
    """

    columns: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]
    depth: Integers
    fixed: Integers
    slot: Integers
    factor: Integers
    root: Integers
    shift: Integers
    factors: int
    slots: int
    work_tiles: int
