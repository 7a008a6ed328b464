"""Runs in the peers' environment, as a program: a vnpy.alpha lab with prepared datasets and models fitted on them."""

import functools
import importlib
import json
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

SPANS = ("train", "valid", "test")
MODELS = {"lgb": ("lgb_model", "LgbModel"), "lasso": ("lasso_model", "LassoModel"), "mlp": ("mlp_model", "MlpModel")}


def save_bars(lab: Any, bars: pl.DataFrame, interval: str) -> list[str]:
    """One file a symbol, as vnpy's lab keeps them; the symbols."""
    folder = {"d": lab.daily_path, "1m": lab.minute_path}[interval]
    for (symbol,), rows in bars.group_by("vt_symbol", maintain_order=True):
        rows.drop("vt_symbol").write_parquet(folder / f"{symbol}.parquet")
    return sorted(bars["vt_symbol"].unique())


def dataset_of(alpha: Any, lab: Any, symbols: list[str], request: dict[str, Any]) -> Any:
    """A dataset loaded, filtered, prepared and processed as its users do."""
    periods = [tuple(request["periods"][name]) for name in SPANS]
    frame = lab.load_bar_df(symbols, request["interval"], periods[0][0], periods[2][1], request["extended_days"])
    made = alpha.AlphaDataset(frame, *periods)
    for name, text in request["factors"].items():
        made.add_feature(name, text)
    made.set_label(request["label"])
    processors = importlib.import_module("vnpy.alpha.dataset.processor")
    for task, name, arguments in request["processors"]:
        made.add_processor(task, functools.partial(getattr(processors, name), **arguments))
    filters = {
        symbol: [tuple(datetime.combine(date.fromisoformat(end), time.min) for end in stay) for stay in stays]
        for symbol, stays in request["members"].items()
    }
    made.prepare_data(filters or None, max_workers=1)
    made.process_data()
    return made


def main() -> int:
    """Make the lab in FOLDER/lab from FOLDER/bars.parquet, with the datasets FOLDER/request.json names.

    All are of one interval; each has the models it has settings for.
    """
    folder = Path(sys.argv[1])
    alpha = importlib.import_module("vnpy.alpha")
    lab = alpha.AlphaLab(str(folder / "lab"))
    requests, bars = json.loads((folder / "request.json").read_text(encoding="utf-8")), folder / "bars.parquet"
    symbols = save_bars(lab, pl.read_parquet(bars), next(iter(requests.values()))["interval"])
    for name, request in requests.items():
        dataset = dataset_of(alpha, lab, symbols, request)
        lab.save_dataset(name, dataset)
        for kind, settings in request["models"].items():
            module, found = MODELS[kind]
            model = getattr(importlib.import_module(f"vnpy.alpha.model.models.{module}"), found)(**settings)
            model.fit(dataset)
            lab.save_model(f"{name}-{kind}", model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
