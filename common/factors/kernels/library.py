"""All kernels, the digest of their sources, and compiling them at set-up."""

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import llvmlite.binding as llvm  # type: ignore[import-untyped]

from common.factors.kernels import (
    advance,
    averages,
    distances,
    element,
    exponential,
    extremes,
    movement,
    order,
    pairs,
    ranks,
    regression,
    section,
    sums,
    wilder,
)
from common.factors.kernels.build import Kernel
from common.factors.kernels.cache import cache_in

MODULES: tuple[ModuleType, ...] = (
    movement,
    advance,
    element,
    sums,
    averages,
    distances,
    pairs,
    extremes,
    order,
    regression,
    section,
    ranks,
    exponential,
    wilder,
)


def kernels() -> Iterator[Kernel]:
    """Every kernel, module by module."""
    for module in MODULES:
        yield from (value for value in vars(module).values() if isinstance(value, Kernel))


def sources() -> dict[str, bytes]:
    """Every file of this folder by name: whatever a kernel may call stands here."""
    folder = Path(__file__).parent
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}


def platform_text() -> str:
    """Name what machine code depends on beside the sources: compiler, Python, processor and its features."""
    features = llvm.get_host_cpu_features().flatten()
    versions = f"numba {version('numba')} llvmlite {version('llvmlite')} python {platform.python_version()}"
    return f"{versions} {platform.machine()} {llvm.get_host_cpu_name()} {features}"


def source_digest(files: dict[str, bytes] | None = None) -> str:
    """Hex SHA-256 over all kernel sources and the platform: the name of the cache folder."""
    digest = hashlib.sha256(platform_text().encode())
    for name, content in sorted((sources() if files is None else files).items()):
        digest.update(f"\n{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def default_folder() -> Path:
    """`state/kernels/DIGEST` in the checkout."""
    return Path(__file__).parents[3] / "state" / "kernels" / source_digest()[:32]


def compile_all(folder: Path | None = None, progress: Callable[[str, int, int], None] | None = None) -> int:
    """Have every kernel ready, from `folder` where it holds them; return how many were not in memory yet.

    `progress(name, done, total)` is called before each kernel and once at the end.
    """
    return make_ready(kernels(), lambda: folder or default_folder(), progress)


def make_ready(
    wanted: Iterable[Kernel], folder: Callable[[], Path], progress: Callable[[str, int, int], None] | None = None
) -> int:
    """Compile or load those that are not in memory yet, as `compile_all`; `folder` is asked only if there are any."""
    waiting = [each for each in wanted if not each.function.overloads]
    if not waiting:
        return 0
    place = folder()
    for done, each in enumerate(waiting):
        if progress is not None:
            progress(each.name, done, len(waiting))
        cache_in(place, each.function)
        each.function.compile(each.signature)
        each.function.disable_compile()
    if progress is not None:
        progress("", len(waiting), len(waiting))
    return len(waiting)
