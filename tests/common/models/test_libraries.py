"""Libraries that only some kinds need: told how to install, and never loaded by what does not need them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import ModelError
from common.models import libraries
from common.models.libraries import BROUGHT_BY, library

ROOT = Path(__file__).parents[3]
DISTRIBUTIONS = {"sklearn": "scikit-learn"}

# What `make run` goes through, from the bars to the executor's child.
RUN = (
    "common.research.training",
    "common.replay.preparation",
    "common.models.kinds",
    "services.inference_worker.executor.executor_child",
    "scripts.replay",
    "scripts.train",
    "scripts.models",
)


@pytest.mark.parametrize("name", sorted(BROUGHT_BY))
def test_the_file_named_brings_the_library(name: str) -> None:
    """It stands there with its version."""
    text = (ROOT / BROUGHT_BY[name]).read_text(encoding="utf-8")
    assert f"\n{DISTRIBUTIONS.get(name, name)}==" in f"\n{text}"


def test_what_is_not_there_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first part of the module's name."""
    monkeypatch.setattr(libraries, "BROUGHT_BY", {"nonesuch": "requirements/none.lock"})
    with pytest.raises(ModelError, match=r"install it with: pip install -r requirements/none\.lock"):
        library("nonesuch.part")


def test_a_run_needs_none_of_them() -> None:
    """Everything of `make run`, and the kind it trains, is imported where they cannot be."""
    code = f"import sys\nsys.modules.update(dict.fromkeys({sorted(BROUGHT_BY)}))\nfrom importlib import import_module\n"
    code += f"for name in {RUN}: import_module(name)\n"
    code += "import_module('common.models.kinds').model_class('lightgbm')\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


APART = ("peers", "bench-")
"""Locks of environments of their own, for programs that cannot share ours."""


def test_the_locks_come_from_the_index_alone() -> None:
    """No line names an index, a folder or a file of one machine; what one environment gets from two, they pin alike."""
    pins: dict[str, set[str]] = {}
    for path in sorted((ROOT / "requirements").glob("*.lock")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not line.startswith(("--index", "--extra", "--find", "--trusted")), path.name
            assert "file://" not in line, path.name
            if "==" in line and not path.name.startswith(APART):
                name, _, version = line.split()[0].partition("==")
                pins.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


def test_make_lock_pins_every_environment() -> None:
    """Those of the benchmarks' peers, too: none is left behind with old pins."""
    (roles,) = re.findall(r"for role in (.*); do", (ROOT / "Makefile").read_text(encoding="utf-8"))
    wanted = {path.stem for path in (ROOT / "requirements").glob("*.in")}
    assert set(roles.split()) == wanted == {path.stem for path in (ROOT / "requirements").glob("*.lock")}
