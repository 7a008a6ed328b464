"""A program of a peer in a process and an environment of its own: started, asked by JSON lines, ended."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from common.errors import PipelineError

ROOT = Path(__file__).parents[2]


def python_of(environment: str, root: Path = ROOT) -> Path:
    """Return the interpreter of `.venv-ENVIRONMENT`, whether it is there or not; this one's for no name."""
    return root / f".venv-{environment}" / "bin" / "python" if environment else Path(sys.executable)


@contextmanager
def running(command: Sequence[str], folder: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """A program that finds ours and is killed at the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            with suppress(BrokenPipeError):
                process.communicate()


def exchange(
    name: str, process: subprocess.Popen[str], question: Mapping[str, Any] | None, task: str
) -> dict[str, Any]:
    """Ask, unless there is no question, and read lines until one is an answer: libraries print as well.

    PipelineError says what the peer cannot do (`task`), with the last line of what it said.
    """
    if process.stdin is None or process.stdout is None:
        raise PipelineError(f"{name}: no pipe to the process")
    try:
        if question is not None:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
    except BrokenPipeError as error:
        raise PipelineError(f"{name}: cannot {task}") from error
    said = ""
    for line in process.stdout:
        if line.startswith("{"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        said = line.strip() or said
    raise PipelineError(f"{name}: cannot {task} ({said or process.wait()})")
