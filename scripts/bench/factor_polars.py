"""Alpha158 as somebody who knows polars writes it by hand: a frame a symbol, rolling kernels where polars has them.

What polars has no rolling kernel for is made of what it has: lines of sums by age, places of extremes by doubling.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from scripts.bench.factor_market import LAST, Floats

WINDOWS = (5, 10, 20, 30, 60)
DOUBLINGS = ((1, 2, 1), (2, 4, 2), (4, 5, 1), (5, 10, 5), (10, 20, 10), (20, 30, 10), (30, 60, 30))
"""A window made of two of the shorter one, the older so many bars back: (shorter, longer, bars)."""

OPEN, HIGH, LOW, CLOSE, VOLUME = (pl.col(name) for name in ("open", "high", "low", "close", "volume"))
TINY = 1e-12


def bar_shape() -> dict[str, pl.Expr]:
    """The bar itself."""
    top, bottom, height = pl.max_horizontal("open", "close"), pl.min_horizontal("open", "close"), HIGH - LOW + TINY
    return {
        "kmid": (CLOSE - OPEN) / OPEN,
        "klen": (HIGH - LOW) / OPEN,
        "kmid_2": (CLOSE - OPEN) / height,
        "kup": (HIGH - top) / OPEN,
        "kup_2": (HIGH - top) / height,
        "klow": (bottom - LOW) / OPEN,
        "klow_2": (bottom - LOW) / height,
        "ksft": (CLOSE * 2 - HIGH - LOW) / OPEN,
        "ksft_2": (CLOSE * 2 - HIGH - LOW) / height,
        "open_0": OPEN / CLOSE,
        "high_0": HIGH / CLOSE,
        "low_0": LOW / CLOSE,
        "vwap_0": pl.col("turnover") / VOLUME / CLOSE,
    }


def moments(window: int) -> dict[str, pl.Expr]:
    """Means and deviations."""
    swing = pl.col("swing")
    return {
        f"roc_{window}": CLOSE.shift(window) / CLOSE,
        f"ma_{window}": CLOSE.rolling_mean(window) / CLOSE,
        f"std_{window}": CLOSE.rolling_std(window, ddof=0) / CLOSE,
        f"vma_{window}": VOLUME.rolling_mean(window) / (VOLUME + TINY),
        f"vstd_{window}": VOLUME.rolling_std(window, ddof=0) / (VOLUME + TINY),
        f"wvma_{window}": swing.rolling_std(window, ddof=0) / (swing.rolling_mean(window) + TINY),
        f"cntp_{window}": pl.col("rise").rolling_mean(window),
        f"cntn_{window}": pl.col("fall").rolling_mean(window),
        f"cntd_{window}": pl.col("rise").rolling_mean(window) - pl.col("fall").rolling_mean(window),
    }


def lines(window: int) -> dict[str, pl.Expr]:
    """The least-squares line against the bar's number, whose moments are known."""
    middle, spread = (window - 1) / 2.0, window * (window * window - 1) / 12.0
    total, squares = CLOSE.rolling_sum(window), (CLOSE * CLOSE).rolling_sum(window)
    # Numbered from the window's oldest bar.
    along = pl.col("numbered").rolling_sum(window) - (pl.col("number") - (window - 1)) * total
    together = along - middle * total
    slope = together / spread
    varies = squares - total * total / window
    return {
        f"beta_{window}": slope / CLOSE,
        f"rsqr_{window}": together * together / (spread * varies),
        f"resi_{window}": (CLOSE - total / window - slope * middle) / CLOSE,
    }


def order(window: int) -> dict[str, pl.Expr]:
    """Extremes, quantiles, ranks."""
    lowest, highest = LOW.rolling_min(window), HIGH.rolling_max(window)
    return {
        f"max_{window}": highest / CLOSE,
        f"min_{window}": lowest / CLOSE,
        f"qtlu_{window}": CLOSE.rolling_quantile(0.8, "linear", window) / CLOSE,
        f"qtld_{window}": CLOSE.rolling_quantile(0.2, "linear", window) / CLOSE,
        f"rank_{window}": CLOSE.rolling_rank(window) / window,
        f"rsv_{window}": (CLOSE - lowest) / (highest - lowest + TINY),
    }


