"""The parent's side of a peer that makes datasets and fits models: started on a task, asked, or missing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from types import MappingProxyType
from typing import Any

from common.errors import PipelineError
from scripts.bench.asking import ROOT, exchange, python_of, running
from scripts.bench.factor_memory import watched

PROGRAM = ROOT / "scripts" / "bench" / "training_peer.py"
TASK = "train on this market"

ENVIRONMENTS: Mapping[str, str] = MappingProxyType({"ours": "", "vnpy.alpha": "peers"})
"""Peers, and the environment each lives in; none for our own."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds, and the most memory of the process and its children meanwhile, in MB."""

    ms: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Peer:
    """A side that is ready."""

    name: str
    process: Popen[str]

    def cost(self, wanted: str) -> Cost:
        """Have a dataset made, or a model fitted."""
        with watched(self.process.pid) as most:
            spent: int = self._ask(wanted)["ns"]
        return Cost(round(spent / 1e6, 1), round(most.mb, 1))

    def rows(self) -> float:
        """How many rows are learnt from."""
        found: float = self._ask("facts")["rows"]
        return found

    def _ask(self, wanted: str) -> dict[str, Any]:
        return exchange(self.name, self.process, {"do": wanted}, TASK)


@contextmanager
def asked(name: str, folder: Path) -> Iterator[Peer | str]:
    """Start a side on the task in a folder; a text says why it cannot be asked."""
    environment = ENVIRONMENTS[name]
    python = python_of(environment, ROOT)
    if not python.exists():
        yield f"{name}: not installed; make .venv-{environment}/{environment}.stamp"
        return
    # vnpy keeps its settings in HOME unless the working folder has its own.
    (folder / ".vntrader").mkdir(exist_ok=True)
    with running([str(python), "-P", str(PROGRAM), name, str(folder)], folder) as process:
        try:
            exchange(name, process, None, TASK)
        except PipelineError as error:
            yield str(error)
            return
        yield Peer(name, process)
