"""KunQuant's own Alpha158, compiled by its own C++ compiler driver: as a stream, and as a batch. Needs KunQuant."""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from scripts.bench.factor_market import LAST, Floats

INPUTS = {"open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume", "amount": "turnover"}
BLOCK = 8
"""Doubles side by side: AVX-512, where there is AVX2 only 4."""

WINDOWS = [5, 10, 20, 30, 60]


def compiled(layout: str, *, exact: bool) -> tuple[Any, list[str]]:
    """Return the module and its factors' names, by vnpy's; `exact` is KunQuant's `no_fast_stat`."""
    function, names = _graph()
    if layout == "STREAM" and not exact:
        # KunQuant refuses it for streams, as errors would add up for ever; the figure is wanted all the same.
        operators: Any = importlib.import_module("KunQuant.ops.CompOp")
        operators._is_fast_stat = _always_fast  # noqa: SLF001  it has no public switch
    batch = layout != "STREAM"
    options = {"opt_reduce": batch, "fast_log": True, "no_fast_stat": "no_warn" if batch and not exact else True}
    compiler = importlib.import_module("KunQuant.jit.cfake")
    settings = importlib.import_module("KunQuant.Driver").KunCompilerConfig(
        dtype="double", blocking_len=block_length(), partition_factor=4, input_layout=layout, output_layout=layout,
        options=options,
    )  # fmt: skip
    library = compiler.compileit([("alpha158", function, settings)], "alpha158", compiler.CppCompilerConfig())
    module = library.getModule("alpha158")
    return (library, module), names


def block_length() -> int:
    """What the processor is widest at."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:  # noqa: PTH123  one line, read once
        return BLOCK if "avx512dq" in file.read() else BLOCK // 2


def _always_fast(_options: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    return not attributes.get("no_fast_stat", False)


def _graph() -> tuple[Any, list[str]]:
    operators = importlib.import_module("KunQuant.Op")
    builder = operators.Builder()
    with builder:
        data = importlib.import_module("KunQuant.predefined.Alpha158").AllData(
            **{name: operators.Input(name) for name in INPUTS}
        )
        prices = [("OPEN", data.open), ("HIGH", data.high), ("LOW", data.low), ("VWAP", data.vwap)]
        wanted = {"kbar": {}, "price": {"windows": [0], "feature": prices}, "rolling": {"windows": WINDOWS}}
        factors, names = data.build(wanted)
        for factor, name in zip(factors, names, strict=True):
            operators.Output(factor, name)
    return importlib.import_module("KunQuant.Stage").Function(builder.ops), names


def our_name(name: str) -> str:
    """KMID2 is kmid_2 with us, OPEN0 open_0."""
    stem = name.rstrip("0123456789")
    return f"{stem}_{name[len(stem) :]}".lower().rstrip("_")


def _padded(column: Floats) -> Floats:
    """Symbols must be a multiple of eight: the last one stands for those that lack."""
    return np.ascontiguousarray(np.pad(column, ((0, 0), (0, -column.shape[1] % BLOCK)), mode="edge"))


class Stream:
    """A section a call, one thread."""

    def __init__(self, columns: Mapping[str, Floats], *, exact: bool) -> None:
        runner = importlib.import_module("KunQuant.runner.KunRunner")
        (self._library, module), names = compiled("STREAM", exact=exact)
        self._symbols = columns["close"].shape[1]
        self._columns = {name: _padded(columns[ours]) for name, ours in INPUTS.items()}
        self._executor = runner.createSingleThreadExecutor()
        self._stream = runner.StreamContext(self._executor, module, self._columns["close"].shape[1])
        self._inputs = {self._stream.queryBufferHandle(name): self._columns[name] for name in INPUTS}
        self._outputs = [self._stream.queryBufferHandle(name) for name in names]
        self.facts = {"names": [our_name(name) for name in names]}

    def run(self, section: int) -> None:
        """Push a bar, and run; its answers are left where KunQuant has them, and not copied."""
        for handle, column in self._inputs.items():
            self._stream.pushData(handle, column[section])
        self._stream.run()

    def values(self) -> Floats:
        """Copy the answers."""
        return np.stack([self._stream.getCurrentBuffer(each)[: self._symbols] for each in self._outputs])[:, None]


class Batch:
    """A history at once, into memory that is there already."""

    def __init__(self, columns: Mapping[str, Floats], threads: int) -> None:
        self._runner = importlib.import_module("KunQuant.runner.KunRunner")
        (self._library, self._module), names = compiled("TS", exact=False)
        self._columns = {name: np.ascontiguousarray(columns[ours]) for name, ours in INPUTS.items()}
        self._executor = self._runner.createMultiThreadExecutor(threads)
        self._values = np.zeros((len(names), *columns["close"].shape))
        self._outputs = dict(zip(names, self._values, strict=True))
        self.facts = {"names": [our_name(name) for name in names]}

    def run(self, section: int) -> None:
        """Compute everything."""
        del section
        length = self._values.shape[1]
        self._runner.runGraph(self._executor, self._module, self._columns, 0, length, self._outputs)

    def values(self) -> Floats:
        """Return the last sections."""
        return self._values[:, -LAST:]


def stream(columns: Mapping[str, Floats], _request: Mapping[str, Any]) -> Stream:
    """Exact statistics: `no_fast_stat`."""
    return Stream(columns, exact=True)


def inexact_stream(columns: Mapping[str, Floats], _request: Mapping[str, Any]) -> Stream:
    """Running moments, whose errors add up."""
    return Stream(columns, exact=False)


def batch(columns: Mapping[str, Floats], request: Mapping[str, Any]) -> Batch:
    """As KunQuant is measured by its author."""
    return Batch(columns, request["threads"])
