"""A replay with members: their file goes from the configuration to the flags of every signal."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from alphabus.messages import Flag
from common.market.constituents import load_constituents
from tests.e2e.harness import Bench


def test_signals_are_of_members_as_of_each_bar(market: Bench, run_dir: Path, tmp_path: Path) -> None:
    """Whoever is none has the flag `not_member` and no value, until the bar from which it is one."""
    stamps = pl.read_parquet(market.bars)["datetime"].unique().sort()
    joins, leaves = stamps[330], stamps[360]
    symbols = pl.read_parquet(market.bars)["symbol"].unique().sort().to_list()
    rows = [f"{symbol},2000-01-01," for symbol in symbols[3:]]
    rows += [f"{symbols[0]},{joins:%Y-%m-%d},", f"{symbols[1]},2000-01-01,{leaves:%Y-%m-%d}"]
    path = tmp_path / "members.csv"
    path.write_text("\n".join(["symbol,from,to", *rows]) + "\n", encoding="utf-8")

    ran = market.run(feed={"members": str(path)})
    assert ran.outcome.trouble == ""
    assert ran.missing == []
    bars = ran.prepared.table.frame
    seats = load_constituents(path).among(symbols)
    for (stamp,), section in ran.signals.group_by("stamp", maintain_order=True):
        assert isinstance(stamp, int)
        # Who has been suspended for long is none either; with a bar, the file alone decides.
        present = set(bars.filter(pl.col("stamp") == stamp)["symbol"])
        named = set(section.filter(pl.col("flag") != Flag.NOT_MEMBER)["symbol"])
        mask = seats.members(pl.Series([stamp]).to_numpy())[0]
        constituents = {symbol for symbol, here in zip(symbols, mask, strict=True) if here}
        assert named & present == constituents & present
        assert named <= constituents
        assert section.filter(pl.col("flag") == Flag.NOT_MEMBER)["signal"].is_nan().all()
    joiner = ran.signals.filter(pl.col("symbol") == symbols[0])
    first = joiner.filter(pl.col("flag") != Flag.NOT_MEMBER).head(1)
    assert first["stamp"].cast(pl.Datetime("ns")).cast(pl.Datetime("us")).to_list() == [joins]
    assert first["flag"].to_list() == [Flag.OK]
