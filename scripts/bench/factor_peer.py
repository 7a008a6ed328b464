"""One way to compute Alpha158, in a process and an environment of its own: asked on standard input, by JSON lines.

Run as `PYTHON scripts/bench/factor_peer.py PEER FOLDER`; FOLDER/market.npy holds the bars, FOLDER/request.json what is
wanted of them. The first answer says that everything is ready. `{"first", "count"}` is answered by the durations of so
many sections, or of the whole history for `{"count": 1}`, in ns; `{"save"}` by writing the last factors there.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from scripts.bench.factor_market import Floats, read_market


class Subject(Protocol):
    """What is measured."""

    def run(self, section: int) -> None:
        """Compute the factors of one section, in order; or of all."""

    def values(self) -> Floats:
        """Return the last factors computed, f8[F,B,S]: one section's, or the last ones of the history."""


Make = Callable[[Mapping[str, Floats], Mapping[str, Any]], Subject]

PEERS: Mapping[str, tuple[str, str]] = {
    "ours": ("factor_ours", "Live"),
    "ours, a live process": ("factor_ours", "LiveProcess"),
    "ours, history": ("factor_ours", "History"),
    "ours, frames": ("factor_ours", "Frames"),
    "memory alone": ("factor_ours", "Memory"),
    "KunQuant stream": ("factor_kunquant", "stream"),
    "KunQuant stream, inexact": ("factor_kunquant", "inexact_stream"),
    "KunQuant batch, inexact": ("factor_kunquant", "batch"),
    "vnpy prepare_data": ("factor_vnpy", "Prepared"),
    "polars by hand": ("factor_polars", "ByHand"),
}
"""Peers by name: the module beside this one, and what makes them."""


def main(peer: str, folder: str) -> None:
    """Load, say so, and answer until standard input ends."""
    request = json.loads((Path(folder) / "request.json").read_text(encoding="utf-8"))
    module, name = PEERS[peer]
    make: Make = getattr(importlib.import_module(f"scripts.bench.{module}"), name)
    columns = read_market(Path(folder) / "market.npy")
    subject = make(columns, request)
    say({"facts": getattr(subject, "facts", {})})
    for line in sys.stdin:
        question = json.loads(line)
        if "save" in question:
            np.save(question["save"], subject.values(), allow_pickle=False)
            say({"memory_mb": most_memory_mb()})
        else:
            say({"ns": measured(subject, question.get("first", 0), question["count"], len(columns["close"]))})


def measured(subject: Subject, first: int, count: int, sections: int) -> list[int]:
    """Durations of so many sections in ns; after the last one comes the first one."""
    durations = []
    for section in range(first, first + count):
        started = time.perf_counter_ns()
        subject.run(section % sections)
        durations.append(time.perf_counter_ns() - started)
    return durations


def most_memory_mb() -> float:
    """Most memory of this process so far."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def say(answer: Mapping[str, Any]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
