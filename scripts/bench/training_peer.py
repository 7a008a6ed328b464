"""One side of the training benchmark, in a process and an environment of its own: asked by JSON lines.

Run as `PYTHON scripts/bench/training_peer.py PEER FOLDER`; the folder holds the task and its market. The first answer
says that everything is ready. `{"do": "dataset"}` and `{"do": "fit"}` are answered by the duration in ns, `{"do":
"facts"}` by what was learnt from.
"""

import importlib
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from scripts.bench.factor_market import read_market
from scripts.bench.training_market import MARKET, Task


class Side(Protocol):
    """What is measured."""

    def dataset(self) -> None:
        """Make the dataset from bars in memory, anew."""

    def fit(self) -> None:
        """Fit a model on it."""

    def facts(self) -> dict[str, float]:
        """Say how many rows were learnt from."""


PEERS: Mapping[str, tuple[str, str]] = {"ours": ("training_ours", "Ours"), "vnpy.alpha": ("training_vnpy", "Vnpy")}
"""Sides by name: the module beside this one, and what makes them."""


def main(peer: str, folder: Path) -> None:
    """Load, say so, and answer until standard input ends."""
    module, name = PEERS[peer]
    side: Side = getattr(importlib.import_module(f"scripts.bench.{module}"), name)(
        read_market(folder / MARKET), Task.read(folder)
    )
    say({"ready": True})
    for line in sys.stdin:
        wanted = json.loads(line)["do"]
        say(side.facts() if wanted == "facts" else {"ns": spent(side, wanted)})


def spent(side: Side, wanted: str) -> int:
    """Duration in ns."""
    work = {"dataset": side.dataset, "fit": side.fit}[wanted]
    started = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - started


def say(answer: Mapping[str, Any]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
