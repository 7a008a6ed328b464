"""Element operators: a run of them is one call, tile by tile, so that what lies between them never leaves the cache."""

import math

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel, view_of_memory
from common.factors.kernels.memory import CALL, NOTHING, Frame, finite, piece, quotient
from common.factors.kernels.transcendental import guarded_power, log, power, signed_power

CODES = (
    "copy", "neg", "abs", "sign", "log",
    "add", "sub", "mul", "div", "floordiv", "mod", "pow", "less", "greater", "pow1", "pow2",
    "lt", "le", "gt", "ge", "eq", "ne",
    "quesval",
)  # fmt: skip
"""Operator names by opcode; `apply` holds one branch for each."""

QUESVAL = CODES.index("quesval")

STEP_WORDS = 6
"""Words of one step: opcode, result, four operands; an operand is a node, or ~register."""

WIDE = 4 * TILE
"""Numbers of a past that are remade at a time: what a step costs beside its arithmetic is shared by more of them."""

NO_OPERAND = ~0
"""Fills unused operand words: register 0 always exists."""


@part_of_kernel
def add(x: Floats, y: Floats, out: Floats) -> None:
    """`x + y`."""
    for i in range(out.size):
        out[i] = finite(x[i] + y[i])


@part_of_kernel
def subtract(x: Floats, y: Floats, out: Floats) -> None:
    """`x - y`."""
    for i in range(out.size):
        out[i] = finite(x[i] - y[i])


@part_of_kernel
def multiply(x: Floats, y: Floats, out: Floats) -> None:
    """`x * y`."""
    for i in range(out.size):
        out[i] = finite(x[i] * y[i])


@part_of_kernel
def divide(x: Floats, y: Floats, out: Floats) -> None:
    """`x / y`, NaN for a divisor of 0."""
    for i in range(out.size):
        out[i] = finite(quotient(x[i], y[i]))


@part_of_kernel
def floor_divide(x: Floats, y: Floats, out: Floats) -> None:
    """`x // y` as Python has it, NaN for a divisor of 0."""
    for i in range(out.size):
        out[i] = finite(x[i] // y[i]) if y[i] != 0.0 else NOTHING


@part_of_kernel
def modulo(x: Floats, y: Floats, out: Floats) -> None:
    """`x % y` as Python has it, NaN for a divisor of 0."""
    for i in range(out.size):
        out[i] = finite(x[i] % y[i]) if y[i] != 0.0 else NOTHING


@part_of_kernel
def smaller(x: Floats, y: Floats, out: Floats) -> None:
    """Smaller of two, NaN if either is."""
    for i in range(out.size):
        out[i] = min(y[i], x[i]) if x[i] == x[i] else NOTHING


@part_of_kernel
def larger(x: Floats, y: Floats, out: Floats) -> None:
    """Larger of two, NaN if either is."""
    for i in range(out.size):
        out[i] = max(y[i], x[i]) if x[i] == x[i] else NOTHING


@part_of_kernel
def compare(code: int, x: Floats, y: Floats, out: Floats) -> None:
    """1 or 0 for `< <= > >= == !=` (codes 16 to 21), NaN if either side is."""
    # Each is whether x lies below y, at it, or above it, chosen outside the loop, which is then without branches.
    below = 1.0 if code <= 17 or code == 21 else 0.0
    equal = 1.0 if code == 17 or code == 19 or code == 20 else 0.0  # noqa: PLR1714  kernels have no sets
    above = 1.0 if code == 18 or code == 19 or code == 21 else 0.0  # noqa: PLR1714  as above
    for i in range(out.size):
        answer = below if x[i] < y[i] else (equal if x[i] == y[i] else above)
        out[i] = answer if x[i] == x[i] and y[i] == y[i] else NOTHING


@part_of_kernel
def one_sided(code: int, x: Floats, out: Floats) -> None:
    """Copy, negative, absolute value, sign (codes 0 to 3)."""
    if code == 0:
        for i in range(out.size):
            out[i] = x[i]
    elif code == 1:
        for i in range(out.size):
            out[i] = -x[i]
    elif code == 2:
        for i in range(out.size):
            out[i] = math.fabs(x[i])
    else:
        for i in range(out.size):
            out[i] = x[i] if x[i] == 0.0 or math.isnan(x[i]) else math.copysign(1.0, x[i])


@part_of_kernel
def choose(threshold: Floats, x: Floats, yes: Floats, no: Floats, out: Floats) -> None:
    """`yes` where threshold < x, else `no`; NaN where the two cannot be compared."""
    for i in range(out.size):
        chosen = yes[i] if threshold[i] < x[i] else no[i]
        out[i] = chosen if threshold[i] == threshold[i] and x[i] == x[i] else NOTHING


@part_of_kernel
def apply(code: int, x: Floats, y: Floats, out: Floats) -> None:  # noqa: C901, PLR0912  one branch an opcode
    """Carry out one step of one or two operands on a tile."""
    if code <= 3:
        one_sided(code, x, out)
    elif code == 4:
        log(x, out)
    elif code == 5:
        add(x, y, out)
    elif code == 6:
        subtract(x, y, out)
    elif code == 7:
        multiply(x, y, out)
    elif code == 8:
        divide(x, y, out)
    elif code == 9:
        floor_divide(x, y, out)
    elif code == 10:
        modulo(x, y, out)
    elif code == 11:
        power(x, y, out)
    elif code == 12:
        smaller(x, y, out)
    elif code == 13:
        larger(x, y, out)
    elif code == 14:
        signed_power(x, y, out)
    elif code == 15:
        guarded_power(x, y, out)
    else:
        compare(code, x, y, out)


@view_of_memory
def operand(frame: Frame, word: int, first: int, width: int, room: int) -> Floats:
    """Return the tile of a node, or a register of the given room."""
    if word < 0:
        return frame.work[~word * room : ~word * room + width]
    return piece(frame, frame.offsets[word], first, width)


@part_of_kernel
def carry_out(frame: Frame, words: Integers, numbers: Floats, begin: int, room: int) -> None:
    """Carry out steps from number `begin` of their runs on; constants are kept in the first registers of `work`."""
    for constant in range(numbers.size):
        frame.work[constant * room : (constant + 1) * room] = numbers[constant]
    size = frame.rows * frame.stride
    for first in range(begin, size, room):
        width = min(room, size - first)
        for step in range(0, words.size, STEP_WORDS):
            out = operand(frame, words[step + 1], first, width, room)
            x = operand(frame, words[step + 2], first, width, room)
            y = operand(frame, words[step + 3], first, width, room)
            if words[step] == QUESVAL:
                z = operand(frame, words[step + 4], first, width, room)
                w = operand(frame, words[step + 5], first, width, room)
                choose(x, y, z, w, out)
            else:
                apply(words[step], x, y, out)


@kernel(CALL)
def elements(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Carry out a run of steps; words: the steps; numbers: constants."""
    carry_out(frame, words, numbers, 0, TILE)


@kernel(CALL)
def remake(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Carry out steps for rows past as well; words: how many, then as in elements."""
    carry_out(frame, words[1:], numbers, -words[0] * frame.stride, WIDE)
