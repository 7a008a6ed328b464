"""A file of bars, a model on record, signals computed ahead, and the services that are to say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from alphabus.columns import stack
from alphabus.messages import Factors
from common.config import Config, Source
from common.factors.processors.feature_block import FeatureBlock
from common.market.parts import BarParts
from common.market.sample import sample_market
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.models.bundle import load_bundle
from common.models.proof import prove
from common.models.registry import Registry
from common.replay.preparation import constituents_of
from common.research.precompute import Question, Tally
from common.research.precompute_file import Provenance, write_precomputed
from common.research.precompute_model import Served
from common.research.precompute_origin import provenance_of
from common.research.processing import processing_of
from common.research.recipe import Recipe
from common.research.roll_call import Conditions
from common.research.training import train_or_reuse
from services.bar_feed.sources.replay import ReplaySource
from services.inference_worker.executor.attendance import Attendance
from services.inference_worker.executor.exchange import Answer
from services.inference_worker.roster.post import Post
from services.inference_worker.service import InferenceWorker
from tests.services.cluster import Cluster, toy_config
from tests.services.markets import TOY_SET, ToySource
from tests.services.seats import FormulaSeat

DAYS, HISTORY = 90, 60
PARTIAL = (64, 70, 71)
"""Days on which two symbols trade."""


SymbolsOf = Callable[[bytes], tuple[str, ...]]


class ModelSeat(FormulaSeat):
    """A seat whose answers are those of the model on record, as a child would give them."""

    def __init__(self, post: Post, *others: Any, symbols_of: SymbolsOf, **more: Any) -> None:
        super().__init__(post, *others, **more)
        self._model, self._symbols_of = prove(load_bundle(post.folder)), symbols_of

    def _answer(self, factors: Factors) -> Answer:
        features = stack(factors.columns, self._features)
        if not self._model.reads_sections:
            return Answer(1, self._model.predict(features))
        called = Attendance.of(factors, self._symbols_of(factors.universe))
        stamp, values = np.array([called.stamp]), np.ascontiguousarray(features[:, None])
        found = self._model.answer(FeatureBlock(called.symbols, stamp, self._features, values, called.counted[None]))
        return Answer(1, found.values[0], called.counted & ~found.rows[0])


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A question, all rows of its answer, and what was counted."""

    asked: Question
    rows: pl.DataFrame
    tally: Tally


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

    def question(self, **changes: Any) -> Question:
        """About everything after the history."""
        stamp = self.table.frame.filter(pl.col("time") >= self.split)["stamp"].min()
        assert isinstance(stamp, int)
        whole = Question(BarParts.of(self.table), self.served, self.conditions, Span(stamp))
        return replace(whole, **changes)

    def computed(self, **changes: Any) -> Computed:
        """Signals of everything after the history."""
        asked, tally = self.question(**changes), Tally()
        return Computed(asked, pl.concat(asked.answers(tally)), tally)

    def provenance(self, found: Computed, **changes: Any) -> Provenance:
        """Of signals, some words of it changed."""
        with Registry(self.registry, clock=lambda: 0, read_only=True) as models:
            manifest = models.load(self.served.ref).manifest
        return replace(provenance_of(found.asked, found.tally, manifest), **changes)

    def write(self, name: str = "signals.parquet", **changes: Any) -> Path:
        """The file."""
        found, path = self.computed(), self.folder / name
        write_precomputed(path, found.rows, self.provenance(found, **changes), self.table.form)
        return path

    def config(self, name: str, **tables: Any) -> Config:
        """An instance that replays these bars."""
        feed = {**tables.pop("feed", {}), **({} if self.members is None else {"members": str(self.members)})}
        return toy_config(self.folder / name, self.registry, feed=feed, **tables)

    def cluster(self, config: Config) -> Cluster:
        """The five services over these bars."""
        source = ReplaySource(Source(bars=self.bars, split_ns=self.split), config.state / "quarantine.jsonl")
        sections = (*source.history(-1), *source.live(-1))
        made: list[Cluster] = []

        def symbols_of(universe: bytes) -> tuple[str, ...]:
            worker = made[0].services["inference_worker"]
            assert isinstance(worker, InferenceWorker)
            return worker._symbols_of(universe)

        made.append(Cluster(config, ToySource(sections, HISTORY), open_seat=partial(ModelSeat, symbols_of=symbols_of)))
        return made[0]


@dataclass(frozen=True)
class Leaving(Ahead):
    """The same bars without the newest of some symbols, one of which is back at the end."""

    @cached_property
    def bars(self) -> Path:
        """Two leave before the span, two within it."""
        path = self.folder / "leaving.parquet"
        frame = pl.read_parquet(Ahead(self.folder, self.registry).bars)
        days, names = frame["datetime"].unique().sort(), frame["symbol"].unique().sort()
        day, symbol = pl.col("datetime"), pl.col("symbol")
        gone = {2: (50, DAYS), 3: (52, 80), 4: (66, DAYS), 5: (72, DAYS)}
        for place, (first, last) in gone.items():
            frame = frame.filter(~((symbol == names[place]) & day.is_between(days[first], days[last - 1])))
        frame.write_parquet(path)
        return path


def processed_registry(root: Path, bars: Path) -> Path:
    """A registry whose one model has processors that drop rows, know symbols, and compare within a section."""
    history = load_bars(bars).frame
    texts = ["ts_norm", "drop_na:names=risen", "cs_norm:method=zscore"]
    odd = replace(TOY_SET, name="odd", factors=(*TOY_SET.factors, ("risen", "log(close / ts_delay(close, 1) - 0.99)")))
    recipe = Recipe("demo", odd, kind="linear", patience_bars=3, processing=processing_of(texts, []))
    with Registry(root, clock=lambda: 0) as registry:
        ref = train_or_reuse(history, recipe, registry, author="test").ref
        registry.promote("test", "champion", ref.name, ref.version, by="test", why="test")
    return root
