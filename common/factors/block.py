"""Blocks of sections in, blocks of factors out, and what a bar is."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from common.errors import FactorError
from common.factors.kernels.build import Booleans, Floats, Integers

PRICES = ("open", "high", "low", "close")
OPTIONAL = ("turnover", "open_interest")
"""Columns a source may lack; factors that read them are then NaN."""


DAY_NS = 86_400_000_000_000


def sessions_of(stamp: Integers) -> Integers:
    """Number the session of each stamp i8[B] (ns): the day the source itself writes, whatever its zone."""
    found: Integers = np.asarray(stamp, dtype=np.int64) // DAY_NS
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """B sections of S symbols, ascending: raw columns f8[B,S], NaN where there is no bar; member[b,s] as of then.

    Beside bar columns there may be price_factor and share_factor, 1 where absent. session: i8[B], a number for the
    session each section belongs to (`sessions_of` its stamp); needed by sets that start anew with each.
    """

    symbols: tuple[str, ...]
    columns: Mapping[str, Floats]
    member: Booleans
    session: Integers | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Sections and symbols."""
        return self.member.shape[0], self.member.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class FactorBlock:
    """Factors of a block, feature-major: values[f,b,s], NaN where there is no bar; the rest u1[b,s].

    present: there is a bar; member: as in the block; warm: the symbol has had the bars its plan asks for.
    """

    symbols: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats
    present: NDArray[np.uint8]
    member: NDArray[np.uint8]
    warm: NDArray[np.uint8]


def present_bars(block: Block) -> Booleans:
    """Tell where there is a bar: a volume or any price that is a number other than 0."""
    present = np.zeros(block.shape, dtype=np.bool_)
    for name in (*PRICES, "volume"):
        column = block.columns.get(name)
        if column is not None:
            # A comparison with NaN is false, so one pass finds finite numbers other than 0.
            present |= (np.abs(column) > 0.0) & (np.abs(column) < np.inf)
    return present


def adjusted(block: Block, name: str) -> Floats:
    """Return a column as factors see it: prices by price_factor, volume by share_factor, vwap by both definitions."""
    columns = block.columns
    price_factor, share_factor = columns.get("price_factor"), columns.get("share_factor")
    if name == "vwap":
        if "turnover" not in columns:
            return np.full(block.shape, np.nan)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            paid = _column(block, "turnover") / _column(block, "volume")
            return paid if price_factor is None else paid * price_factor
    if name in OPTIONAL and name not in columns:
        return np.full(block.shape, np.nan)
    column = _column(block, name)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if name in PRICES and price_factor is not None:
            return column * price_factor
        if name == "volume" and share_factor is not None:
            return column / share_factor
    return column


def _column(block: Block, name: str) -> Floats:
    column = block.columns.get(name)
    if column is None:
        raise FactorError(
            f"the bars have no column {name!r}, which a factor reads; they have {', '.join(block.columns)}"
        )
    return column


def check_block(block: Block) -> None:
    """Raise FactorError where shapes or the order of symbols are not as a block's must be."""
    if block.member.ndim != 2 or block.member.dtype != np.bool_ or block.shape[1] != len(block.symbols):
        raise FactorError(f"member must be bool[B, {len(block.symbols)}], not {block.member.dtype}{block.member.shape}")
    for name, column in block.columns.items():
        if column.shape != block.member.shape or column.dtype != np.float64:
            raise FactorError(f"column {name!r} must be f8{block.member.shape}, not {column.dtype}{column.shape}")
    session = block.session
    if session is not None and (session.shape != block.shape[:1] or session.dtype != np.int64):
        raise FactorError(f"session must be i8[{block.shape[0]}], not {session.dtype}{session.shape}")


def check_symbols(symbols: tuple[str, ...]) -> None:
    """Raise FactorError unless symbols ascend, each once."""
    for before, after in pairwise(symbols):
        if before >= after:
            raise FactorError(f"symbols of a block must ascend, each once: {before!r} stands before {after!r}")
