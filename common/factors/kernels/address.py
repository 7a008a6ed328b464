"""Calling kernels from a kernel, by address: one call from Python carries out a whole program."""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from common.factors.kernels.build import Kernel


def address_of(kernel: Kernel) -> int:
    """Return where a kernel's machine code begins, compiled now if need be; valid as long as the kernel lives."""
    if not kernel.function.signatures:
        kernel.function.compile(kernel.signature)
    (found,) = kernel.function.overloads.values()
    return int(found.library.get_pointer_to_function(found.fndesc.llvm_func_name))


@intrinsic
def call_at(typing: Any, address: Any, frame: Any, words: Any, numbers: Any) -> Any:
    """Call the kernel at an address as `kernel(frame, words, numbers)`."""
    del typing, address

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        taken = signature.args[1:]
        convention = context.call_conv
        pointer = builder.inttoptr(arguments[0], ir.PointerType(convention.get_function_type(types.void, taken)))
        status, _ = convention.call_function(builder, pointer, types.void, taken, arguments[1:])
        with builder.if_then(status.is_error, likely=False):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(types.int64, frame, words, numbers), generate
