"""Whole cache lines at a time: handed out past the caches, or exchanged without a branch."""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from common.factors.kernels.build import Floats, Integers
from common.factors.kernels.lean import part_of_kernel
from common.factors.kernels.memory import NOTHING

LANES = 8
"""Numbers in a cache line."""


@intrinsic
def lead_of(typing: Any, array: Any) -> Any:
    """Return how many numbers of an array lie before its first whole cache line."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        number = ir.IntType(64)
        place = builder.lshr(builder.ptrtoint(data, number), number(3))
        return builder.and_(builder.neg(place), number(LANES - 1))

    return types.int64(array), generate


@intrinsic
def stream(typing: Any, target: Any, source: Any, place: Any, at: Any) -> Any:
    """Write a cache line of `target` from `at` on past the caches: of `source`, NaN where `place` is below 0."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at_number = arguments[3]

        def line(number: int, kind: Any) -> Any:
            data = context.make_array(signature.args[number])(context, builder, arguments[number]).data
            return builder.bitcast(builder.gep(data, [at_number]), ir.VectorType(kind, LANES).as_pointer())

        numbers, places = ir.DoubleType(), ir.IntType(64)
        there = builder.load(line(2, places), align=8)
        found = builder.load(line(1, numbers), align=8)
        nobody = ir.Constant(ir.VectorType(places, LANES), [places(-1)] * LANES)
        nothing = ir.Constant(ir.VectorType(numbers, LANES), [numbers(NOTHING)] * LANES)
        chosen = builder.select(builder.icmp_signed(">", there, nobody), found, nothing)
        store = builder.store(chosen, line(0, numbers), align=8 * LANES)
        store.set_metadata("nontemporal", builder.module.add_metadata([ir.IntType(32)(1)]))
        return context.get_dummy_value()

    return types.void(target, source, place, at), generate


@intrinsic
def settle(typing: Any) -> Any:
    """Have all that was written past the caches stand in memory before whatever comes next."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del signature, arguments
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@part_of_kernel
def hand_out(target: Floats, source: Floats, place: Integers) -> None:
    """Copy a row, NaN where `place` is below 0."""
    head = min(lead_of(target), target.size)  # type: ignore[call-arg]  # numba hands in its context
    lines = head + (target.size - head) // LANES * LANES
    for i in range(head):
        target[i] = source[i] if place[i] >= 0 else NOTHING
    for i in range(head, lines, LANES):
        stream(target, source, place, i)
    for i in range(lines, target.size):
        target[i] = source[i] if place[i] >= 0 else NOTHING


@intrinsic
def exchange(typing: Any, work: Any, low: Any, high: Any) -> Any:
    """Put the smaller of each pair of numbers of two lines of `work` into the first, the larger into the second."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.VectorType(ir.DoubleType(), LANES)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        name = f"llvm.arithmetic.fence.v{LANES}f64"
        shape = ir.FunctionType(kind, [kind])
        fence = cgutils.get_or_insert_function(builder.module, shape, name)  # type: ignore[no-untyped-call]
        lines = [builder.bitcast(builder.gep(data, [at]), kind.as_pointer()) for at in arguments[1:]]
        x, y = (builder.load(line, align=8) for line in lines)
        # Without the fence LLVM writes those numbers alone that change, which takes twice as long.
        for line, order in zip(lines, ("<", ">"), strict=True):
            chosen = builder.select(builder.fcmp_ordered(order, y, x), y, x)
            builder.store(builder.call(fence, [chosen]), line, align=8)
        return context.get_dummy_value()

    return types.void(work, low, high), generate
