"""Compiling the kernels of scaling and layers: kept on disk by the digest of their source, like the factors'."""

from pathlib import Path
from typing import Any

from common.factors.kernels.build import Kernel
from common.factors.kernels.library import make_ready
from common.models import dense_kernels
from common.models.kernel_folder import kernel_folder

KERNELS = (dense_kernels.scale, dense_kernels.score)


def dense_folder() -> Path:
    """Where machine code is kept unless told."""
    return kernel_folder("dense", [Path(dense_kernels.__file__)])


def compile_dense(folder: Path | None = None) -> int:
    """Have both kernels ready, from `folder` where it holds them; return how many were not in memory yet."""
    return make_ready(KERNELS, lambda: folder or dense_folder())


def call(kernel: Kernel, *arguments: Any) -> None:
    """Run a kernel; the first call of a process has all of them compiled or loaded."""
    if not kernel.function.signatures:
        compile_dense()
    kernel.function(*arguments)
