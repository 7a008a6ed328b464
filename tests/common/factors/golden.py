"""Digests of what every operator gives on one fixed panel: `python -m tests.common.factors.golden` stores them anew.

They are stored with the operator's version: whoever changes what a kernel computes must raise the version in
common/factors/operators.py, so that plans, saved states and models of before are known to be of another arithmetic.
"""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np

from common.factors.block import Block
from common.factors.definition import Operator
from common.factors.operators import TABLE
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from tests.common.factors.panels import LABEL, compute, text_of

STORED = Path(__file__).with_name("golden.json")
COLUMNS = ("close", "open", "high", "low")
PLATFORM = frozenset({"log", "pow", "pow1", "pow2", "ts_log", "ta_bbands_upper", "ta_bbands_lower"})
"""Operators whose last bit is the mathematical library's: twelve digits of theirs are compared."""

Entry = dict[str, int | str]


def panel() -> Block:
    """Make columns without any function whose bits depend on platform or library version: whole numbers, divided."""
    shape = (160, 3)
    state, numbers = 12345, np.empty((len(COLUMNS), *shape))
    for at in np.ndindex(numbers.shape):
        state = (1103515245 * state + 12345) % 2**31
        numbers[at] = (state // 65536 % 4001 - 1500) / 128.0
    numbers[:, 40:44, 1] = np.nan
    numbers[0, 100:130, 2] = 7.0
    numbers[1, 90:140:3, 0] = 0.0
    columns = dict(zip(COLUMNS, numbers, strict=True))
    return Block(("a", "b", "c"), columns, np.ones(shape, dtype=np.bool_))


def entry(row: Operator) -> Entry:
    """Compute an operator's digest: of its bits, or of twelve digits."""
    texts = [(f"f{window}", text_of(row, COLUMNS, window)) for window in (3, 11)]
    values = compute(compile_set(FactorSet("golden", tuple(texts), LABEL)), panel(), cuts=[1, 50, 51])
    if row.name in PLATFORM:
        content = " ".join(f"{value:.11e}" for value in values.ravel()).encode()
    else:
        # One bit pattern for NaN, whichever operation made it, and one for 0.
        content = (np.where(np.isnan(values), np.nan, values) + 0.0).astype("<f8").tobytes()
    return {"version": row.version, "digest": sha256(content).hexdigest()[:32]}


def stored() -> dict[str, Entry]:
    """Read what is stored."""
    found: dict[str, Entry] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    STORED.write_text(json.dumps({row.name: entry(row) for row in TABLE}, indent=1) + "\n", encoding="utf-8")
