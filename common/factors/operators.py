"""THE table: what every operator is, in one row each. Tests, docs, parser, planner and engine all read it."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from common.errors import FactorError
from common.factors.definition import COLUMNS, MAX_WINDOW, Kind, Needs, Operator, Parameter
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
_DEVIATIONS = Parameter("deviations", 0.0, 1e6, whole=False)
_FAST, _SLOW, _SIGNAL = (Parameter(name, 2, MAX_WINDOW) for name in ("fast", "slow", "signal"))

SETTLED = 1e-12
"""What is left of a recursive operator's seed when it counts as warm."""


_SPREADS = "NaN if any operand is"
_VNPY = "vnpy 4.5"
_TALIB = "TA-Lib 0.8"


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
    version: int = 1,
) -> Operator:
    series = ("x", "y") if name in {"ts_corr", "ts_cov"} else ("x",)
    window = _WINDOW if least == 1 else _PAIR_WINDOW
    source = "CCI in TA-Lib 0.8" if name == "ts_mad" else _VNPY
    return Operator(name, Kind.FOLD, series, formula, nan, source, (window, *extra), needs, kernel, part, version)


def _section(name: str, kernel: Kernel, formula: str, version: int = 1) -> Operator:
    nan = "left out of the section; stays NaN itself, as does a non-member"
    return Operator(name, Kind.CROSS_SECTION, ("x",), formula, nan, _VNPY, kernel=kernel, version=version)


def _recursive(  # noqa: PLR0917  a row of the table
    name: str,
    kernel: Kernel,
    series: str,
    formula: str,
    warm: Callable[..., int],
    state_rows: int,
    *parameters: Parameter,
    part: int = 0,
) -> Operator:
    return Operator(
        name,
        Kind.RECURSIVE,
        tuple(series.split()),
        formula,
        "holds the state, gives NaN",
        _TALIB,
        parameters,
        kernel=kernel,
        part=part,
        warm=warm,
        state_rows=state_rows,
    )


def _alias(name: str, series: str, stands_for: str, *parameters: Parameter, source: str = _VNPY) -> Operator:
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


def _forgets(share: float) -> int:
    """Steps after which no more than 1e-12 is left of a seed of which each step leaves `share`."""
    return math.ceil(math.log(SETTLED) / math.log(share)) if share > 0 else 1


def _wilder(window: float) -> int:
    return int(window) + _forgets((window - 1) / window)


def _wilder_twice(window: float) -> int:
    return 2 * _wilder(window)


def _exponential(window: float) -> int:
    return int(window) + _forgets((window - 1) / (window + 1))


def _convergence(fast: float, slow: float, signal: float) -> int:
    return _exponential(max(fast, slow)) + _exponential(signal)


def _macd(name: str, formula: str, part: int) -> Operator:
    return _recursive(name, recursive.ta_macd, "x", formula, _convergence, 4, _FAST, _SLOW, _SIGNAL, part=part)


def _direction(name: str, formula: str, warm: Callable[..., int], part: int) -> Operator:
    return _recursive(name, recursive.ta_direction, "high low close", formula, warm, 8, _PAIR_WINDOW, part=part)


