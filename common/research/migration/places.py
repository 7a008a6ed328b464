"""Where rows of an export stand among our sections and symbols, and whether their bars are ours (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import ExportError
from common.market.panel import Panel
from common.research.migration.export import BARS, KEYS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

TOLERANCE = 1e-9
FEWEST = 0.99
"""Share of the bars that must be those vnpy had loaded."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Rows of a frame that are bars here: their number in it, their section and their symbol, i8[N] each."""

    row: Integers
    section: Integers
    symbol: Integers

    @classmethod
    def of(cls, frame: pl.DataFrame, panel: Panel) -> Self:
        """Look rows up by stamp and symbol; of sections with one stamp, as where clocks go back, the first."""
        stamps = pl.DataFrame({"stamp": panel.stamp, "section": np.arange(len(panel))}).unique("stamp", keep="first")
        symbols = pl.DataFrame({"symbol": panel.symbols, "place": np.arange(len(panel.symbols))})
        keys = frame.select(KEYS).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        found = keys.join(stamps, on="stamp").join(symbols, on="symbol").sort("row")
        row, section, symbol = (found[name].to_numpy() for name in ("row", "section", "place"))
        here = panel.present[section, symbol]
        return cls(row[here], section[here], symbol[here])

    def __len__(self) -> int:
        return len(self.row)

    def among(self, kept: Mask) -> "Places":
        """Some of them, by mask [N]."""
        return Places(self.row[kept], self.section[kept], self.symbol[kept])

    def take(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values [N] of a dense array [B, S]."""
        return values[self.section, self.symbol]

    def column(self, frame: pl.DataFrame, name: str) -> Floats:
        """Values f8[N] of a column of the frame they were looked up for."""
        found: Floats = frame[name].to_numpy()[self.row]
        return found

    def spread(self, values: Floats, panel: Panel) -> Floats:
        """Dense values f8[B, S], NaN elsewhere."""
        dense: Floats = np.full((len(panel), len(panel.symbols)), np.nan)
        dense[self.section, self.symbol] = values
        return dense


def bars_of(bars: pl.DataFrame, loaded: pl.DataFrame) -> pl.DataFrame:
    """Those of our bars that vnpy's dataset held, in order; ExportError where they are not the same market's."""
    held = bars.join(loaded.select(KEYS), on=list(KEYS), how="semi", maintain_order="left")
    _check_there(bars, held, loaded)
    _check_same(held, loaded)
    return held


def _check_there(bars: pl.DataFrame, held: pl.DataFrame, loaded: pl.DataFrame) -> None:
    """Bars without a price are none here; of the others nearly all must be there."""
    traded = loaded.filter(pl.col("close").is_finite() & (pl.col("close") > 0.0))
    lost = traded.join(bars.select(KEYS), on=list(KEYS), how="anti")
    if held.height and lost.height <= (1.0 - FEWEST) * traded.height:
        return
    found = f"only {held.height:,}" if held.height else "none"
    theirs = lost.row(0) if lost.height else loaded.row(0)
    first = "there are none" if bars.is_empty() else "theirs {1!r} at {0}".format(*_shown(bars.select(KEYS).row(0)))
    raise ExportError(
        f"{found} of the {loaded.height:,} bars the dataset held are among the bars: the first that is not is "
        f"{theirs[1]!r} at {_shown(theirs)[0]}, {first}; give the bars it was loaded from"
    )


def _shown(key: tuple[Any, ...]) -> tuple[str, str]:
    return str(np.datetime64(key[0], "ns").astype("datetime64[s]")), str(key[1])


def _check_same(bars: pl.DataFrame, loaded: pl.DataFrame) -> None:
    """Volumes are equal, and closes are those loaded times one number a symbol: vnpy divides by the first one."""
    both = bars.select(*KEYS, *BARS).join(loaded.select(*KEYS, *BARS), on=list(KEYS), suffix="_loaded")
    ratio = pl.col("close") / pl.col("close_loaded")
    usual = ratio.median().over("symbol")
    told = {
        "volume": (pl.col("volume") - pl.col("volume_loaded")).abs() <= TOLERANCE * pl.col("volume").abs(),
        "close": ((ratio - usual).abs() <= TOLERANCE * usual) | ratio.is_nan(),
    }
    for name, same in told.items():
        share = both.select(same.mean()).item()
        if share is not None and share < FEWEST:
            raise ExportError(
                f"{name} of only {100 * share:.1f} % of the bars is what the dataset held: give the bars it was loaded "
                "from (adjusted as they were then)"
            )


def loaded_columns(loaded: pl.DataFrame, panel: Panel) -> Mapping[str, Floats]:
    """The bars' columns as vnpy's dataset held them, f8[B, S] on our grid."""
    places = Places.of(loaded, panel)
    names = [name for name in (*BARS, "turnover", "open_interest") if name in loaded.columns]
    return {name: places.spread(places.column(loaded, name), panel) for name in names}
