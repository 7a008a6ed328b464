"""Commands run in this process, and what they say."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.command import main
from scripts.models.__main__ import app
from scripts.train.__main__ import app as train

APPS = {"models": app, "train": train}


def run(name: str, *arguments: str) -> int:
    """Exit status of a command."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(APPS[name], name, list(arguments)))
    return int(ended.value.code or 0)


def answer(folder: Path, *arguments: str, status: int = 0) -> Any:
    """What a verb of scripts.models says as JSON."""
    out = folder / "answer.json"
    assert run("models", *arguments, "--json", str(out)) == status
    return json.loads(out.read_text(encoding="utf-8"))
