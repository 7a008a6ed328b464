"""Where rounds are run: a small market, a model on record, and a run that nothing happens to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import polars as pl

from common.config import Policy
from common.market.sample import sample_market
from common.replay.preparation import Prepared, Wish, configure, load, train, write_config
from common.replay.results import last_revisions, read_signals, section_rows
from common.replay.summary import missing_sections

SYMBOLS, HISTORY = 24, 280
PACE_S = 0.05
DEADLINE_MS = 200
INSTANCE = "chaos"


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What a run left: the cache's sections, and the sections nobody answered for."""

    signals: pl.DataFrame
    rows: list[dict[str, Any]]
    missing: int

    def values(self) -> dict[tuple[int, str], bytes]:
        """The bits of every computed value, by bar and symbol: the last revision of fresh and late sections."""
        final = last_revisions(self.signals).filter(pl.col("status").is_in(["fresh", "late"]))
        columns = (final[name].to_list() for name in ("bar", "symbol", "flag"))
        bits = final["signal"].to_numpy().astype("<f8").tobytes()
        return {
            (bar, symbol): bits[8 * row : 8 * row + 8] + bytes([flag])
            for row, (bar, symbol, flag) in enumerate(zip(*columns, strict=True))
        }


@dataclass(frozen=True, slots=True)
class Arena:
    """A file of bars, its registry, and how long the replayed part is."""

    folder: Path
    sections: int

    @classmethod
    def build(cls, folder: Path, sections: int) -> Self:
        """Make the market; the model is trained by the first run that is prepared."""
        sample_market(symbols=SYMBOLS, days=HISTORY + sections).write_parquet(folder / "bars.parquet")
        return cls(folder, sections)

    def prepare(self, name: str, policy: Policy) -> Prepared:
        """Load, train or find the model, configure; a folder of its own."""
        bars, out = self.folder / "bars.parquet", self.folder / name
        split = str(pl.read_parquet(bars)["datetime"].unique().sort()[HISTORY])
        wish = Wish(
            bars, out, split=split, instance=INSTANCE, pace_s=PACE_S, registry=self.folder / "registry",
            overrides={"inference": _inference(policy)},
        )  # fmt: skip
        table, parts = load(wish)
        config = configure(wish, table, parts)
        trained = train(wish, config, table, parts)
        out.mkdir()
        config = config.model_copy(update={"run_dir": self.folder / "run"})
        return Prepared(table, parts, trained, config, write_config(out, config))


def record_of(prepared: Prepared) -> Record:
    """Read what a run left."""
    state, arms = prepared.config.state, list(prepared.config.arms)
    rows = section_rows(state, arms)
    return Record(read_signals(state, arms), rows, len(missing_sections(prepared, rows)))


def _inference(policy: Policy) -> dict[str, Any]:
    if policy is Policy.WAIT:
        return {"policy": policy.value}
    # What is held may be held through any pause: only what the faults do is to be judged.
    return {"policy": policy.value, "deadline_ms": DEADLINE_MS, "max_age_bars": 1_000_000}
