"""What a snapshot costs the engine's loop: the copy of the state, and updates while another thread writes it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from alphabus.clock import Clock
from alphabus.messages import Bars, Mode, universe_digest
from common.factors.plan import compile_set
from common.factors.sets import load_set
from scripts.bench.factor_market import COLUMNS, market_of, symbols_of
from scripts.bench.progress import Track
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from services.factor_engine.desk import Desk
from services.factor_engine.snapshot import Shelf

T = TypeVar("T")

SET = "alpha158"
WARM_UP = 70
EVERY = 10
"""Sections from one copy to the next."""


def measure_hold(folder: Path, symbols: int, sections: int, clock: Clock, track: Track) -> list[Row]:
    """A copy every ten sections, written as the engine writes it; updates beside that, and with nothing beside."""
    listed, bars = symbols_of(symbols), _sections(symbols, WARM_UP + sections)
    desk, shelf, step = Desk(compile_set(load_set(SET))), Shelf(folder), track(f"hold, {symbols:,} symbols", sections)
    held, alone, beside = list[int](), list[int](), list[int]()
    for section in bars[:WARM_UP]:
        desk.update(section, listed)
    with ThreadPoolExecutor(1) as room:
        saving: Future[None] | None = None
        for number, section in enumerate(bars[WARM_UP:]):
            writes = saving is not None and not saving.done()
            spent, _ = _timed(clock, partial(desk.update, section, listed))
            (beside if writes else alone).append(spent)
            if number % EVERY == 0 and not writes:
                spent, content = _timed(clock, desk.hold)
                held.append(spent)
                saving = room.submit(_save, shelf, content)
            step()
    return _rows(symbols, {"hold": held, "update, nothing written": alone, "update during a write": beside})


def _rows(symbols: int, measured: dict[str, list[int]]) -> list[Row]:
    return [
        Row.of(f"{what}, {symbols:,} symbols, {figure}", value, "ms")
        for what, spent in measured.items()
        if spent
        for figure, value in (("p50", Spread.of(spent).p50), ("max", Spread.of(spent).longest))
    ]


def _timed(clock: Clock, act: Callable[[], T]) -> tuple[int, T]:
    started = clock.monotonic_ns()
    found = act()
    return clock.monotonic_ns() - started, found


def _save(shelf: Shelf, content: Callable[[], bytes]) -> None:
    shelf.save("bench", content())


def _sections(symbols: int, count: int) -> list[Bars]:
    """Sections as the feed says them, everybody in each."""
    market, digest = market_of(count, symbols), universe_digest(symbols_of(symbols))
    marks = {
        "price_factor": np.ones(symbols), "share_factor": np.ones(symbols), "member": np.ones(symbols, np.uint8)
    }  # fmt: skip
    return [
        Bars(
            b"b" * 16, bar, Mode.REPLAY, bar, bar, digest, 1.0,
            {name: market[place, bar - 1] for place, name in enumerate(COLUMNS)} | marks,
        )
        for bar in range(1, count + 1)
    ]  # fmt: skip
