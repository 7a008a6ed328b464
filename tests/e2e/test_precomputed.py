"""The signal cache as a process: a file that is not for it ends it at once, with the reason, and nothing is bound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.replay.pipeline import ROOT
from common.replay.toml import write_toml


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read as parquet"), (b"not parquet", "cannot be read as parquet")],
    ids=["absent", "no parquet"],
)
def test_a_wrong_file_is_a_wrong_configuration(
    content: bytes | None, words: str, run_dir: Path, tmp_path: Path
) -> None:
    """Exit status 2, which no supervisor tries again."""
    path = tmp_path / "signals.parquet"
    if content is not None:
        path.write_bytes(content)
    values = {
        "instance": "ahead", "state": str(tmp_path / "state"), "run_dir": str(run_dir),
        "feed": {"source": {"bars": "none.parquet"}}, "cache": {"precomputed": str(path)},
    }  # fmt: skip
    write_toml(tmp_path / "config.toml", values)
    command = [sys.executable, "-m", "services.signal_cache", "--config", str(tmp_path / "config.toml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"cache.precomputed: {path} {words}" in done.stderr
    assert list(run_dir.rglob("signal_cache.pub")) == []
    assert not (tmp_path / "state" / "signals").exists()
