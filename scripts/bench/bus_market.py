"""What the path is measured on: a market, a model trained on its history, and a configuration for each way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from common.config import make_config
from common.factors.plan import compile_set
from common.factors.sets import load_set
from common.market.sample import sample_market
from common.replay.preparation import Wish, configure, load, train
from common.replay.toml import write_toml
from scripts.bench.subject import Shape

HISTORY = 280
COLUMN_BYTES = 8


@dataclass(frozen=True, slots=True)
class Market:
    """Bars on disk, the model on record, and the settings that all ways share."""

    folder: Path
    shape: Shape
    values: dict[str, Any]

    @classmethod
    def make(cls, folder: Path, symbols: int, sections: int, factor_set: str) -> Self:
        """So many sections after the history that the model is trained on."""
        bars = folder / "bars.parquet"
        market = sample_market(symbols=symbols, days=HISTORY + sections)
        market.write_parquet(bars)
        split = str(market["datetime"].unique().sort()[HISTORY])
        registry = folder / "registry"
        wish = Wish(bars, folder / "first", split=split, instance="bench", factor_set=factor_set, registry=registry)
        table, parts = load(wish)
        config = configure(wish, table, parts)
        train(wish, config, table, parts)
        values = config.model_dump(mode="json", exclude_none=True)
        shape = Shape(symbols, len(compile_set(load_set(factor_set)).names))
        values["bus"]["section_kb"] = -(-symbols * shape.features * COLUMN_BYTES // 1024)
        values["inference"]["spare"] = False
        return cls(folder, shape, values)

    def config_file(self, name: str, sync: str) -> Path:
        """Settings of a run with a state and a run folder of its own, journalled by this policy."""
        out = self.folder / name
        own = {"state": str(out / "state"), "logs": str(out / "logs"), "run_dir": str(out / "run")}
        values = {**self.values, **own, "feed": {**self.values["feed"], "sync": sync}}
        make_config(values, "the benchmark's settings")
        out.mkdir()
        write_toml(out / "config.toml", values)
        return out / "config.toml"
