"""A lab as the place where fetched bars go."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from common.market.importing.canonical import canonical, lab_name
from common.market.source import SURPLUS, as_source
from common.market.stamps import parse_interval
from common.market.store import BarTable, sort_out
from common.research.lab.lab import Lab


@dataclass(frozen=True, slots=True)
class LabKeeper:
    """Bars of one interval in a lab."""

    lab: Lab
    interval: str

    @property
    def name(self) -> str:
        """What the lab calls the interval; BarFileError for one it has no folder for."""
        return lab_name(parse_interval(self.interval))

    def last_close(self, name: str) -> int | None:
        """Of the bars on file, None where there are none."""
        if name not in self.lab.list_bar_symbols(self.name):
            return None
        frame = self.lab.load_bar_df([name], self.name).with_columns(pl.lit(value=False).alias(SURPLUS))
        path = Path(f"{self.lab.root}, {name}")
        table = sort_out(path, lambda: as_source(path, frame, lambda: frame.columns), interval=self.interval)
        last = table.frame["time"].max()
        return last if isinstance(last, int) else None

    def save(self, table: BarTable) -> None:
        """Lay them over what there is."""
        self.lab.save_bar_data(canonical(table, zoned=True), self.name)
