"""Runs in the peers' environment, as a program: a vnpy.alpha lab with everything in it, and what vnpy reads of it."""

import importlib
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

START = datetime(2024, 1, 2)  # noqa: DTZ001  vnpy's stamps have no zone
INDEX = "000300.SSE"
SYMBOLS = ("000001", "600000")
STEPS = {"d": timedelta(days=1), "1m": timedelta(minutes=1)}


def bar(symbol: str, number: int, interval: str) -> Any:
    """One made-up bar, as vnpy holds it."""
    constant, price = importlib.import_module("vnpy.trader.constant"), 10.0 + number + 0.1 * SYMBOLS.index(symbol)
    return importlib.import_module("vnpy.trader.object").BarData(
        symbol=symbol, exchange=constant.Exchange.SSE, datetime=START + number * STEPS[interval],
        interval=constant.Interval(interval), volume=100.0 + number, turnover=1000.0, open_price=price,
        high_price=price + 1, low_price=price - 1, close_price=price, gateway_name="DB",
    )  # fmt: skip


def main() -> int:
    """Make the lab in FOLDER/lab; write what vnpy itself reads of it to FOLDER/vnpy.json."""
    folder = Path(sys.argv[1])
    alpha = importlib.import_module("vnpy.alpha")
    lab = alpha.AlphaLab(str(folder / "lab"))
    for symbol in SYMBOLS:
        for interval in STEPS:
            lab.save_bar_data([bar(symbol, number, interval) for number in range(5)])
    lists = {f"2024-01-0{day}": [f"{name}.SSE" for name in SYMBOLS[: 1 + day % 2]] for day in range(2, 7)}
    lab.save_component_data(INDEX, lists)
    lab.add_contract_setting("000001.SSE", 0.0005, 0.0015, 1, 0.01)
    lab.save_signal("mine", pl.DataFrame({"datetime": [START], "vt_symbol": ["000001.SSE"], "signal": [0.5]}))
    filters = lab.load_component_filters(INDEX, "2024-01-01", "2024-01-31")
    known = {name: [[str(end.date()) for end in stay] for stay in stays] for name, stays in filters.items()}
    (folder / "vnpy.json").write_text(json.dumps({"lists": lists, "filters": known}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
