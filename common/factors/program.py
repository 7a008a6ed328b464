"""A program: kernel calls in order, and what kind of place every operand has."""

from dataclasses import dataclass

from common.factors.kernels.build import Floats, Integers, Kernel


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One kernel call and its constant words and numbers."""

    kernel: Kernel
    words: Integers
    numbers: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Steps that shards take alone, then steps over whole sections, for which all shards must be there."""

    alone: tuple[Step, ...]
    together: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Stages in order, and for every operand (node, state block, copied factor) what kind of place it has.

    depth[i]: rows of history, 0 for none; fixed[i]: rows of recursive state; slot[i]: scratch run or -1; remade[i]:
    rows of history made anew in scratch, where slot[i] is then a long run, behind all short ones; root[i], shift[i]:
    the operand it is read from, so many rows back; columns: names and operands; factors: operands that are handed out.
    """

    columns: tuple[tuple[str, int], ...]
    factors: Integers
    stages: tuple[Stage, ...]
    depth: Integers
    fixed: Integers
    slot: Integers
    remade: Integers
    root: Integers
    shift: Integers
    slots: int
    long_slots: int
    work_tiles: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every call in order."""
        return tuple(step for stage in self.stages for step in (*stage.alone, *stage.together))

    def scratch_rows(self, rows: int) -> int:
        """Rows of scratch for a chunk of `rows`: short runs, then long ones."""
        return self.slots * rows + self.long_slots * self.long_rows(rows)

    def long_rows(self, rows: int) -> int:
        """Rows of a long run."""
        return rows + int(self.remade.max(initial=0))

    @property
    def remembered(self) -> int:
        """Numbers a symbol's state holds, beside what there is room for."""
        return int(self.depth.sum() + self.fixed.sum())