def places(window: int) -> dict[str, pl.Expr]:
    """Where the extremes are."""
    first = pl.col("number") - window
    top, bottom = pl.col(f"high_at_{window}") - first, pl.col(f"low_at_{window}") - first
    return {
        f"imax_{window}": top / window,
        f"imin_{window}": bottom / window,
        f"imxd_{window}": (top - bottom) / window,
    }


def pairs(window: int) -> dict[str, pl.Expr]:
    """Price and volume together."""
    return {
        f"corr_{window}": pl.rolling_corr(CLOSE, "log_volume", window_size=window, min_samples=window),
        f"cord_{window}": pl.rolling_corr("change", "log_volume_change", window_size=window, min_samples=window),
    }


def sums(window: int) -> dict[str, pl.Expr]:
    """Ups against downs."""
    found: dict[str, pl.Expr] = {}
    for prefix in ("", "v"):
        up, down, way = (pl.col(f"{prefix}{name}").rolling_sum(window) for name in ("up", "down", "way"))
        found |= {
            f"{prefix}sump_{window}": up / (way + TINY),
            f"{prefix}sumn_{window}": down / (way + TINY),
            f"{prefix}sumd_{window}": (up - down) / (way + TINY),
        }
    return found


def prepared(bars: pl.DataFrame) -> pl.LazyFrame:
    """Add the series that windows are taken of."""
    move, volume_move = CLOSE - CLOSE.shift(1), VOLUME - VOLUME.shift(1)
    change = CLOSE / CLOSE.shift(1)
    number = pl.int_range(pl.len()).cast(pl.Float64)
    return bars.lazy().with_columns(
        number=number,
        numbered=number * CLOSE,
        change=change,
        swing=(change - 1).abs() * VOLUME,
        log_volume=(VOLUME + 1).log(),
        log_volume_change=(VOLUME / VOLUME.shift(1) + 1).log(),
        rise=(move > 0).cast(pl.Float64),
        fall=(move < 0).cast(pl.Float64),
        up=move.clip(lower_bound=0),
        down=(-move).clip(lower_bound=0),
        way=move.abs(),
        vup=volume_move.clip(lower_bound=0),
        vdown=(-volume_move).clip(lower_bound=0),
        vway=volume_move.abs(),
    )


def placed(bars: pl.LazyFrame) -> pl.LazyFrame:
    """Add the number of the bar with the extreme of each window, the oldest of equals."""
    bars = bars.with_columns(high_1=HIGH, high_at_1=pl.col("number"), low_1=LOW, low_at_1=pl.col("number"))
    for shorter, longer, back in DOUBLINGS:
        new = {}
        for name in ("high", "low"):
            best, at = pl.col(f"{name}_{shorter}"), pl.col(f"{name}_at_{shorter}")
            older = best.shift(back)
            wins = older >= best if name == "high" else older <= best
            new[f"{name}_{longer}"] = pl.when(wins).then(older).otherwise(best)
            new[f"{name}_at_{longer}"] = pl.when(wins).then(at.shift(back)).otherwise(at)
        bars = bars.with_columns(**new)
    return bars


def factors() -> dict[str, pl.Expr]:
    """All of them by name, window by window."""
    found = bar_shape()
    for window in WINDOWS:
        for family in (moments, lines, order, places, pairs, sums):
            found |= family(window)
    return found


class ByHand:
    """All symbols in one query, over all of polars' threads."""

    def __init__(self, columns: Mapping[str, Floats], request: Mapping[str, Any]) -> None:
        self._names = request["wanted"]
        self._frames = [
            pl.DataFrame({name: np.ascontiguousarray(column[:, symbol]) for name, column in columns.items()})
            for symbol in range(columns["close"].shape[1])
        ]
        self._made: list[pl.DataFrame] = []
        self.facts = {"names": self._names, "threads": pl.thread_pool_size()}

    def run(self, section: int) -> None:
        """Compute everything."""
        del section
        expressions = factors()
        wanted = [expressions[name].alias(name) for name in self._names]
        self._made = pl.collect_all([placed(prepared(each)).select(wanted) for each in self._frames])

    def values(self) -> Floats:
        """Return the last sections."""
        tails = [each.tail(LAST).select(pl.all().cast(pl.Float64)).to_numpy() for each in self._made]
        return np.ascontiguousarray(np.stack(tails).transpose(2, 1, 0))
