"""Where an exercise writes: a folder that is gone when all went well, and stays when it did not, or is wanted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def kept_on_failure(say: Callable[[str], object], *, always: bool = False) -> Iterator[Path]:
    """A new folder, of a short path because sockets lie in it; an interruption is no failure, and removes it."""
    folder = Path(tempfile.mkdtemp(prefix="alphabus-"))
    told = f"its logs, journal and registry are in {folder}; remove it when you have seen enough"
    try:
        yield folder
    except Exception:
        say(told)
        raise
    except BaseException:
        shutil.rmtree(folder)
        raise
    if always:
        say(told)
    else:
        shutil.rmtree(folder)
