"""Where rounds are run: a small market, a model on record, and a run that nothing happens to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from alphabus.clock import Clock
from common.config import Config, Policy
from common.errors import PipelineError
from common.market.sample import sample_market
from common.market.store import BarTable
from common.replay.follow import follow
from common.replay.pipeline import Pipeline
from common.replay.preparation import Wish, configure, load, train, write_config
from common.replay.split import Split
from scripts.chaos.campaign import PACE_S
from scripts.chaos.record import Record, record_of

SYMBOLS, HISTORY = 24, 280
DEADLINE_MS = 200
INSTANCE = "chaos"


@dataclass(frozen=True, slots=True)
class Ground:
    """An instance that can be started: its configuration, and the file of it."""

    config: Config
    config_file: Path


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """A market and the model that was trained before it begins; each round has a folder of its own."""

    folder: Path
    wish: Wish
    table: BarTable
    split: Split

    @classmethod
    def build(cls, folder: Path, sections: int) -> Self:
        """Make a market of so many replayed sections, and train on what is before it."""
        bars = folder / "bars.parquet"
        market = sample_market(symbols=SYMBOLS, days=HISTORY + sections)
        market.write_parquet(bars)
        split = str(market["datetime"].unique().sort()[HISTORY])
        wish = Wish(bars, folder, split=split, instance=INSTANCE, registry=folder / "registry")
        table, parts = load(wish)
        train(wish, configure(wish, table, parts), table, parts)
        return cls(folder, wish, table, parts)

    def prepare(self, name: str, policy: Policy, pace_s: float | None = PACE_S) -> Ground:
        """A folder of its own with a configuration; without a pace as fast as everybody can."""
        out = self.folder / name
        out.mkdir()
        wish = replace(self.wish, out=out, pace_s=pace_s, overrides={"inference": _inference(policy)})
        config = configure(wish, self.table, self.split).model_copy(update={"run_dir": self.folder / "run"})
        return Ground(config, write_config(out, config))

    def undisturbed(self, clock: Clock) -> Record:
        """The run that nothing happens to; raises PipelineError when not every section of it is fresh."""
        ground = self.prepare("undisturbed", Policy.WAIT, pace_s=None)
        with Pipeline(ground.config, ground.config_file) as pipeline:
            outcome = follow(pipeline, clock, lambda _progress: None)
        record = record_of(ground.config)
        if outcome.trouble or not record.is_whole(HISTORY + 1, HISTORY + self.split.replayed):
            raise PipelineError(f"the undisturbed run is not whole: {outcome.trouble or 'sections are missing'}")
        return record


def _inference(policy: Policy) -> dict[str, Any]:
    if policy is Policy.WAIT:
        return {"policy": policy.value}
    # What is held may be held through any pause: only what the faults do is to be judged.
    return {"policy": policy.value, "deadline_ms": DEADLINE_MS, "max_age_bars": 1_000_000}
