"""Where the arrays of a kept entry lie."""

import json
from pathlib import Path


def array_of(entry: Path, name: str) -> Path:
    """The file of one of its arrays."""
    digest = json.loads(entry.read_bytes().partition(b"\n")[2])["files"][name]
    return entry.parent / ".arrays" / f"{digest}.npy"
