"""How many bars a recursive operator takes until its seed is forgotten."""

import math

SETTLED = 1e-12
"""What is left of a recursive operator's seed when it counts as warm."""


def _forgets(share: float) -> int:
    """Steps after which no more than 1e-12 is left of a seed of which each step leaves `share`."""
    return math.ceil(math.log(SETTLED) / math.log(share)) if share > 0 else 1


def wilder(window: float) -> int:
    """Bars after which Wilder's mean over `window` has settled."""
    return int(window) + _forgets((window - 1) / window)


def wilder_twice(window: float) -> int:
    """Bars after which Wilder's mean of what Wilder's means gave has settled."""
    return 2 * wilder(window)


def exponential(window: float) -> int:
    """Bars after which an exponential mean over `window` has settled."""
    return int(window) + _forgets((window - 1) / (window + 1))


def convergence(fast: float, slow: float, signal: float) -> int:
    """Bars after which the signal of two exponential means has settled."""
    return exponential(max(fast, slow)) + exponential(signal)
