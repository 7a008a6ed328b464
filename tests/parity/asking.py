"""Asking vnpy: a request in a folder, the peer's program in the peers' environment, its answer in files."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
PROGRAM = Path(__file__).parent / "peer.py"


def ask(
    folder: Path, frames: Mapping[str, pl.DataFrame], *, one_thread: bool = False, **request: Any
) -> dict[str, Any]:
    """Write frames and request, run the peer, return its answer; its words come with the error if it fails.

    one_thread: polars adds columns up in the order in which its threads come to it; with one, the last bits are the
    same each time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if one_thread:
        surroundings["POLARS_MAX_THREADS"] = "1"
    # vnpy keeps its settings in HOME unless the working folder has its own.
    (folder / ".vntrader").mkdir(exist_ok=True)
    ran = subprocess.run(
        [PYTHON, PROGRAM, folder], check=False, capture_output=True, text=True, cwd=folder, env=surroundings
    )
    if ran.returncode:
        raise AssertionError(f"the peer failed with status {ran.returncode}:\n{ran.stderr[-4000:]}")
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    return answer


@dataclass(frozen=True, slots=True)
class Answer:
    """vnpy's value of every node of some texts, a row a bar, in the order of the bars it was given."""

    folder: Path
    files: Mapping[str, Mapping[str, Any]]
    shuffled: tuple[str, ...]

    def values(self, text: str) -> NDArray[np.float64]:
        """Read a node's values f8[rows]; a null is NaN."""
        return pl.read_parquet(self.folder / self.files[text]["file"])["data"].fill_null(np.nan).to_numpy()

    def missing(self, text: str) -> NDArray[np.bool_]:
        """Tell where a node's value is null, which vnpy treats otherwise than NaN."""
        return pl.read_parquet(self.folder / self.files[text]["file"])["data"].is_null().to_numpy()

    def is_whole(self, text: str) -> bool:
        """Tell whether vnpy holds the node as whole numbers."""
        return bool(self.files[text]["whole"])


def evaluated(folder: Path, bars: pl.DataFrame, texts: list[str], *, one_thread: bool = False) -> Answer:
    """Let vnpy evaluate texts and everything inside them on bars."""
    answer = ask(folder, {"bars": bars}, one_thread=one_thread, verb="evaluate", texts=texts)
    return Answer(folder, answer["nodes"], tuple(answer["shuffled"]))
