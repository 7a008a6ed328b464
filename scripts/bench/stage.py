"""A small paced pipeline to measure on: real processes, everything it writes in one temporary folder."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from alphabus.bus import Bus
from alphabus.clock import Clock
from alphabus.sockets import ZmqTransport
from common.config import Config, make_config
from common.errors import PipelineError
from common.market.sample import sample_market
from common.replay.pipeline import Pipeline
from common.replay.preparation import Wish, configure, load, train
from common.replay.toml import write_toml
from scripts.bench.listener import Listener

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SYMBOLS = 24
HISTORY = 280
# Sections that pass while processes start, stop and come back.
SPARE = 200
PACE_S = 0.1
DEADLINE_MS = 50


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of a log: when it was written (ns, wall clock, to the microsecond), and its fields."""

    time_ns: int
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """With its time apart."""
        return cls((datetime.fromisoformat(row["timestamp"]) - EPOCH) // timedelta(microseconds=1) * 1000, row)


@dataclass(frozen=True, slots=True)
class Act:
    """A running pipeline and who listens to it."""

    config: Config
    pipeline: Pipeline
    listener: Listener

    def pid(self, service: str) -> int:
        """Process id of a service; PipelineError when it does not answer."""
        beat = self.pipeline.status(service)
        if beat is None:
            raise PipelineError(f"{service} does not answer")
        return beat.pid

    def logged(self, service: str, event: str) -> list[Logged]:
        """What a service has logged of one event, oldest first."""
        if self.config.logs is None:
            raise PipelineError("the pipeline that is measured writes no logs")
        lines = (self.config.logs / f"{service}.jsonl").read_text(encoding="utf-8").splitlines()
        return [
            Logged.of(row) for line in lines if f'"{event}"' in line and (row := json.loads(line))["event"] == event
        ]


@dataclass(frozen=True, slots=True)
class Stage:
    """A market and a configuration with its model on record; each run of it starts from nothing."""

    folder: Path
    values: dict[str, Any]
    clock: Clock

    @classmethod
    def set_up(cls, folder: Path, sections: int, clock: Clock) -> Self:
        """Make a market that lasts for so many paced sections, and train on its history."""
        bars = folder / "bars.parquet"
        market = sample_market(symbols=SYMBOLS, days=HISTORY + sections + SPARE)
        market.write_parquet(bars)
        split = str(market["datetime"].unique().sort()[HISTORY])
        wish = Wish(bars, folder / "first", split=split, instance="bench", registry=folder / "registry")
        table, parts = load(wish)
        config = configure(wish, table, parts)
        train(wish, config, table, parts)
        return cls(folder, _paced(config, folder), clock)

    @contextmanager
    def run(self, name: str) -> Iterator[Act]:
        """The five processes from the first fresh signal on; none is left at the end."""
        out = self.folder / name
        config_file = out / "config.toml"
        values = {**self.values, "state": str(out / "state"), "logs": str(out / "logs")}
        config = make_config(values, "the benchmark's settings")
        out.mkdir()
        write_toml(config_file, values)
        transport = ZmqTransport()
        with Pipeline(config, config_file) as pipeline:
            listener = Listener(Bus(config.endpoints, transport, self.clock), lambda: pipeline.running)
            try:
                listener.next_fresh()
                yield Act(config, pipeline, listener)
            finally:
                listener.close()
                transport.close()


def _paced(config: Config, folder: Path) -> dict[str, Any]:
    values = config.model_dump(mode="json", exclude_none=True)
    values["run_dir"] = str(folder / "run")
    values["feed"] |= {"pace_s": PACE_S}
    values["inference"] |= {
        "policy": "deadline",
        "deadline_ms": DEADLINE_MS,
        # A slow child on a busy machine is not killed for it: only the faults made here are to be measured.
        "late_until_ms": round(PACE_S * 1000),
        # What is held stays held, however long the engine is stopped.
        "max_age_bars": 1_000_000,
        # A busy machine must not open the breaker: what is measured is what comes after one fault.
        "breaker": {"failures": 1000, "share": 1.0, "window": 1000, "slow_share": 10.0},
    }
    return values
