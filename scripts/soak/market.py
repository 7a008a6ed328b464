"""Minute bars for as long as a soak lasts: the sample market, over and over, under clocks that go on."""

import numpy as np
import polars as pl

from common.market.sample import sample_market

TILE = 2_000
FIRST = np.datetime64("2024-01-01T00:00", "us")


def minute_market(symbols: int, sections: int) -> pl.DataFrame:
    """`sections` minutes of `symbols`; at each seam prices jump, as they do at a split nobody told of."""
    tile = sample_market(symbols=symbols, days=TILE)
    places = tile["datetime"].rank("dense").cast(pl.Int64).to_numpy() - 1
    tiles = []
    for number in range(-(-sections // TILE)):
        minute = places + number * TILE
        stamped = tile.with_columns(pl.Series("datetime", FIRST + minute.astype("timedelta64[m]")))
        tiles.append(stamped.filter(pl.Series(minute < sections)))
    return pl.concat(tiles)
