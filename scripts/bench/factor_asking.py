"""The parent's side of a peer that computes factors: started on a market, asked for sections, or missing."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError
from scripts.bench.asking import ROOT, exchange, python_of, running
from scripts.bench.factor_memory import watched

PROGRAM = ROOT / "scripts" / "bench" / "factor_peer.py"
TASK = "compute these factors"

ENVIRONMENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ours": ("", ""),
        "ours, a live process": ("", ""),
        "ours, history": ("", ""),
        "ours, frames": ("", ""),
        "memory alone": ("", ""),
        "polars by hand": ("", ""),
        "KunQuant stream": ("bench-factors", "bench"),
        "KunQuant stream, inexact": ("bench-factors", "bench"),
        "KunQuant batch, inexact": ("bench-factors", "bench"),
        "vnpy prepare_data": ("peers", "peers"),
    }
)
"""Peers, the lock of the environment each lives in (none for our own), and the stamp in it that make makes."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer that is ready, and what it said of itself."""

    name: str
    process: subprocess.Popen[str]
    facts: Mapping[str, Any]

    def measure(self, count: int, first: int = 0) -> list[int]:
        """Durations in ns of so many sections from that one on; of the whole history, if that is what it computes."""
        durations: list[int] = self._ask({"first": first, "count": count})["ns"]
        return durations

    def watch(self, count: int) -> tuple[list[int], float]:
        """Durations, and the most memory that it and its children had meanwhile, in MB."""
        with watched(self.process.pid) as most:
            return self.measure(count), most.mb

    def values(self, folder: Path, names: Sequence[str]) -> NDArray[np.float64]:
        """Factors f8[F,B,S] of the last sections, in the order of the names."""
        path = folder / "values.npy"
        self._ask({"save": str(path)})
        values: NDArray[np.float64] = np.load(path, allow_pickle=False)
        return values[[self.facts["names"].index(name) for name in names]]

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return exchange(self.name, self.process, question, TASK)


@dataclass(frozen=True, slots=True)
class Missing:
    """A peer that could not be asked, and why."""

    name: str
    why: str


@contextmanager
def asked(names: Sequence[str], folder: Path, **request: Any) -> Iterator[list[Peer | Missing]]:
    """Start peers on the market in a folder, one after the other, so that none loads while another is timed."""
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    with ExitStack() as stack:
        yield [_started(stack, name, folder) for name in names]


def _started(stack: ExitStack, name: str, folder: Path) -> Peer | Missing:
    environment, stamp = ENVIRONMENTS[name]
    python = python_of(environment, ROOT)
    if not python.exists():
        return Missing(name, f"{name}: not installed; make .venv-{environment}/{stamp}.stamp")
    # vnpy keeps its settings in HOME unless the working folder has its own.
    (folder / ".vntrader").mkdir(exist_ok=True)
    process = stack.enter_context(running([str(python), "-P", str(PROGRAM), name, str(folder)], folder))
    try:
        ready = exchange(name, process, None, TASK)
    except PipelineError as error:
        return Missing(name, str(error))
    return Peer(name, process, ready["facts"])
