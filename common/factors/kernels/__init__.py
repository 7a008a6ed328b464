"""The arithmetic: numba kernels, one decorator, compiled once and kept on disk by the digest of all their sources."""

from common.factors.kernels.library import compile_all, default_folder, kernels, source_digest

__all__ = ["compile_all", "default_folder", "kernels", "source_digest"]
