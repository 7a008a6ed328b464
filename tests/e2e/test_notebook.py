"""The notebook from research to live: executed as it lies there, by a kernel of its own, whose own asserts decide."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from common.replay.pipeline import ROOT
from tests.e2e import executing

NOTEBOOK = ROOT / "examples" / "research_to_live.ipynb"
PATIENCE_S = 300


def executed(checkout: Path, run_dir: Path) -> dict[str, Any]:
    """Cells by id, with outputs. What looks like a checkout holds the results; the code is the real one's."""
    (checkout / "examples").mkdir()
    (checkout / "Procfile").touch()
    notebook = Path(shutil.copy(NOTEBOOK, checkout / "examples"))
    command = [sys.executable, executing.__file__, str(notebook), str(run_dir), str(PATIENCE_S)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {cell["id"]: cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]}


@pytest.mark.skipif(find_spec("nbclient") is None, reason="requirements/notebook.lock is not installed: make setup")
def test_the_notebook_ends_with_the_same_signals(run_dir: Path, tmp_path: Path) -> None:
    """Every cell runs, and what the processes published has the bits of what research said."""
    cells = executed(tmp_path, run_dir)
    said = {name: "".join(cells[name]["outputs"][0]["data"]["text/plain"]) for name in ("same", "replay")}
    assert said["same"] == "'50,511 values of 236 sections, equal to the bit'"
    assert "fresh" in said["replay"]
    assert "held" not in said["replay"]
    assert (tmp_path / "runs" / "research_to_live" / "replay" / "signals.parquet").exists()


def test_the_notebook_is_kept_without_outputs() -> None:
    """A line of code is a line of the file, and nothing of a run stays in it, so that a change can be read."""
    text = NOTEBOOK.read_text(encoding="utf-8")
    book = json.loads(text)
    assert text == json.dumps(book, indent=1, ensure_ascii=False) + "\n"
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    for cell in book["cells"]:
        assert cell["metadata"] == {}
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert all(line.count("\n") == (place + 1 < len(cell["source"])) for place, line in enumerate(cell["source"]))
