"""A child does not outlive its parent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = "import sys; from common.parent import die_with_parent; die_with_parent(int(sys.argv[1])); print('lives')"


@pytest.mark.parametrize(
    ("parent", "status", "said"), [(os.getpid(), 0, b"lives\n"), (1, 1, b"")], ids=["lives", "gone"]
)
def test_a_child_whose_parent_is_gone_already_ends(parent: int, status: int, said: bytes) -> None:
    """The signal is asked for too late then; so the child looks who its parent is."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(parent)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, check=False
    )
    assert (ended.returncode, ended.stdout) == (status, said)
