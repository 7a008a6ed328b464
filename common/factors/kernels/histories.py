"""What lies before a chunk: series with a past, moved so that every symbol's newest own bar lies in the same row."""

from typing import NamedTuple

from common.factors.kernels.build import Floats, Integers
from common.factors.kernels.lean import part_of_kernel
from common.factors.kernels.memory import INTEGERS, tuple_type

FEW = 16
"""Up to one lagging symbol in so many, histories are moved symbol by symbol; beyond it, row by row."""


class Histories(NamedTuple):
    """Where a shard's series with a past lie.

    For each its first row, rows of past, rows in use before this chunk, and the row its past is to be moved back from
    before that (-1: not now).
    """

    starts: Integers
    depths: Integers
    cursors: Integers
    rewinds: Integers


HISTORIES = tuple_type((INTEGERS,) * 4, Histories)


@part_of_kernel
def rewind(histories: Histories, arena: Floats, stride: int) -> None:
    """Move a past to the front of its room where new rows would not fit behind it."""
    for series in range(histories.starts.size):
        if histories.rewinds[series] >= 0:
            target = histories.starts[series] * stride
            source = target + histories.rewinds[series] * stride
            size = histories.depths[series] * stride
            for i in range(size):
                arena[target + i] = arena[source + i]


@part_of_kernel
def align_few(histories: Histories, arena: Floats, own: Integers, rows: int, stride: int) -> None:
    """Move the past of each lagging symbol forward to where the others' ends; bits are moved, never changed."""
    for series in range(histories.starts.size):
        end = histories.starts[series] + histories.cursors[series] + rows + histories.depths[series]
        for symbol in range(own.size):
            lag = rows - own[symbol]
            if lag > 0:
                for row in range(end - 1, end - histories.depths[series] - 1, -1):
                    arena[row * stride + symbol] = arena[(row - lag) * stride + symbol]


@part_of_kernel
def choose_row(newer: Floats, older: Floats, own: Integers) -> None:
    """Take the older row's number where there was no bar."""
    for symbol in range(own.size):
        newer[symbol] = newer[symbol] if own[symbol] > 0 else older[symbol]


@part_of_kernel
def align_many(histories: Histories, arena: Floats, own: Integers, rows: int, stride: int) -> None:
    """Do the same row by row, for all symbols at once."""
    for series in range(histories.starts.size):
        end = histories.starts[series] + histories.cursors[series] + rows + histories.depths[series]
        for row in range(end - 1, end - histories.depths[series] - 1, -1):
            at = row * stride
            if rows == 1:
                choose_row(arena[at : at + own.size], arena[at - stride : at - stride + own.size], own)
            else:
                for symbol in range(own.size):
                    arena[at + symbol] = arena[at + symbol - (rows - own[symbol]) * stride]


@part_of_kernel
def align(histories: Histories, arena: Floats, own: Integers, rows: int, stride: int) -> None:
    """Bring the newest bar of who missed some to the row of the others'."""
    lagging = 0
    for symbol in range(own.size):
        lagging += 1 if own[symbol] < rows else 0
    if lagging * FEW > own.size:
        align_many(histories, arena, own, rows, stride)
    elif lagging > 0:
        align_few(histories, arena, own, rows, stride)
