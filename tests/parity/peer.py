"""Runs in the peers' environment, as a program: vnpy's own functions on bars from a file, answers to files.

FOLDER/request.json names a verb and its arguments; FOLDER/answer.json says what was made. Nothing of Alphabus is
imported here, and nothing of vnpy there.
"""

import ast
import importlib
import json
import operator
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

KEYS = ["datetime", "vt_symbol"]
DATASET = "vnpy.alpha.dataset"
FUNCTIONS = ("ts_function", "cs_function", "ta_function", "math_function")

ARITHMETIC: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class Evaluation:
    """vnpy's evaluation of a text, node by node, each node once: its functions, its objects, its values."""

    def __init__(self, bars: pl.DataFrame) -> None:
        self.bars = bars
        self.keys = bars.select(KEYS)
        self.known: dict[str, pl.Series] = {}
        self.shuffled: list[str] = []
        self.proxy: Any = importlib.import_module(f"{DATASET}.utility").DataProxy
        modules = [importlib.import_module(f"{DATASET}.{name}") for name in FUNCTIONS]
        self.functions: dict[str, Any] = {name: value for each in modules for name, value in vars(each).items()}

    def value(self, node: ast.expr) -> Any:
        """Return a DataProxy, or a plain number for a constant."""
        if isinstance(node, ast.Constant):
            return node.value
        text = ast.unparse(node)
        if text not in self.known:
            made = self._make(node)
            if not isinstance(made, self.proxy):
                return made
            self.known[text] = self._in_order(text, made.df)
        return self.proxy(self.keys.with_columns(data=self.known[text]))

    def _make(self, node: ast.expr) -> Any:
        match node:
            case ast.Name():
                return self.proxy(self.bars.select([*KEYS, node.id]))
            case ast.BinOp():
                return ARITHMETIC[type(node.op)](self.value(node.left), self.value(node.right))
            case ast.UnaryOp():
                return ARITHMETIC[type(node.op)](self.value(node.operand))
            case ast.Compare():
                return ARITHMETIC[type(node.ops[0])](self.value(node.left), self.value(node.comparators[0]))
            case ast.Call(func=ast.Name(id=name)):
                return self.functions[name](*[self.value(each) for each in node.args])
        raise TypeError(f"vnpy's texts hold no {ast.dump(node)}")

    def _in_order(self, text: str, made: pl.DataFrame) -> pl.Series:
        """Take the values in the order of the bars, and remember whether vnpy had changed it."""
        if not made.select(KEYS).equals(self.keys):
            self.shuffled.append(text)
            made = self.keys.join(made, on=KEYS, how="left", maintain_order="left")
        return made["data"]


def evaluate(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate texts and everything inside them; one parquet file a node."""
    evaluation = Evaluation(pl.read_parquet(folder / "bars.parquet"))
    for text in request["texts"]:
        evaluation.value(ast.parse(text, mode="eval").body)
    nodes = {}
    for number, (text, values) in enumerate(evaluation.known.items()):
        file = f"{number:04d}.parquet"
        values.cast(pl.Float64).to_frame("data").write_parquet(folder / file, compression="lz4")
        nodes[text] = {"file": file, "whole": values.dtype.is_integer()}
    return {"nodes": nodes, "shuffled": evaluation.shuffled}


def prepare(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Run vnpy's own pipeline: AlphaDataset.prepare_data, with its index filter if one is given."""
    bars = pl.read_parquet(folder / "bars.parquet")
    period = ("2000-01-01", "2100-01-01")
    dataset = importlib.import_module("vnpy.alpha").AlphaDataset(bars, period, period, period)
    for name, text in request["factors"].items():
        dataset.add_feature(name, text)
    dataset.set_label(request["label"])
    filters = {
        symbol: [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in spans]
        for symbol, spans in request.get("members", {}).items()
    }
    dataset.prepare_data(filters or None, max_workers=2)
    dataset.raw_df.write_parquet(folder / "factors.parquet")
    return {"rows": dataset.raw_df.height}


def load(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Load bars of one symbol as vnpy's lab does, from its own folder, between two dates."""
    alpha = importlib.import_module("vnpy.alpha")
    lab = alpha.AlphaLab(str(folder / "lab"))
    bars = pl.read_parquet(folder / "bars.parquet")
    bars.write_parquet(folder / "lab" / "daily" / f"{request['symbol']}.parquet")
    loaded = lab.load_bar_df([request["symbol"]], "d", request["start"], request["end"], 0)
    loaded.write_parquet(folder / "loaded.parquet")
    return {"rows": loaded.height}


def process(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Apply one of vnpy's processors to a frame."""
    function = getattr(importlib.import_module(f"{DATASET}.processor"), request["name"])
    made = function(pl.read_parquet(folder / "frame.parquet"), **request["arguments"])
    made.write_parquet(folder / "processed.parquet")
    return {"rows": made.height}


def functions(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Name what texts can call."""
    del folder, request
    modules = [importlib.import_module(f"{DATASET}.{name}") for name in FUNCTIONS]
    return {"names": [name for each in modules for name, value in vars(each).items() if callable(value)]}


VERBS = {"functions": functions, "evaluate": evaluate, "prepare": prepare, "load": load, "process": process}


def main(folder: Path) -> None:
    """Answer one request."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    answer = VERBS[request["verb"]](folder, request)
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
