"""How long the units of time are, in ns."""

from collections.abc import Mapping
from types import MappingProxyType

NS: Mapping[str, int] = MappingProxyType(
    {"s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9, "w": 7 * 86400 * 10**9}
)
DAY_NS = NS["d"]
