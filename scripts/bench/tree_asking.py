"""The parent's side of a peer in a process of its own: started, asked, told apart from one that is not installed."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError
from scripts.bench.asking import ROOT, exchange, python_of, running

PROGRAM = ROOT / "scripts" / "bench" / "tree_peer.py"
TASK = "load or score this model"

ENVIRONMENTS: Mapping[str, str] = MappingProxyType(
    {
        "ours": "",
        "LightGBM": "",
        "LightGBM, 2 threads": "",
        "lleaves": "bench-lleaves",
        "ONNX Runtime": "bench-trees",
        "Treelite": "bench-trees",
        "tl2cgen": "bench-trees",
    }
)
"""Peers, and the lock of the environment each lives in; nothing for our own."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer that has loaded its model: seconds that took, and the most memory until then in MB."""

    name: str
    process: subprocess.Popen[str]
    load_s: float
    memory_mb: float

    def measure(self, rows: int, calls: int) -> list[int]:
        """Durations in ns of that many calls with that many rows."""
        durations: list[int] = self.ask({"rows": rows, "calls": calls})["ns"]
        return durations

    def scores(self, rows: int, folder: Path) -> NDArray[np.float64]:
        """Scores f8[rows] of the first rows."""
        path = folder / "scores.npy"
        self.ask({"rows": rows, "save": str(path)})
        scores: NDArray[np.float64] = np.load(path, allow_pickle=False)
        return scores

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Ask once; PipelineError with the end of what it said when it dies."""
        return exchange(self.name, self.process, question, TASK)


@dataclass(frozen=True, slots=True)
class Missing:
    """A peer that could not be asked, and why."""

    name: str
    why: str


@contextmanager
def asked(names: list[str], model: Path, values: Path, folder: Path) -> Iterator[list[Peer | Missing]]:
    """Start peers one after the other, so that none loads while another is timed; all end together."""
    with ExitStack() as stack:
        yield [_started(stack, name, model, values, folder) for name in names]


def _started(stack: ExitStack, name: str, model: Path, values: Path, folder: Path) -> Peer | Missing:
    python = python_of(ENVIRONMENTS[name], ROOT)
    if not python.exists():
        lock = f"requirements/{ENVIRONMENTS[name]}.lock"
        return Missing(name, f"{name}: not installed; make {python.parents[1].name} from {lock} (docs/trees.md)")
    process = stack.enter_context(
        running([str(python), "-P", str(PROGRAM), name, str(model), str(values), str(folder)])
    )
    try:
        loaded = exchange(name, process, None, TASK)
    except PipelineError as error:
        return Missing(name, str(error))
    return Peer(name, process, loaded["load_s"], loaded["memory_mb"])
