"""Compiling the trees' kernels: kept on disk by the digest of their sources, like the factors'."""

from pathlib import Path

from common.factors.kernels.library import make_ready
from common.models.kernel_folder import kernel_folder
from common.models.trees import kernels

KERNELS = (kernels.score_by_ruling_out, kernels.score_by_walking)


def tree_folder() -> Path:
    """Where machine code is kept unless told; whatever a kernel may be made of counts."""
    return kernel_folder("trees", Path(__file__).parent.glob("*.py"))


def compile_trees(folder: Path | None = None) -> int:
    """Have both kernels ready, from `folder` where it holds them; return how many were not in memory yet."""
    return make_ready(KERNELS, lambda: folder or tree_folder())
