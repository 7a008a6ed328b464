"""How far one piece of work is, as a bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# Called with what is done, and of how much.
Advance = Callable[[int, int], None]


@contextmanager
def gauge(
    people: Console, what: str, measure: type[ProgressColumn] = MofNCompleteColumn, *, stays: bool = False
) -> Iterator[Advance]:
    """Show it while the block lasts; `measure` says how much is done: COUNT, BYTES or SHARE.

    stays: it is left standing at the end. Without a terminal nothing is shown.
    """
    columns = (TextColumn(escape(what)), BarColumn(), measure(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=people, transient=not stays, disable=not people.is_terminal) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, most: bars.update(task, completed=done, total=most)


COUNT, BYTES, SHARE = MofNCompleteColumn, DownloadColumn, TaskProgressColumn
