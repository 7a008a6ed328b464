"""The steps before a launch, as people see them: what takes time shows how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from common.factors.kernels import compile_all
from common.models.trees.compilation import compile_trees
from common.replay.preparation import make_sample

SAMPLE = Path("state/sample/sample.parquet")


def chosen_bars(bars: Path | None, people: Console) -> Path:
    """The file that was named, else the sample market, made if it is not there."""
    if bars is not None:
        return bars
    if make_sample(SAMPLE):
        people.print(f"made the sample market: {SAMPLE}")
    return SAMPLE


def compile_kernels(people: Console) -> None:
    """Compile what is not in the cache yet."""
    with counted(people, "compiling kernels") as say:
        compile_all(progress=say)
        compile_trees()


@contextmanager
def counted(people: Console, what: str) -> Iterator[Any]:
    """A bar that shows only when there is something to wait for: a warm cache takes no time."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Bars(*columns, console=people, transient=True, disable=not people.is_terminal) as bars:
        task = bars.add_task("", total=None)
        yield lambda name, done, most: bars.update(task, description=name, completed=done, total=most)


@contextmanager
def spinner(people: Console, what: str) -> Iterator[Any]:
    """What is being done, and which stage of it."""
    with people.status(what) as status:
        yield lambda stage, done, most: status.update(f"{what}: {stage} {done}/{most}")
