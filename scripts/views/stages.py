"""A bar a stage, as long as stages have so much to do as they say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

# Called with the name of a stage, what is done of it, and of how much.
Say = Callable[[str, int, int], None]


@contextmanager
def stages(people: Console, *, width: int) -> Iterator[Say]:
    """Show them while the block lasts; `width` is that of the longest name, characters."""
    columns = (
        TextColumn(f"{{task.description:>{width}}}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=people, transient=True, disable=not people.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def say(stage: str, done: int, most: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=most)
            bars.update(tasks[stage], completed=done, total=most)

        yield say
