"""What the code says of a replay and of models, in the form of the tables of docs/replay.md and docs/models.md."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from math import nan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from alphabus.messages import Heartbeat
from common.factors.labels import label_horizon
from common.factors.plan import compile_set
from common.factors.sets import load_set, shipped_sets
from common.market.checks import MEANINGS
from common.market.columns import DATETIME, OPTIONAL, PRICES, REQUIRED
from common.market.sample import sample_market
from common.models.manifest import Manifest
from common.models.records import ModelRef
from common.replay.preparation import Prepared, Wish, configure, load
from common.replay.results import SCHEMA
from common.replay.summary import summarise_run
from common.research.information import Summary
from common.research.training import Trained
from scripts import replay
from tests.docs.pages import ROOT, column, words

Rows = list[list[str]]
Compared = tuple[object, object]

_TAKEN = re.compile(r"^TAKES_run := (.*)$", re.MULTILINE)


def variables(rows: Rows) -> Compared:
    """The Makefile's variables, the options they become, and the options' defaults where they have one."""
    said = {words(row[0])[0]: words(row[1])[0] for row in rows}
    (taken,) = _TAKEN.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    given = {name: f"--{name.lower()}" for name in taken.split()}
    defaults = {words(row[1])[0]: words(row[2]) for row in rows if words(row[2])}
    return (said, defaults), (given, {name: [value] for name, value in _defaults().items() if name in given.values()})


def row_reasons(rows: Rows) -> Compared:
    """Why a row is refused, word for word and in the order of the checks."""
    return [(words(row[0])[0], row[1]) for row in rows], [(reason.value, text) for reason, text in MEANINGS.items()]


def file_columns(rows: Rows) -> Compared:
    """What a file must and may hold."""
    needed = {word for row in rows if row[1] == "yes" for word in words(row[0])}
    optional = {word for row in rows if row[1] == "no" for word in words(row[0])}
    return (needed, optional), ({DATETIME, "symbol", "vt_symbol", *PRICES, *REQUIRED}, set(OPTIONAL))


def signal_columns(rows: Rows) -> Compared:
    """The columns of signals.parquet and their types."""
    said = [(words(row[0])[0], row[1].partition(",")[0]) for row in rows]
    true = {"datetime" if name == "stamp" else name: kind for name, kind in SCHEMA.items()}
    times = {"datetime": "as in the file", "time": "datetime"}
    names = {pl.Float64: "float64", pl.Int64: "int64", pl.String: "string", pl.UInt8: "uint8"}
    return said, [(name, times.get(name) or names[kind]) for name, kind in true.items()]


def summary_keys(rows: Rows) -> Compared:
    """The keys of summary.json, and the figures inside that the page names."""
    figures = _figures()
    inner = {row[0].strip("`"): {word for word in words(row[1]) if word.isidentifier()} for row in rows}
    named = {key: inner[key] for key in ("model", "sections", "rank_ic", "processes")}
    return (set(inner), named), (set(figures), {key: set(figures[key]) for key in named})


def factor_sets(rows: Rows) -> Compared:
    """Every shipped set, how many factors it has, and what it needs."""
    said = [(words(row[0])[0], *(int(cell.split()[0]) for cell in row[1:])) for row in rows]
    sets = [load_set(name) for name in shipped_sets()]
    true = [(each.name, len(each.factors), label_horizon(each.label), compile_set(each).warm_bars) for each in sets]
    return said, true


def manifest(rows: Rows) -> Compared:
    """The keys of a manifest."""
    return column(rows), [item.name for item in fields(Manifest)]


def _defaults() -> dict[str, str]:
    """Defaults of the options that have one, by option."""
    found: dict[str, str] = {}
    for name, parameter in inspect.signature(replay.replay).parameters.items():
        if parameter.default is not None:
            found["--set" if name == "factor_set" else f"--{name}"] = str(parameter.default)
    return found


def _figures() -> dict[str, Any]:
    """The summary of a run that published nothing."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        sample_market(symbols=20, days=60).write_parquet(folder / "bars.parquet")
        wish = Wish(folder / "bars.parquet", folder / "out", registry=folder / "registry")
        table, split = load(wish)
        config, path = configure(wish, table, split), folder / "config.toml"
    prepared = Prepared(table, split, Trained(ModelRef("bars", 1, "0" * 64), reused=False), config, path)
    beat = Heartbeat("monitor", 1, bytes(16), 0, 0, {}, {})
    return summarise_run(prepared, [], digest="", skill=Summary(nan, nan, nan, 0), monitor=beat, trouble="")
