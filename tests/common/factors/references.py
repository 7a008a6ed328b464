"""Slow, plain definitions of every operator, in long double where digits matter.

A fold takes the window oldest first and returns (value, scale): the scale is what an error is measured against where
the value itself is 0 or the difference of larger ones.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Window = NDArray[np.longdouble]
Answer = tuple[Any, Any]
NOTHING: Answer = (np.nan, 1.0)


def _sd(x: Window) -> Any:
    return np.sqrt(np.mean((x - np.mean(x)) ** 2))


def _constant(x: Window) -> bool:
    return bool(np.all(x == x[0]))


def all_numbers(fold: Callable[..., Answer]) -> Callable[..., Answer]:
    """NaN unless every value of every window is a number."""

    def guarded(*arguments: Any) -> Answer:
        windows = [each for each in arguments if isinstance(each, np.ndarray)]
        return NOTHING if any(np.isnan(each).any() for each in windows) else fold(*arguments)

    return guarded


def one_number(fold: Callable[..., Answer]) -> Callable[..., Answer]:
    """Leave NaN out; NaN if nothing is left."""

    def guarded(x: Window, *parameters: Any) -> Answer:
        known = x[~np.isnan(x)]
        return fold(known, *parameters) if len(known) else NOTHING

    return guarded


def _line(x: Window) -> tuple[Any, Any]:
    """Slope and last residual of the least-squares line against 0, 1, 2 ..."""
    bars = np.arange(len(x), dtype=np.longdouble)
    slope = np.sum((bars - bars.mean()) * (x - x.mean())) / np.sum((bars - bars.mean()) ** 2)
    return slope, x[-1] - (x.mean() + slope * (bars[-1] - bars.mean()))


def _slope(x: Window, _: int) -> Answer:
    bars = np.arange(len(x), dtype=np.longdouble)
    return _line(x)[0], _sd(x) / _sd(bars)


def _corr(x: Window, y: Window, _: int) -> Answer:
    if _constant(x) or _constant(y):
        return NOTHING
    return np.mean((x - x.mean()) * (y - y.mean())) / (_sd(x) * _sd(y)), 1.0


def _cov(x: Window, y: Window, _: int) -> Answer:
    return np.mean((x - x.mean()) * (y - y.mean())), _sd(x) * _sd(y)


def _rsquare(x: Window, window: int) -> Answer:
    bars = np.arange(len(x), dtype=np.longdouble)
    return _corr(x, bars, window)[0] ** 2, 1.0


def _rank(x: Window, window: int) -> Answer:
    below, equal = np.sum(x < x[-1]), np.sum(x == x[-1])
    return (2.0 * below + equal + 1.0) / (2.0 * window), 1.0


def _decay(x: Window, window: int) -> Answer:
    weights = np.arange(1, window + 1, dtype=np.longdouble)
    return np.sum(weights * x) / np.sum(weights), np.max(np.abs(x))


FOLDS: Mapping[str, Callable[..., Answer]] = {
    "ts_sum": all_numbers(lambda x, _: (np.sum(x), np.sum(np.abs(x)))),
    "ts_product": all_numbers(lambda x, _: (np.prod(x), abs(np.prod(x)))),
    "ts_mean": one_number(lambda x, _: (np.mean(x), np.max(np.abs(x)))),
    "ts_std": one_number(lambda x, _: (_sd(x), _sd(x))),
    "ts_mad": all_numbers(lambda x, _: (np.mean(np.abs(x - np.mean(x))), np.max(np.abs(x)))),
    "ts_min": one_number(lambda x, _: (np.min(x), 0.0)),
    "ts_max": one_number(lambda x, _: (np.max(x), 0.0)),
    "ts_argmin": all_numbers(lambda x, _: (list(x).index(min(x)) + 1, 0.0)),
    "ts_argmax": all_numbers(lambda x, _: (list(x).index(max(x)) + 1, 0.0)),
    "ts_rank": all_numbers(_rank),
    "ts_quantile": all_numbers(lambda x, _, level: (np.quantile(x, level), np.max(np.abs(x)))),
    "ts_decay_linear": all_numbers(_decay),
    "ts_slope": all_numbers(_slope),
    "ts_rsquare": all_numbers(_rsquare),
    "ts_resi": all_numbers(lambda x, _: (_line(x)[1], _sd(x))),
    "ts_corr": all_numbers(_corr),
    "ts_cov": all_numbers(_cov),
}


def _power(x: float, y: float) -> float:
    answer = np.float64(x) ** np.float64(y)
    return float(answer)


def _signed_power(x: float, y: float) -> float:
    return 0.0 if x == 0 else np.sign(x) * _power(abs(x), y)


def _guarded_power(x: float, y: float) -> float:
    if x > 0:
        return _power(x, y)
    return -_power(abs(x), y) if x < 0 and y == np.floor(y) else 0.0


ELEMENTS: Mapping[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "floordiv": lambda x, y: x // y if y else np.nan,
    "mod": lambda x, y: x % y if y else np.nan,
    "pow": _power,
    "neg": lambda x: -x,
    "lt": lambda x, y: float(x < y),
    "le": lambda x, y: float(x <= y),
    "gt": lambda x, y: float(x > y),
    "ge": lambda x, y: float(x >= y),
    "eq": lambda x, y: float(x == y),
    "ne": lambda x, y: float(x != y),
    "abs": abs,
    "log": lambda x: np.log(x) if x > 0 else np.nan,
    "sign": np.sign,
    "less": min,
    "greater": max,
    "pow1": _signed_power,
    "pow2": _guarded_power,
    "quesval": lambda threshold, x, yes, no: yes if threshold < x else no,
}
"""Of numbers only; but for quesval, whose choices may be NaN, a NaN operand gives NaN."""


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([(np.sum(x < each) + 1) / len(x) for each in x])


def _scale(x: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.sum(np.abs(x))
    return x / total if total else np.zeros_like(x)


SECTIONS: Mapping[str, Callable[[NDArray[np.float64]], tuple[Any, Any]]] = {
    "cs_rank": lambda x: (_ranks(x), 0.0),
    "cs_mean": lambda x: (np.full(len(x), np.mean(x)), np.max(np.abs(x))),
    "cs_std": lambda x: (np.full(len(x), np.std(x, ddof=1) if len(x) > 1 else np.nan), np.std(x)),
    "cs_sum": lambda x: (np.full(len(x), np.sum(x)), np.sum(np.abs(x))),
    "cs_scale": lambda x: (_scale(x), 1.0),
}
"""Of the numbers of a section's members."""

