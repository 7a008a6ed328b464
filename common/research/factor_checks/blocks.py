"""Blocks made otherwise: cut, of fewer symbols, with a bar taken away, with another future, with other members."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from common.factors.block import Block, present_bars

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]


def cut(block: Block, first: int, last: int) -> Block:
    """Sections `first` up to `last`."""
    columns = {name: column[first:last] for name, column in block.columns.items()}
    session = None if block.session is None else block.session[first:last]
    return Block(block.symbols, columns, block.member[first:last], session)


def pick(block: Block, symbols: Sequence[int]) -> Block:
    """Symbols by ascending place."""
    chosen = list(symbols)
    return Block(
        tuple(block.symbols[place] for place in chosen),
        {name: np.ascontiguousarray(column[:, chosen]) for name, column in block.columns.items()},
        np.ascontiguousarray(block.member[:, chosen]),
        block.session,
    )


def without_bars(block: Block, gone: Mask) -> Block:
    """Bars taken away, those told by `gone` [B, S]."""
    return replace(block, columns={name: np.where(gone, np.nan, column) for name, column in block.columns.items()})


def with_members(block: Block, member: Mask) -> Block:
    """Other members."""
    return replace(block, member=member)


def with_other_bars(block: Block, where: Mask, random: np.random.Generator) -> Block:
    """Other numbers of the same order at `where` [B, S], and a tenth of the bars gone."""
    scale = np.exp(random.normal(0.0, 0.3, where.shape))
    scale[random.random(where.shape) < 0.1] = np.nan
    # Each column by itself, too, or ratios within a bar would stay as they were.
    changed = {
        name: column * scale * np.exp(random.normal(0.0, 0.03, where.shape)) for name, column in block.columns.items()
    }
    columns = {name: np.where(where, changed[name], column) for name, column in block.columns.items()}
    return replace(block, columns=columns)


def some_members(block: Block, random: np.random.Generator) -> Mask:
    """Made-up members: a third never are, a third join or leave once, a third always are."""
    sections, symbols = block.shape
    change = random.integers(0, sections, symbols)
    before, after = random.random(symbols) < 0.5, random.random(symbols) < 0.5
    member: Mask = np.where(np.arange(sections)[:, None] < change, before, after)
    kind = random.permutation(symbols) % 3
    member[:, kind == 0] = False
    member[:, kind == 1] = True
    return member & block.member


def in_step(block: Block) -> Places:
    """The largest group of symbols with bars in the same sections: they share one clock."""
    present = present_bars(block)
    _, group = np.unique(present, axis=1, return_inverse=True)
    sizes = np.bincount(group.ravel(), weights=present.any(axis=0))
    return np.flatnonzero(group.ravel() == int(np.argmax(sizes)))
