"""Where machine code of the models' kernels lies: in a folder named by all that it was made of."""

from collections.abc import Iterable
from pathlib import Path

from common.factors.kernels import build, cache
from common.factors.kernels.library import source_digest

_STATE = Path(__file__).parents[2] / "state" / "kernels"


def kernel_folder(group: str, sources: Iterable[Path]) -> Path:
    """`state/kernels/DIGEST` in the checkout for kernels that stand in these files."""
    files = [*sorted(sources), Path(build.__file__), Path(cache.__file__)]
    return _STATE / source_digest({f"{group}/{path.name}": path.read_bytes() for path in files})[:32]
