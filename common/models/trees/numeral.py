"""Decimal numbers as LightGBM's `Common::Atof` reads them: by plain double arithmetic, not to the closest double.

https://github.com/microsoft/LightGBM/blob/v4.6.0/include/LightGBM/utils/common.h
"""

import re

from common.errors import ModelError

_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]{1,3}))?")
_EXPONENT_AT_MOST = 308
_STEPS = ((50, 1e50), (8, 1e8), (1, 10.0))
"""How a power of ten is put together: as often as it goes, from the greatest down."""


def read_decimal(text: str) -> float:
    """Return LightGBM's double for a number without a sign; ModelError for anything else."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ModelError(f"{text!r} is not a number above zero")
    whole, fraction, sign, exponent = found.groups(default="")
    value = _digits(whole)
    if fraction:
        value += _digits(fraction) / _power(10.0, len(fraction))
    scale = _scale(min(int(exponent or 0), _EXPONENT_AT_MOST))
    return value / scale if sign == "-" else value * scale


def _digits(text: str) -> float:
    value = 0.0
    for digit in text:
        value = value * 10.0 + int(digit)
    return value


def _power(base: float, exponent: int) -> float:
    """LightGBM's `Pow`: its order of multiplications is not that of a library."""
    if exponent == 0:
        return 1.0
    if exponent % 2 == 0:
        return _power(base * base, exponent // 2)
    if exponent % 3 == 0:
        return _power(base * base * base, exponent // 3)
    return base * _power(base, exponent - 1)


def _scale(exponent: int) -> float:
    scale = 1.0
    for step, factor in _STEPS:
        while exponent >= step:
            scale *= factor
            exponent -= step
    return scale
