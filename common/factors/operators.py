"""THE table: what every operator is, in one row each. Tests, docs, parser, planner and engine all read it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from common.factors.definition import MAX_WINDOW, SETTLED, Kind, Needs, Operator, Parameter
from common.factors.kernels import (
    element,
    extremes,
    moments,
    movement,
    order,
    pairs,
    ranks,
    recursive,
    regression,
    section,
)
from common.factors.kernels.build import Kernel

_WINDOW = Parameter("window", 1, MAX_WINDOW)
_PAIR_WINDOW = Parameter("window", 2, MAX_WINDOW)
_DELAY = Parameter("delay", -MAX_WINDOW, MAX_WINDOW)
_LEVEL = Parameter("quantile", 0.0, 1.0, whole=False)

_SPREADS = "NaN if any operand is"
_VNPY = "vnpy 4.5"


def _element(name: str, series: str, formula: str, nan: str = _SPREADS, symbol: str = "") -> Operator:
    source = "IEEE 754" if symbol else _VNPY
    return Operator(
        name, Kind.ELEMENT, tuple(series.split()), formula, nan, source, kernel=element.elements, symbol=symbol
    )


def _fold(
    name: str,
    kernel: Kernel,
    formula: str,
    nan: str,
    *extra: Parameter,
    part: int = 0,
    needs: Needs = Needs.ALL,
    least: int = 1,
) -> Operator:
    series = ("x", "y") if name in {"ts_corr", "ts_cov"} else ("x",)
    window = _WINDOW if least == 1 else _PAIR_WINDOW
    return Operator(name, Kind.FOLD, series, formula, nan, _VNPY, (window, *extra), needs, kernel, part)


def _section(name: str, kernel: Kernel, formula: str) -> Operator:
    nan = "left out of the section; stays NaN itself, as does a non-member"
    return Operator(name, Kind.CROSS_SECTION, ("x",), formula, nan, _VNPY, kernel=kernel)


def _recursive(  # noqa: PLR0917  a row of the table
    name: str, kernel: Kernel, series: str, formula: str, memory: Callable[[float], float], state_rows: int, least: int
) -> Operator:
    return Operator(
        name,
        Kind.RECURSIVE,
        tuple(series.split()),
        formula,
        "holds the state, gives NaN",
        "TA-Lib 0.8",
        (Parameter("window", least, MAX_WINDOW),),
        kernel=kernel,
        memory=memory,
        state_rows=state_rows,
    )


def _alias(name: str, series: str, stands_for: str, *parameters: Parameter) -> Operator:
    return Operator(
        name,
        Kind.COMPOSITION,
        tuple(series.split()),
        stands_for,
        "as there",
        _VNPY,
        parameters,
        stands_for=stands_for,
    )


def _wilder(window: float) -> float:
    return (window - 1) / window if window > 1 else SETTLED


def _exponential(window: float) -> float:
    return (window - 1) / (window + 1) if window > 1 else SETTLED


_ONE = "left out; NaN if none is left"
_ALL = "NaN if any in the window is"

TABLE: tuple[Operator, ...] = (
    _element("add", "x y", "x + y", symbol="+"),
    _element("sub", "x y", "x - y", symbol="-"),
    _element("mul", "x y", "x y", symbol="*"),
    _element("div", "x y", "x / y; NaN for y = 0", symbol="/"),
    _element("floordiv", "x y", "floor(x / y); NaN for y = 0", symbol="//"),
    _element("mod", "x y", "x - y floor(x / y); NaN for y = 0", symbol="%"),
    _element("pow", "x y", "x to the power y; NaN where not real", symbol="**"),
    _element("neg", "x", "-x", symbol="-"),
    _element("lt", "x y", "1 if x < y else 0", symbol="<"),
    _element("le", "x y", "1 if x <= y else 0", symbol="<="),
    _element("gt", "x y", "1 if x > y else 0", symbol=">"),
    _element("ge", "x y", "1 if x >= y else 0", symbol=">="),
    _element("eq", "x y", "1 if x = y else 0", symbol="=="),
    _element("ne", "x y", "0 if x = y else 1", symbol="!="),
    _element("abs", "x", "|x|"),
    _element("log", "x", "natural logarithm; NaN for x <= 0"),
    _element("sign", "x", "-1, 0 or 1"),
    _element("less", "x y", "smaller of the two"),
    _element("greater", "x y", "larger of the two"),
    _element("pow1", "x y", "sign(x) |x| ** y; 0 for x = 0"),
    _element("pow2", "x y", "x ** y for x > 0; -|x| ** y for x < 0 and whole y; else 0"),
    _element(
        "quesval", "threshold x yes no", "yes if threshold < x else no", "NaN if threshold or x is, or the chosen one"
    ),
    Operator(
        "ts_delay",
        Kind.DELAY,
        ("x",),
        "x of `delay` own bars ago; ahead if negative",
        "moves with its bar",
        _VNPY,
        (_DELAY,),
        kernel=movement.lead,
    ),
    _fold("ts_sum", moments.totals, "sum", _ALL),
    _fold("ts_product", moments.products, "product", _ALL),
    _fold("ts_mean", moments.averages, "mean", _ONE, needs=Needs.ONE),
    _fold("ts_std", moments.averages, "population standard deviation", _ONE, needs=Needs.ONE, part=1),
    _fold("ts_min", extremes.smallest, "smallest", _ONE, needs=Needs.ONE),
    _fold("ts_max", extremes.largest, "largest", _ONE, needs=Needs.ONE),
    _fold("ts_argmin", extremes.smallest, "place of the smallest, oldest bar 1; oldest of equals", _ALL, part=1),
    _fold("ts_argmax", extremes.largest, "place of the largest, oldest bar 1; oldest of equals", _ALL, part=1),
    _fold("ts_rank", order.ranks, "(2 #(x_i < x) + #(x_i = x) + 1) / 2 window", _ALL),
    _fold("ts_quantile", order.quantiles, "quantile, linear between neighbours", _ALL, _LEVEL),
    _fold("ts_decay_linear", regression.lines, "sum of w x / sum of w, w = window (newest) .. 1", _ALL, part=3),
    _fold("ts_slope", regression.lines, "slope of the least-squares line, per bar", _ALL, least=2),
    _fold("ts_rsquare", regression.lines, "R squared of that line; NaN if constant", _ALL, least=2, part=1),
    _fold("ts_resi", regression.lines, "newest value less that line", _ALL, least=2, part=2),
    _fold("ts_corr", pairs.co_moments, "Pearson correlation; NaN if either is constant", _ALL, least=2, part=1),
    _fold("ts_cov", pairs.co_moments, "population covariance", _ALL, least=2),
    _section("cs_rank", ranks.cs_rank, "rank, smallest 1; equals share the mean of theirs"),
    _section("cs_mean", section.cs_mean, "mean"),
    _section("cs_std", section.cs_std, "sample standard deviation; NaN for fewer than two"),
    _section("cs_sum", section.cs_sum, "sum"),
    _section("cs_scale", section.cs_scale, "x / sum of |x|; 0 if that is 0"),
    _recursive("ta_ema", recursive.ta_ema, "x", "e += (x - e) 2 / (window + 1)", _exponential, 2, least=2),
    _recursive("ta_rsi", recursive.ta_rsi, "x", "100 gain / (gain + loss), Wilder's means", _wilder, 4, least=2),
    _recursive("ta_atr", recursive.ta_atr, "high low close", "Wilder's mean of the true range", _wilder, 3, least=1),
    _alias("quesval2", "threshold x yes no", "quesval(threshold, x, yes, no)"),
    _alias("ts_delta", "x", "x - ts_delay(x, delay)", _DELAY),
    _alias("ts_less", "x y", "less(x, y)"),
    _alias("ts_greater", "x y", "greater(x, y)"),
    _alias("ts_log", "x", "log(x)"),
    _alias("ts_abs", "x", "abs(x)"),
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({row.name: row for row in TABLE})
