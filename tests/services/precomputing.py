"""A file of bars, a model on record, signals computed ahead, and the services that are to say the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alphabus.columns import stack
from alphabus.messages import Factors
from common.config import Config, Source
from common.market.sample import sample_market
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.models.bundle import load_bundle
from common.models.proof import prove
from common.models.registry import Registry
from common.replay.preparation import constituents_of
from common.research.precompute import Precomputed, precompute
from common.research.precompute_file import Provenance, write_precomputed
from common.research.precompute_model import Served
from common.research.precompute_origin import provenance_of
from common.research.precompute_roll import Conditions
from services.bar_feed.sources.replay import ReplaySource
from services.inference_worker.exchange import Answer
from services.inference_worker.post import Post
from tests.services.cluster import Cluster, toy_config
from tests.services.markets import ToySource
from tests.services.seats import FormulaSeat

DAYS, HISTORY = 90, 60
PARTIAL = (64, 70, 71)
"""Days on which two symbols trade."""


class ModelSeat(FormulaSeat):
    """A seat whose answers are those of the model on record, as a child would give them."""

    def __init__(self, post: Post, *others: Any, **more: Any) -> None:
        super().__init__(post, *others, **more)
        self._predictor = prove(load_bundle(post.folder)).model

    def _answer(self, factors: Factors) -> Answer:
        values: NDArray[np.float64] = self._predictor.predict(stack(factors.columns, self._features))
        return Answer(1, values)


@dataclass(frozen=True)
class Ahead:
    """Everything a test of precomputed signals starts from."""

    folder: Path
    registry: Path
    members: Path | None = None

    @cached_property
    def bars(self) -> Path:
        """Late listings, holes, bad rows, and days on which hardly anything traded."""
        path = self.folder / "bars.parquet"
        frame = sample_market(symbols=24, days=DAYS)
        days = frame["datetime"].unique().sort()
        stubs = pl.col("datetime").is_in([days[place] for place in PARTIAL])
        frame.filter(~stubs | pl.col("symbol").is_in(frame["symbol"].unique().sort()[:2].to_list())).write_parquet(path)
        return path

    @cached_property
    def table(self) -> BarTable:
        """The bars as loaded."""
        return load_bars(self.bars)

    @cached_property
    def split(self) -> int:
        """Close time of the first section that is not history."""
        return int(self.table.times[HISTORY])

    @cached_property
    def conditions(self) -> Conditions:
        """What the toy configuration says."""
        return Conditions(patience_bars=3, constituents=self.constituents)

    @cached_property
    def constituents(self) -> Any:
        """Who is named by the file of members."""
        return constituents_of(self.members, self.table)

    @cached_property
    def served(self) -> Served:
        """The model as it is served."""
        with Registry(self.registry, clock=lambda: 0, read_only=True) as models:
            ref = models.version("demo").ref
            return Served.of(ref, models.load(ref))

    def computed(self, **changes: Any) -> Precomputed:
        """Signals of everything after the history."""
        stamp = self.table.frame.filter(pl.col("time") >= self.split)["stamp"].min()
        assert isinstance(stamp, int)
        return precompute(self.table.frame, self.served, self.conditions, Span(stamp), **changes)

    def provenance(self, found: Precomputed, **changes: Any) -> Provenance:
        """Of signals, some words of it changed."""
        with Registry(self.registry, clock=lambda: 0, read_only=True) as models:
            manifest = models.load(self.served.ref).manifest
        told = provenance_of(found, self.served, self.conditions, manifest, interval_ns=self.table.interval_ns)
        return replace(told, **changes)

    def write(self, name: str = "signals.parquet", **changes: Any) -> Path:
        """The file."""
        found, path = self.computed(), self.folder / name
        write_precomputed(path, found.rows, self.provenance(found, **changes), self.table.datetime_type)
        return path

    def config(self, name: str, **tables: Any) -> Config:
        """An instance that replays these bars."""
        feed = {**tables.pop("feed", {}), **({} if self.members is None else {"members": str(self.members)})}
        return toy_config(self.folder / name, self.registry, feed=feed, **tables)

    def cluster(self, config: Config) -> Cluster:
        """The five services over these bars."""
        source = ReplaySource(Source(bars=self.bars, split_ns=self.split), config.state / "quarantine.jsonl")
        sections = (*source.history(-1), *source.live(-1))
        return Cluster(config, ToySource(sections, HISTORY), open_seat=partial(ModelSeat))