COMPOSITIONS: Mapping[str, str] = {
    "quesval2": "quesval(close, open, high, low)",
    "ts_delta": "close - ts_delay(close, 3)",
    "ts_less": "less(close, open)",
    "ts_greater": "greater(close, open)",
    "ts_log": "log(close)",
    "ts_abs": "abs(close)",
    "ta_sma": "ts_sum(close, 3) / 3",
    "ta_wma": "ts_decay_linear(close, 3)",
    "ta_dema": "2 * ta_ema(close, 3) - ta_ema(ta_ema(close, 3), 3)",
    "ta_tema": "3 * ta_ema(close, 3) - 3 * ta_ema(ta_ema(close, 3), 3) + ta_ema(ta_ema(ta_ema(close, 3), 3), 3)",
    "ta_bbands_upper": "ts_sum(close, 3) / 3 + 3 * ts_cov(close, close, 3) ** 0.5",
    "ta_bbands_middle": "ts_sum(close, 3) / 3",
    "ta_bbands_lower": "ts_sum(close, 3) / 3 - 3 * ts_cov(close, close, 3) ** 0.5",
    "ta_cci": "(TP - ts_sum(TP, 3) / 3) / (0.015 * ts_mad(TP, 3))".replace("TP", "((close + open + high) / 3)"),
    "ta_mfi": (
        "100 * ts_sum((TP > ts_delay(TP, 1)) * TP * low, 3)"
        " / ts_sum(((TP > ts_delay(TP, 1)) + (TP < ts_delay(TP, 1))) * TP * low, 3)"
    ).replace("TP", "((close + open + high) / 3)"),
}
"""What each composition stands for when applied to close, open, high, low in turn, with constants of 3."""
