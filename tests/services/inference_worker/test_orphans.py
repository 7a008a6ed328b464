"""No executor outlives its parent."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.inference_worker.children import readable

pytestmark = pytest.mark.e2e

_PARENT = """
import os, sys, time
from pathlib import Path
import numpy as np
from services.inference_worker.executor.executor import Executor
from tests.services.inference_worker.children import next_message, readable
executor = Executor.start(Path(sys.argv[1]), environment=os.environ, fault=Path(sys.argv[2]))
next_message(executor)
executor.submit(np.zeros((3, 2)), bar=int(sys.argv[3]))
print(executor.pid, flush=True)
readable(executor.exit_fd(), 600)
"""


@pytest.mark.parametrize("bar", [1, 2], ids=["idle", "spinning"])
def test_a_child_dies_with_its_parent(bundle: Path, tmp_path: Path, bar: int) -> None:
    """SIGKILL of the parent, which can clean nothing up, ends the child at once, idle or in a tight loop."""
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\naction = "spin"\nbars = [2]\n')
    command = [sys.executable, "-c", _PARENT, str(bundle), str(plan), str(bar)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        try:
            assert not readable(child, 0.0)
            os.kill(parent.pid, signal.SIGKILL)
            assert readable(child)
        finally:
            os.close(child)


def test_a_child_whose_parent_is_gone_already_does_not_start(bundle: Path) -> None:
    """Told another parent's id than its own, it ends without a word."""
    command = [sys.executable, "-m", "services.inference_worker.executor.executor_child", "--bundle", str(bundle)]
    command += ["--socket", "0", "--memory", "0", "--parent", str(os.getpid() + 1)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_nothing_forks() -> None:
    """With OpenMP, numba or ZeroMQ alive a fork is a gamble: processes are started by exec, everywhere."""
    names = re.compile(r"\bos\.fork|\bmultiprocessing\b|\bpreexec_fn\b|\bProcessPoolExecutor\b")
    root = Path(__file__).parents[3]
    files = [path for folder in ("alphabus", "common", "services", "scripts") for path in (root / folder).rglob("*.py")]
    assert len(files) > 100
    assert [str(path) for path in files if names.search(path.read_text(encoding="utf-8"))] == []
