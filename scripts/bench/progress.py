"""How far a benchmark is: one bar a part."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Step = Callable[[], None]
Track = Callable[[str, int], Step]


@contextmanager
def tracking(target: Console) -> Iterator[Track]:
    """Yield a function that opens the bar of a part with so many steps, and returns what makes one step."""
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    columns = (TextColumn("{task.description:>28}"), BarColumn(), MofNCompleteColumn(), *times)
    with Progress(*columns, console=target, transient=True) as bars:

        def track(what: str, steps: int) -> Step:
            task = bars.add_task(what, total=steps)
            return lambda: bars.advance(task)

        yield track
