"""THE table: what every operator is, in one row each. Tests, docs, parser, planner and engine all read it."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from common.errors import FactorError
from common.factors import settling
from common.factors.definition import COLUMNS, Kind, Needs, Operator
from common.factors.kernels import (
    averages,
    distances,
    exponential,
    extremes,
    movement,
    order,
    pairs,
    ranks,
    regression,
    section,
    sums,
    wilder,
)
from common.factors.operator_rows import (
    DELAY,
    DEVIATIONS,
    FAST,
    LEVEL,
    PAIR_WINDOW,
    SIGNAL,
    SLOW,
    TALIB,
    VNPY,
    WINDOW,
    alias,
    cross_section,
    element,
    fold,
    recursive,
)


def _macd(name: str, formula: str, part: int) -> Operator:
    return recursive(name, exponential.ta_macd, "x", formula, settling.convergence, 4, FAST, SLOW, SIGNAL, part=part)


def _direction(name: str, formula: str, warm: Callable[..., int], part: int) -> Operator:
    return recursive(
        name, wilder.ta_direction, "high low close", formula, warm, 8, PAIR_WINDOW, part=part, quotient=settling.wilder
    )


_SPREAD = "ts_cov(x, x, window) ** 0.5"
_BAND = (PAIR_WINDOW, DEVIATIONS)
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
    element("add", "x y", "x + y", symbol="+"),
    element("sub", "x y", "x - y", symbol="-"),
    element("mul", "x y", "x y", symbol="*"),
    element("div", "x y", "x / y; NaN for y = 0", symbol="/"),
    element("floordiv", "x y", "floor(x / y); NaN for y = 0", symbol="//"),
    element("mod", "x y", "x - y floor(x / y); NaN for y = 0", symbol="%"),
    element("pow", "x y", "x to the power y; NaN where not real", symbol="**"),
    element("neg", "x", "-x", symbol="-"),
    element("lt", "x y", "1 if x < y else 0", symbol="<"),
    element("le", "x y", "1 if x <= y else 0", symbol="<="),
    element("gt", "x y", "1 if x > y else 0", symbol=">"),
    element("ge", "x y", "1 if x >= y else 0", symbol=">="),
    element("eq", "x y", "1 if x = y else 0", symbol="=="),
    element("ne", "x y", "0 if x = y else 1", symbol="!="),
    element("abs", "x", "|x|"),
    element("log", "x", "natural logarithm; NaN for x <= 0"),
    element("sign", "x", "-1, 0 or 1"),
    element("less", "x y", "smaller of the two"),
    element("greater", "x y", "larger of the two"),
    element("pow1", "x y", "sign(x) |x| ** y; 0 for x = 0"),
    element("pow2", "x y", "x ** y for x > 0; -|x| ** y for x < 0 and whole y; else 0"),
    element(
        "quesval", "threshold x yes no", "yes if threshold < x else no", "NaN if threshold or x is, or the chosen one"
    ),
    Operator(
        "ts_delay",
        Kind.DELAY,
        ("x",),
        "x of `delay` own bars ago; ahead if negative",
        "moves with its bar",
        VNPY,
        (DELAY,),
        kernel=movement.lead,
    ),
    fold("ts_sum", sums.totals, "sum", _ALL),
    fold("ts_product", sums.products, "product", _ALL, version=2),
    fold("ts_mean", averages.averages, "mean", _ONE, needs=Needs.ONE),
    fold("ts_std", averages.averages, "population standard deviation", _ONE, needs=Needs.ONE, part=1),
    fold("ts_mad", distances.deviations, "mean of |x_i - mean|", _ALL),
    fold("ts_min", extremes.smallest, "smallest", _ONE, needs=Needs.ONE),
    fold("ts_max", extremes.largest, "largest", _ONE, needs=Needs.ONE),
    fold("ts_argmin", extremes.smallest, "place of the smallest, oldest bar 1; oldest of equals", _ALL, part=1),
    fold("ts_argmax", extremes.largest, "place of the largest, oldest bar 1; oldest of equals", _ALL, part=1),
    fold("ts_rank", order.ranks, "(2 #(x_i < x) + #(x_i = x) + 1) / 2 window", _ALL),
    fold("ts_quantile", order.quantiles, "quantile, linear between neighbours", _ALL, LEVEL),
    fold("ts_decay_linear", regression.lines, "sum of w x / sum of w, w = window (newest) .. 1", _ALL, part=3),
    fold("ts_slope", regression.lines, "slope of the least-squares line, per bar", _ALL, least=2),
    fold("ts_rsquare", regression.lines, "R squared of that line; NaN if constant", _ALL, least=2, part=1),
    fold("ts_resi", regression.lines, "newest value less that line", _ALL, least=2, part=2),
    fold("ts_corr", pairs.co_moments, "Pearson correlation; NaN if either is constant", _ALL, least=2, part=1),
    fold("ts_cov", pairs.co_moments, "population covariance", _ALL, least=2),
    cross_section(
        "cs_rank", ranks.cs_rank, "rank / N, the smallest 1 / N; equals share the smallest of theirs", version=2
    ),
    cross_section("cs_mean", section.cs_mean, "mean"),
    cross_section("cs_std", section.cs_std, "sample standard deviation; NaN for fewer than two"),
    cross_section("cs_sum", section.cs_sum, "sum"),
    cross_section("cs_scale", section.cs_scale, "x / sum of |x|; 0 if that is 0"),
    recursive("ta_ema", exponential.ta_ema, "x", "e += (x - e) 2 / (window + 1)", settling.exponential, 2, PAIR_WINDOW),
    recursive(
        "ta_rsi",
        wilder.ta_rsi,
        "x",
        "100 gain / (gain + loss), Wilder's means",
        settling.wilder,
        4,
        PAIR_WINDOW,
        quotient=settling.wilder,
    ),
    recursive("ta_atr", wilder.ta_atr, "high low close", "Wilder's mean of the true range", settling.wilder, 3, WINDOW),
    _macd("ta_macd", "exponential means: fast - slow", 0),
    _macd("ta_macd_signal", "exponential mean of fast - slow", 1),
    _macd("ta_macd_histogram", "fast - slow, less its signal", 2),
    _direction("ta_adx", "Wilder's mean of 100 |plus_di - minus_di| / (plus_di + minus_di)", settling.wilder_twice, 0),
    _direction("ta_plus_di", "100 upward movement / true range, Wilder's sums", settling.wilder, 1),
    _direction("ta_minus_di", "100 downward movement / true range, Wilder's sums", settling.wilder, 2),
    alias("quesval2", "threshold x yes no", "quesval(threshold, x, yes, no)"),
    alias("ts_delta", "x", "x - ts_delay(x, delay)", DELAY),
    alias("ts_less", "x y", "less(x, y)"),
    alias("ts_greater", "x y", "greater(x, y)"),
    alias("ts_log", "x", "log(x)"),
    alias("ts_abs", "x", "abs(x)"),
    alias("ta_sma", "x", "ts_sum(x, window) / window", WINDOW, source=TALIB),
    alias("ta_wma", "x", "ts_decay_linear(x, window)", WINDOW, source=TALIB),
    alias("ta_dema", "x", "2 * ta_ema(x, window) - ta_ema(ta_ema(x, window), window)", PAIR_WINDOW, source=TALIB),
    alias("ta_tema", "x", _TEMA, PAIR_WINDOW, source=TALIB),
    alias("ta_bbands_upper", "x", f"ta_sma(x, window) + deviations * {_SPREAD}", *_BAND, source=TALIB),
    alias("ta_bbands_middle", "x", "ta_sma(x, window)", PAIR_WINDOW, source=TALIB),
    alias("ta_bbands_lower", "x", f"ta_sma(x, window) - deviations * {_SPREAD}", *_BAND, source=TALIB),
    alias("ta_cci", "high low close", _CCI, PAIR_WINDOW, source=TALIB),
    alias("ta_mfi", "high low close volume", _MFI, PAIR_WINDOW, source=TALIB),
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
