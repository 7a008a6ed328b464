"""Exports as `exporters/vnpy_model.py` writes them, of a small market, with vnpy's ways imitated by our engine."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from lightgbm import Dataset, train

from common.factors.block import PRICES, Block
from common.factors.engine import Engine
from common.factors.labels import label_values
from common.factors.parser import parse
from common.factors.plan import compile_expressions
from common.market.importing.vnpy_lab import VnpyLab
from common.market.panel import Panel
from common.market.sample import sample_market
from common.market.store import load_bars
from common.research.migration.candidate import Candidate
from common.research.migration.export import Export
from common.research.migration.rewriting import TEXTUAL, as_vnpy

LABEL = "ts_delay(close, -3) / ts_delay(close, -1) - 1"
PERIODS = {
    "train": ("2021-02-01", "2021-08-31"),
    "valid": ("2021-09-01", "2021-10-31"),
    "test": ("2021-11-01", "2022-01-31"),
}
SAME = {
    "roc_5": "ts_delay(close, 5) / close",
    "std_10": "ts_std(close, 10) / close",
    "rank": "cs_rank(ts_delay(close, 5) / close)",
}
"""Factors that vnpy and we agree on."""

ODD = {
    "window": "vwap / close",
    "members": "cs_mean(ts_delay(close, 5) / close)",
    "cast": "ts_mean(close > ts_delay(close, 1), 10)",
    "decay": "ts_decay_linear(close, 5) / close",
    "choice": "quesval2(ts_delay(close, 1), close, 1, -1)",
}
"""A factor for each difference that can be computed apart."""

Members = Mapping[str, tuple[str, str]]
FILL = {"name": "process_fill_na", "arguments": {"fill_value": 0, "fill_label": False}}
TREES = {"objective": "mse", "num_leaves": 7, "seed": 1, "verbosity": -1, "num_threads": 1}


@dataclass(frozen=True, slots=True)
class Lab:
    """A folder as vnpy has it, with good bars alone, and the same bars as one frame."""

    folder: Path
    frame: pl.DataFrame

    @classmethod
    def make(cls, folder: Path, *, symbols: int = 20, days: int = 300) -> "Lab":
        """Fill a lab with a sample market."""
        source = folder / "bars.parquet"
        folder.mkdir(parents=True, exist_ok=True)
        sample_market(symbols=symbols, days=days).write_parquet(source)
        good = load_bars(source).frame
        stamp = pl.col("stamp").cast(pl.Datetime("ns")).dt.cast_time_unit("us").alias("datetime")
        frame = good.select(stamp, pl.col("symbol").alias("vt_symbol"), *PRICES, "volume", "turnover")
        frame = frame.with_columns(open_interest=pl.lit(0.0))
        (folder / "minute").mkdir()
        (folder / "daily").mkdir()
        for (symbol,), rows in frame.group_by("vt_symbol"):
            rows.drop("vt_symbol").write_parquet(folder / "daily" / f"{symbol}.parquet")
        return cls(folder, frame)

    @property
    def loaded(self) -> pl.DataFrame:
        """Bars as vnpy loads them: prices over the first close of the symbol, vwap as it was traded."""
        scaled = [(pl.col(name) / pl.col("close").first().over("vt_symbol")).alias(name) for name in PRICES]
        made = self.frame.with_columns(vwap=pl.col("turnover") / pl.col("volume"))
        return made.sort("vt_symbol", "datetime").with_columns(scaled)


def make_export(
    lab: Lab,
    name: str,
    factors: Mapping[str, str],
    *,
    members: Members | None = None,
    infer: Sequence[Mapping[str, Any]] = (),
    **told: Any,
) -> Path:
    """Write one below the lab's export folder: values by vnpy's ways, trees fitted on them, their predictions.

    members: a stay of each symbol in the index; told: what the definition says otherwise.
    """
    folder = lab.folder / "export" / "migration" / name
    folder.mkdir(parents=True)
    raw = _values(lab.loaded, factors)
    if members is not None:
        raw = _filtered(raw, members)
    inferred = raw.with_columns(pl.col(list(factors)).fill_nan(0.0)) if infer else raw
    text, predictions = _fitted(inferred, list(factors))
    lab.loaded.write_parquet(folder / "loaded.parquet")
    raw.write_parquet(folder / "raw.parquet")
    inferred.write_parquet(folder / "inferred.parquet")
    predictions.write_parquet(folder / "predictions.parquet")
    definition = {
        "format": 1,
        "vnpy": "4.5.0",
        "dataset": "mine",
        "model": name,
        "factors": dict(factors),
        "factors_without_text": [],
        "label": LABEL,
        "periods": {segment: list(span) for segment, span in PERIODS.items()},
        "infer_processors": list(infer),
        "learn_processors": [{"name": "process_drop_na", "arguments": {"names": ["label"]}}],
        "weights": {"kind": "lightgbm", "text": text, "parameters": {"learning_rate": 0.1, "seed": 1}},
    }
    (folder / "migration.json").write_text(json.dumps({**definition, **told}), encoding="utf-8")
    return folder


def change(folder: Path, **told: Any) -> None:
    """Let the definition of an export say otherwise."""
    file = folder / "migration.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **told}), encoding="utf-8")


def answer_again(folder: Path, inferred: pl.DataFrame) -> None:
    """Trees fitted on other features, and their predictions."""
    names = [name for name in inferred.columns if name not in {"datetime", "vt_symbol", "label"}]
    text, predictions = _fitted(inferred, names)
    predictions.write_parquet(folder / "predictions.parquet")
    change(folder, weights={"kind": "lightgbm", "text": text, "parameters": {"learning_rate": 0.1, "seed": 1}})


def bars_of_lab(lab: Lab) -> pl.DataFrame:
    """Its days."""
    bars = VnpyLab(lab.folder).bars("d")
    assert bars is not None
    return bars.frame


def candidate(lab: Lab, folder: Path) -> Candidate:
    """An export over the bars of its lab."""
    return Candidate.of(Export.read(folder), bars_of_lab(lab), "taken")


def _values(loaded: pl.DataFrame, factors: Mapping[str, str]) -> pl.DataFrame:
    """Factors and label of all loaded bars, sections of everybody."""
    stamp = pl.col("datetime").dt.cast_time_unit("ns").cast(pl.Int64)
    rows = loaded.select(stamp.alias("stamp"), stamp.alias("time"), pl.col("vt_symbol").alias("symbol"), *PRICES,
                         "volume", "turnover")  # fmt: skip
    panel = Panel.from_frame(rows)
    texts = [as_vnpy(text, TEXTUAL) for text in factors.values()]
    plan = compile_expressions(list(factors), [parse(text) for text in texts])
    block = Block(panel.symbols, panel.columns, panel.present)
    values = Engine(plan).update(block).values
    section, symbol = np.nonzero(panel.present)
    columns = {name: values[place, section, symbol] for place, name in enumerate(factors)}
    keys = {
        "datetime": pl.Series(panel.stamp[section]).cast(pl.Datetime("ns")).dt.cast_time_unit("us"),
        "vt_symbol": pl.Series(panel.symbols).gather(symbol),
    }
    return pl.DataFrame({**keys, **columns, "label": label_values(LABEL, block)[section, symbol]})


def _filtered(raw: pl.DataFrame, members: Members) -> pl.DataFrame:
    stays = pl.DataFrame([(name, *stay) for name, stay in members.items()], ["vt_symbol", "a", "b"], orient="row")
    ends = stays.with_columns(pl.col("a", "b").str.to_datetime("%Y-%m-%d"))
    inside = raw.join(ends, on="vt_symbol").filter(pl.col("datetime").is_between("a", "b"))
    return inside.drop("a", "b").sort("datetime", "vt_symbol")


def _fitted(inferred: pl.DataFrame, names: list[str]) -> tuple[str, pl.DataFrame]:
    parts = {name: _between(inferred, *span) for name, span in PERIODS.items()}
    learnt = parts["train"].filter(pl.col("label").is_finite())
    data = Dataset(learnt.select(names).to_numpy(), learnt["label"].to_numpy(), feature_name=names)
    booster = train(TREES, data, num_boost_round=20)
    answers = [
        rows.select(
            "datetime",
            "vt_symbol",
            pl.lit(segment).alias("segment"),
            pl.Series("prediction", booster.predict(rows.select(names).to_numpy())),
        )
        for segment, rows in parts.items()
    ]
    return booster.model_to_string(), pl.concat(answers)


def _between(frame: pl.DataFrame, first: str, last: str) -> pl.DataFrame:
    ends = pl.Series([first, last]).str.to_datetime("%Y-%m-%d")
    return frame.filter(pl.col("datetime").is_between(ends[0], ends[1]))
