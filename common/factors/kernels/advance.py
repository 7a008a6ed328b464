"""Carrying a chunk of sections through a program, shard by shard: what lies between the kernels stays in the cache."""

# ruff: noqa: PLR0917  numba calls by place

from typing import NamedTuple

from numba import types

from common.factors.kernels.address import call_at
from common.factors.kernels.build import Floats, Integers
from common.factors.kernels.histories import HISTORIES, Histories, align, rewind
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import FLOATS, INTEGERS, Frame, tuple_type, whole
from common.factors.kernels.movement import BARS, Bars, count_bars, load, mark_warm, number_bars, spread
from common.factors.kernels.streaming import settle


class Code(NamedTuple):
    """A program as numbers.

    For each call its kernel's address and where its words and numbers begin (one more at the end); operands of columns
    and of factors.
    """

    addresses: Integers
    word_starts: Integers
    number_starts: Integers
    words: Integers
    numbers: Floats
    columns: Integers
    factors: Integers


class Part(NamedTuple):
    """What of a chunk is to be done.

    Shards and steps from .. to; first section and how many; room: row of `values` to use, -1 for one a shard; whether
    to load before, to hand out after, and to keep the bars.
    """

    first_shard: int
    last_shard: int
    first_step: int
    last_step: int
    first: int
    rows: int
    room: int
    enter: bool
    leave: bool
    keep: bool


CODE = tuple_type((INTEGERS, INTEGERS, INTEGERS, INTEGERS, FLOATS, INTEGERS, INTEGERS), Code)
PART = tuple_type((*[types.int64] * 7, *[types.boolean] * 3), Part)


@part_of_kernel
def enter(frame: Frame, code: Code, histories: Histories, bars: Bars, first: int, begin: int, end: int) -> None:
    """Make room, and load the bars."""
    rewind(histories, frame.arena, frame.stride)
    number_bars(bars, first, frame.rows, begin, end)
    for column in range(code.columns.size):
        load(bars, column, whole(frame, code.columns[column]), first, frame.rows, begin, end, frame.stride)


@part_of_kernel
def leave(frame: Frame, code: Code, bars: Bars, first: int, begin: int, end: int) -> None:
    """Hand the factors out."""
    for factor in range(code.factors.size):
        spread(bars, factor, whole(frame, code.factors[factor]), first, frame.rows, begin, end, frame.stride)
    settle()  # type: ignore[call-arg]  # numba hands in its context
    mark_warm(bars, first, frame.rows, begin, end)


@part_of_kernel
def run_steps(frame: Frame, code: Code, first: int, last: int) -> None:
    """Call the kernels in order."""
    for step in range(first, last):
        words = code.words[code.word_starts[step] : code.word_starts[step + 1]]
        numbers = code.numbers[code.number_starts[step] : code.number_starts[step + 1]]
        call_at(code.addresses[step], frame, words, numbers)  # type: ignore[call-arg]  # numba hands in its context


@kernel(
    types.void(CODE, PART, HISTORIES, BARS, types.float64[:, ::1], types.float64[:, ::1], INTEGERS, types.int64, FLOATS)
)
def advance(
    code: Code,
    part: Part,
    histories: Histories,
    bars: Bars,
    arena: Floats,
    values: Floats,
    offsets: Integers,
    stride: int,
    work: Floats,
) -> None:
    """Do a part of a chunk."""
    symbols = bars.present.shape[1]
    for shard in range(part.first_shard, part.last_shard):
        begin, end = shard * stride, min((shard + 1) * stride, symbols)
        room = shard if part.room < 0 else part.room
        own = bars.own[begin : begin + stride]
        frame = Frame(arena[shard], values[room], offsets, own, part.rows, stride, work)
        if part.enter:
            enter(frame, code, histories, bars, part.first, begin, end)
        run_steps(frame, code, part.first_step, part.last_step)
        if part.leave:
            leave(frame, code, bars, part.first, begin, end)
            if part.keep:
                align(histories, arena[shard], own[: end - begin], part.rows, stride)
                count_bars(bars, part.first, part.rows, begin, end)
