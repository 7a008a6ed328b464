"""How a row of the operator table is written: one function a kind, and the constants rows share."""

from collections.abc import Callable

from common.factors.definition import MAX_WINDOW, Kind, Needs, Operator, Parameter
from common.factors.kernels.build import Kernel
from common.factors.kernels.element import elements

WINDOW = Parameter("window", 1, MAX_WINDOW)
PAIR_WINDOW = Parameter("window", 2, MAX_WINDOW)
DELAY = Parameter("delay", -MAX_WINDOW, MAX_WINDOW)
LEVEL = Parameter("quantile", 0.0, 1.0, whole=False)
DEVIATIONS = Parameter("deviations", 0.0, 1e6, whole=False)
FAST, SLOW, SIGNAL = (Parameter(name, 2, MAX_WINDOW) for name in ("fast", "slow", "signal"))

VNPY = "vnpy 4.5"
TALIB = "TA-Lib 0.8"

_SPREADS = "NaN if any operand is"


def element(name: str, series: str, formula: str, nan: str = _SPREADS, symbol: str = "") -> Operator:
    """One number of the current bar's numbers; with a `symbol` it is written as Python writes it."""
    source = "IEEE 754" if symbol else VNPY
    return Operator(name, Kind.ELEMENT, tuple(series.split()), formula, nan, source, kernel=elements, symbol=symbol)


def fold(
    name: str,
    kernel: Kernel,
    formula: str,
    nan: str,
    *extra: Parameter,
    part: int = 0,
    needs: Needs = Needs.ALL,
    least: int = 1,
    version: int = 1,
) -> Operator:
    """A function of the numbers in a window of own bars."""
    series = ("x", "y") if name in {"ts_corr", "ts_cov"} else ("x",)
    window = WINDOW if least == 1 else PAIR_WINDOW
    source = "CCI in TA-Lib 0.8" if name == "ts_mad" else VNPY
    return Operator(name, Kind.FOLD, series, formula, nan, source, (window, *extra), needs, kernel, part, version)


def cross_section(name: str, kernel: Kernel, formula: str, version: int = 1) -> Operator:
    """A function of one section."""
    nan = "left out of the section; stays NaN itself, as does a non-member"
    return Operator(name, Kind.CROSS_SECTION, ("x",), formula, nan, VNPY, kernel=kernel, version=version)


def recursive(  # noqa: PLR0917  a row of the table
    name: str,
    kernel: Kernel,
    series: str,
    formula: str,
    warm: Callable[..., int],
    state_rows: int,
    *parameters: Parameter,
    part: int = 0,
    quotient: Callable[..., int] | None = None,
) -> Operator:
    """A function of all own bars so far."""
    return Operator(
        name,
        Kind.RECURSIVE,
        tuple(series.split()),
        formula,
        "holds the state, gives NaN",
        TALIB,
        parameters,
        kernel=kernel,
        part=part,
        warm=warm,
        state_rows=state_rows,
        quotient=quotient,
    )


def alias(name: str, series: str, stands_for: str, *parameters: Parameter, source: str = VNPY) -> Operator:
    """A composition of the rows above: what it stands for is written out."""
    return Operator(
        name,
        Kind.COMPOSITION,
        tuple(series.split()),
        stands_for,
        "as there",
        source,
        parameters,
        stands_for=stands_for,
    )
