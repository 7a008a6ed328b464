"""A child that cannot be started costs nothing: no descriptor, no process, and never the worker."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from common.errors import ModelError
from services.inference_worker.executor.executor import Executor
from services.inference_worker.executor.slate import Slate
from tests.services.inference_worker.children import LIMIT_S, ready

pytestmark = pytest.mark.e2e


def left() -> tuple[int, str]:
    """How many descriptors are open, and which children there are."""
    return len(list(Path("/proc/self/fd").iterdir())), Path("/proc/thread-self/children").read_text(encoding="ascii")


@contextmanager
def room_for(free: int) -> Iterator[None]:
    """Within it so many descriptors are left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
    unused = (number for number in count() if number not in taken)
    limit = next(number for place, number in enumerate(unused) if place == free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def started(bundle: Path, free: int) -> Executor | str:
    """A child, if there is room for it, or why not."""
    try:
        with room_for(free):
            return Executor.start(bundle, environment=os.environ)
    except ModelError as error:
        return str(error)


def test_whichever_descriptor_is_the_last_one(bundle: Path) -> None:
    """It is refused with a reason, with nothing left open and nobody left alive; with one more it starts."""
    before, refusals = left(), 0
    while isinstance(made := started(bundle, refusals), str):
        assert "Too many open files" in made
        assert left() == before
        refusals += 1
    assert made.kill(LIMIT_S)
    assert refusals >= 5
    assert left() == before


def test_no_room_for_a_section_is_an_error_of_the_model(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next section is tried as if nothing had been."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with ready(bundle) as executor:
        with monkeypatch.context() as patched:
            patched.setattr(Slate, "grow", full)
            with pytest.raises(ModelError, match="no room for a section"):
                executor.submit(np.zeros((3, 1)), bar=1)
        assert executor.outstanding is None
        assert executor.submit(np.zeros((3, 1)), bar=1) == 1
