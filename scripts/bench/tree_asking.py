"""The parent's side of a peer in a process of its own: started, asked, told apart from one that is not installed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "scripts" / "bench" / "tree_peer.py"

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
        return _exchange(self.name, self.process, question)


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
    python = _python(ENVIRONMENTS[name])
    if not python.exists():
        lock = f"requirements/{ENVIRONMENTS[name]}.lock"
        return Missing(name, f"{name}: not installed; make {python.parents[1].name} from {lock} (docs/trees.md)")
    process = stack.enter_context(
        _running([str(python), "-P", str(PROGRAM), name, str(model), str(values), str(folder)])
    )
    try:
        loaded = _exchange(name, process, None)
    except PipelineError as error:
        return Missing(name, str(error))
    return Peer(name, process, loaded["load_s"], loaded["memory_mb"])


def _python(environment: str) -> Path:
    return ROOT / f".venv-{environment}" / "bin" / "python" if environment else Path(sys.executable)


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            with suppress(BrokenPipeError):
                process.communicate()


def _exchange(name: str, process: subprocess.Popen[str], question: Mapping[str, Any] | None) -> dict[str, Any]:
    """Read answers until one is ours: libraries print as well."""
    if process.stdin is None or process.stdout is None:
        raise PipelineError(f"{name}: no pipe to the process")
    try:
        if question is not None:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
    except BrokenPipeError as error:
        raise PipelineError(f"{name}: cannot score this model") from error
    said = ""
    for line in process.stdout:
        if line.startswith("{"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        said = line.strip() or said
    raise PipelineError(f"{name}: cannot load or score this model ({said or process.wait()})")