_SPREAD = "ts_cov(x, x, window) ** 0.5"
_BAND = (_PAIR_WINDOW, _DEVIATIONS)
_TEMA = (
    "3 * ta_ema(x, window) - 3 * ta_ema(ta_ema(x, window), window) + ta_ema(ta_ema(ta_ema(x, window), window), window)"
)
_TYPICAL = "((high + low + close) / 3)"
_CCI = f"({_TYPICAL} - ta_sma({_TYPICAL}, window)) / (0.015 * ts_mad({_TYPICAL}, window))"
_RISE = f"({_TYPICAL} > ts_delay({_TYPICAL}, 1))"
_FALL = f"({_TYPICAL} < ts_delay({_TYPICAL}, 1))"
_MFI = (
    f"100 * ts_sum({_RISE} * {_TYPICAL} * volume, window) / ts_sum(({_RISE} + {_FALL}) * {_TYPICAL} * volume, window)"
)

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
    _fold("ts_product", moments.products, "product", _ALL, version=2),
    _fold("ts_mean", moments.averages, "mean", _ONE, needs=Needs.ONE),
    _fold("ts_std", moments.averages, "population standard deviation", _ONE, needs=Needs.ONE, part=1),
    _fold("ts_mad", moments.deviations, "mean of |x_i - mean|", _ALL),
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
    _section("cs_rank", ranks.cs_rank, "rank / N, the smallest 1 / N; equals share the smallest of theirs", version=2),
    _section("cs_mean", section.cs_mean, "mean"),
    _section("cs_std", section.cs_std, "sample standard deviation; NaN for fewer than two"),
    _section("cs_sum", section.cs_sum, "sum"),
    _section("cs_scale", section.cs_scale, "x / sum of |x|; 0 if that is 0"),
    _recursive("ta_ema", recursive.ta_ema, "x", "e += (x - e) 2 / (window + 1)", _exponential, 2, _PAIR_WINDOW),
    _recursive("ta_rsi", recursive.ta_rsi, "x", "100 gain / (gain + loss), Wilder's means", _wilder, 4, _PAIR_WINDOW),
    _recursive("ta_atr", recursive.ta_atr, "high low close", "Wilder's mean of the true range", _wilder, 3, _WINDOW),
    _macd("ta_macd", "exponential means: fast - slow", 0),
    _macd("ta_macd_signal", "exponential mean of fast - slow", 1),
    _macd("ta_macd_histogram", "fast - slow, less its signal", 2),
    _direction("ta_adx", "Wilder's mean of 100 |plus_di - minus_di| / (plus_di + minus_di)", _wilder_twice, 0),
    _direction("ta_plus_di", "100 upward movement / true range, Wilder's sums", _wilder, 1),
    _direction("ta_minus_di", "100 downward movement / true range, Wilder's sums", _wilder, 2),
    _alias("quesval2", "threshold x yes no", "quesval(threshold, x, yes, no)"),
    _alias("ts_delta", "x", "x - ts_delay(x, delay)", _DELAY),
    _alias("ts_less", "x y", "less(x, y)"),
    _alias("ts_greater", "x y", "greater(x, y)"),
    _alias("ts_log", "x", "log(x)"),
    _alias("ts_abs", "x", "abs(x)"),
    _alias("ta_sma", "x", "ts_sum(x, window) / window", _WINDOW, source=_TALIB),
    _alias("ta_wma", "x", "ts_decay_linear(x, window)", _WINDOW, source=_TALIB),
    _alias("ta_dema", "x", "2 * ta_ema(x, window) - ta_ema(ta_ema(x, window), window)", _PAIR_WINDOW, source=_TALIB),
    _alias("ta_tema", "x", _TEMA, _PAIR_WINDOW, source=_TALIB),
    _alias("ta_bbands_upper", "x", f"ta_sma(x, window) + deviations * {_SPREAD}", *_BAND, source=_TALIB),
    _alias("ta_bbands_middle", "x", "ta_sma(x, window)", _PAIR_WINDOW, source=_TALIB),
    _alias("ta_bbands_lower", "x", f"ta_sma(x, window) - deviations * {_SPREAD}", *_BAND, source=_TALIB),
    _alias("ta_cci", "high low close", _CCI, _PAIR_WINDOW, source=_TALIB),
    _alias("ta_mfi", "high low close volume", _MFI, _PAIR_WINDOW, source=_TALIB),
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({row.name: row for row in TABLE})


def with_own(operators: Sequence[Operator]) -> Mapping[str, Operator]:
    """Return the table and a user's own operators; FactorError for a name that is taken."""
    known = dict(OPERATORS)
    for each in operators:
        if each.name in known or each.name in COLUMNS:
            raise FactorError(f"operator {each.name!r}: the name is taken; give it another")
        known[each.name] = each
    return known
