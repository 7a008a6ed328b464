"""The one form of every benchmark's figures: rows of ours against theirs, and whether the goal was met."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scripts.bench.machine import Machine


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison; None where there is nothing to compare with, `peer` says why when a peer is missing."""

    what: str
    ours: float | None
    peer: str | None
    theirs: float | None
    unit: str
    ratio: float | None
    goal: float | None
    met: bool | None

    @classmethod
    def of(
        cls,
        what: str,
        ours: float | None,
        unit: str,
        *,
        peer: str | None = None,
        theirs: float | None = None,
        goal: float | None = None,
        more_is_better: bool = False,
    ) -> Self:
        """A row with its ratio (ours over theirs) and its verdict; ValueError for a figure that is no number."""
        for value in (ours, theirs, goal):
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{what}: {value} is not a figure")
        ratio = round(ours / theirs, 4) if ours is not None and theirs else None
        return cls(what, ours, peer, theirs, unit, ratio, goal, _verdict(ours, goal, more_is_better=more_is_better))


@dataclass(frozen=True, slots=True)
class Result:
    """All rows of one run, and the machine they are from."""

    machine: Machine
    rows: tuple[Row, ...]

    def figures(self) -> dict[str, Any]:
        """What `--json` writes."""
        return {"machine": self.machine.figures(), "rows": [asdict(row) for row in self.rows]}


def show(result: Result, target: Console) -> None:
    """The rows for people."""
    target.print(str(result.machine), highlight=False, markup=False)
    table = Table(box=SIMPLE_HEAD, collapse_padding=True)
    for heading in ("what", "ours", "peer", "theirs", "unit", "ratio", "goal", "met"):
        table.add_column(heading, justify="left" if heading in {"what", "peer", "unit"} else "right")
    for row in result.rows:
        met = {None: "", True: "[green]yes[/green]", False: "[red]no[/red]"}[row.met]
        numbers = [_short(value) for value in (row.ours, row.theirs, row.ratio, row.goal)]
        table.add_row(row.what, numbers[0], row.peer or "", numbers[1], row.unit, numbers[2], numbers[3], met)
    target.print(table)


def _verdict(ours: float | None, goal: float | None, *, more_is_better: bool) -> bool | None:
    if ours is None or goal is None:
        return None
    return ours > goal if more_is_better else ours < goal


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
