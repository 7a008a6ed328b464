"""The night clocks go back: half-hourly bars on New York's clock, of which an hour is stamped twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.market.parts import open_parts
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.models.processed import load_processed
from common.models.registry import Registry
from common.replay.results import write_signals
from common.research.dataset import Dataset
from common.research.factor_frame import factor_frame
from common.research.periods import Periods, Segment
from common.research.precompute import Question, Tally
from common.research.precompute_file import table_of
from common.research.precompute_model import Served
from common.research.prediction import predict
from common.research.roll_call import Conditions
from common.research.training import train, train_or_reuse
from common.research.walk_forward import Walk, Walked, WalkForward
from tests.common.research.small_market import HORIZON, RECIPE, SMALL

BACK = 76
"""The first section that is stamped again: 01:00, as section 74."""
SECTIONS, SYMBOLS = 130, 6
RECIPE_OF_ONES_OWN = replace(RECIPE, parameters={"rounds": 4, "min_data_in_leaf": 5})
KEYS = ["datetime", "symbol"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars stamped close."""
    random, start = np.random.default_rng(1), datetime(2023, 11, 3, 16, tzinfo=UTC)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, (SECTIONS, SYMBOLS)), axis=0))
    frame = pl.DataFrame(
        {
            "datetime": np.repeat(
                pl.Series([start + timedelta(minutes=30 * place) for place in range(SECTIONS)]).to_numpy(), SYMBOLS
            ),
            "symbol": [f"S{place}" for place in range(SYMBOLS)] * SECTIONS,
            **{name: close.reshape(-1) for name in ("open", "high", "low", "close")},
            "volume": random.uniform(1_000.0, 2_000.0, SECTIONS * SYMBOLS),
        }
    )
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    local = pl.col("datetime").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    frame.with_columns(local.cast(pl.Datetime("us", "America/New_York"))).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def table(file: Path) -> BarTable:
    """The bars in memory."""
    table = load_bars(file, stamp="close")
    stamps = table.frame.unique("time", maintain_order=True)["stamp"].to_numpy()
    assert np.flatnonzero(np.diff(stamps) <= 0).tolist() == [BACK - 1]
    return table


def stamp_of(clock: str) -> int:
    """Of that night."""
    return Span.of(f"2023-11-05 {clock}", None).first


def walked(table: BarTable, folder: Path, window: int) -> Walked:
    """With a registry of its own."""
    with Registry(folder, clock=lambda: 1) as registry:
        return WalkForward(table, RECIPE_OF_ONES_OWN, Walk(window, 30), "ann").run(registry)


@pytest.mark.parametrize("window", range(BACK - 3, BACK + 4))
def test_no_bar_of_a_test_moves_a_model_of_a_walk(table: BarTable, tmp_path: Path, window: int) -> None:
    """Wherever the edge falls: the first model is the same whatever is tested, and each section is asked for once."""
    first = walked(table, tmp_path / "one", window)
    begins = window if window not in {BACK, BACK + 1} else BACK - 1
    assert first.signal.height == (SECTIONS - begins) * SYMBOLS
    assert first.signal.select(KEYS).is_unique().all()
    tested = pl.col("time") >= int(table.times[begins])
    moved = pl.when(tested & (pl.col("symbol") == "S3")).then(3.0).otherwise(1.0)
    other = replace(table, frame=table.frame.with_columns(pl.col("open", "high", "low", "close") * moved))
    again = walked(other, tmp_path / "two", window)
    assert again.stretches[0].trained.ref.digest == first.stretches[0].trained.ref.digest


def test_steps_of_a_section_leave_out_the_hour_that_comes_again(table: BarTable, tmp_path: Path) -> None:
    """Nobody begins within it: its sections are asked for with the one before it, and no stretch is empty."""
    walk = Walk(BACK - 2, 1)
    short = replace(table, frame=table.frame.filter(pl.col("time") < int(table.times[BACK + 4])))
    with Registry(tmp_path, clock=lambda: 1) as registry:
        found = WalkForward(short, RECIPE_OF_ONES_OWN, walk, "ann").run(registry)
    rows = found.signal.group_by("version", maintain_order=True).len()["len"].to_list()
    assert [each // SYMBOLS for each in rows] == [1, 3, 1, 1]


@pytest.mark.parametrize(
    ("clock", "last"), [("00:30", BACK - 3), ("01:00", BACK - 2), ("01:15", BACK - 2), ("01:30", BACK + 1)]
)
def test_an_edge_within_the_hour_has_one_meaning(table: BarTable, clock: str, last: int) -> None:
    """The first time the clock shows it; what is stamped again belongs to the section before the clock went back."""
    begin = Span.of("2023-11-03", None).first
    middle, end = Span.of("2023-11-04", None).first, stamp_of(clock)
    test = Span(end + 1, Span.of("2023-11-30", None).first)
    recipe = replace(RECIPE_OF_ONES_OWN, periods=Periods(Span(begin, middle - 1), Span(middle, end)))
    dataset = Dataset.of(table, recipe, test=test)
    assert dataset.part(Segment.VALID).sections[1] + HORIZON == last + 1 == dataset.part(Segment.TEST).sections[0]
    assert recipe.seen(table.frame)["time"].max() == int(table.times[last])
    assert train(table.frame, recipe, prepared=lambda: dataset) == train(table.frame, recipe)


def test_what_is_made_of_bars_joins_with_their_file(table: BarTable, file: Path, tmp_path: Path) -> None:
    """Raw values, predictions, factors, a replay's and precomputed signals: each of a row of the file, and of one."""
    source = pl.read_parquet(file)
    test = Span(stamp_of("00:00"), stamp_of("06:00"))
    recipe = replace(RECIPE_OF_ONES_OWN, validation_share=0.3)
    dataset = Dataset.of(table, recipe, test=test)
    with Registry(tmp_path, clock=lambda: 1) as registry:
        made = train_or_reuse(table.frame, recipe, registry, author="ann", prepared=lambda: dataset)
        bundle = registry.load(made.ref)
    model = load_processed(bundle)
    served = Served.of(made.ref, bundle)
    asked = Question(open_parts(file, stamp="close"), served, Conditions(), test)
    rows = pl.concat(asked.answers(Tally()))
    write_signals(tmp_path / "signals.parquet", rows, table.form)
    frames = {
        "raw": dataset.fetch_raw(Segment.TEST),
        "predicted": predict(model, dataset, Segment.TEST),
        "precomputed": table_of(rows, table.form),
        "replayed": pl.read_parquet(tmp_path / "signals.parquet"),
        "factors": factor_frame(table, SMALL, start="2023-11-05 00:00", end="2023-11-05 06:00"),
    }
    for name, frame in frames.items():
        joined = frame.select(KEYS).join(source, on=KEYS, how="inner")
        assert (name, frame.height, joined.height) == (name, 15 * SYMBOLS, 15 * SYMBOLS)
        assert frame.select(KEYS).is_unique().all()


def test_factors_up_to_an_edge_within_the_hour_are_those_of_all_bars(table: BarTable) -> None:
    """Rows are chosen by their own stamps, the second 01:00 too; no bar between is left out of what it is made of."""
    whole = factor_frame(table, SMALL)
    found = factor_frame(table, SMALL, end="2023-11-05 01:00")
    assert found.height == BACK * SYMBOLS
    assert found.join(whole, on=[*KEYS, *(name for name, _ in SMALL.factors)], nulls_equal=True).height == found.height
