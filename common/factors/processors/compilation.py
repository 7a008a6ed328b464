"""Compiling the processors' kernels: kept on disk beside the engine's, by the digest of all their sources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.factors.kernels.build import Kernel
from common.factors.kernels.library import default_folder, make_ready, source_digest, sources
from common.factors.processors import section_kernels, training_kernels

MODULES = (section_kernels, training_kernels)


def processor_kernels() -> Iterator[Kernel]:
    """Every kernel, module by module."""
    for module in MODULES:
        yield from (value for value in vars(module).values() if isinstance(value, Kernel))


def processor_folder() -> Path:
    """Where their machine code is kept unless told; the engine's kernel sources count, as parts of them are used."""
    own = {f"processors/{path.name}": path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))}
    return default_folder().with_name(source_digest(sources() | own)[:32])


def compile_processors(folder: Path | None = None) -> int:
    """Have every kernel ready, from `folder` where it holds them; return how many were not in memory yet."""
    return make_ready(processor_kernels(), lambda: folder or processor_folder())


def call(kernel: Kernel, *arguments: Any) -> None:
    """Run a kernel; the first call of a process has all of them compiled or loaded."""
    if not kernel.function.signatures:
        compile_processors()
    kernel.function(*arguments)
