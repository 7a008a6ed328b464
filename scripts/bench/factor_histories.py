"""Whole histories: days of many symbols beside vnpy and KunQuant's batch, minutes of a few beside polars."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from common.factors.sets import load_set
from scripts.bench.factor_agreement import agreement_row
from scripts.bench.factor_asking import Missing, Peer, asked
from scripts.bench.factor_market import write_market
from scripts.bench.progress import Track
from scripts.bench.rows import Row
from scripts.bench.spread import Spread

THREADS = 2
ROUNDS = 5
MINUTE_SYMBOLS = 8
MEMORY_GOAL_MB = 2000.0
NS_PER_MS = 1e6

# peer -> which of ours it is compared with, and how many times faster is promised.
GOALS: Mapping[str, tuple[str, float]] = {
    "vnpy prepare_data": ("ours, frames", 50.0),
    "KunQuant batch, inexact": ("ours, history", 1.0),
    "polars by hand": ("ours, history", 1.0),
}

Measured = dict[str, tuple[float, float]]
"""Peer -> ms and MB."""


def measure_histories(folder: Path, symbols: int, days: int, track: Track) -> list[Row]:
    """Rows of the day market: vnpy computes once, all others several times in turns."""
    write_market(folder / "market.npy", days, symbols)
    what = f"history, {symbols:,} symbols x {days:,} days"
    step = track(what, ROUNDS + 2)
    repeated = ("ours, history", "KunQuant batch, inexact")
    rows: list[Row] = []
    found: Measured = {}
    for names, rounds in ((repeated, ROUNDS), (("ours, frames",), 3), (("vnpy prepare_data",), 1)):
        with asked(names, folder, threads=THREADS) as started:
            peers = [peer for peer in started if isinstance(peer, Peer)]
            found |= _measured(peers, rounds)
            rows += [Row.of(what, None, "", peer=peer.why) for peer in started if isinstance(peer, Missing)]
            _keep(folder, peers)
        step()
    return _rows(what, found) + _agreement(folder, what, found) + rows


def measure_minutes(folder: Path, minutes: int, track: Track) -> list[Row]:
    """Rows of the minute market; the histories are too large to be in memory side by side."""
    write_market(folder / "market.npy", minutes, MINUTE_SYMBOLS)
    what = f"minutes, {MINUTE_SYMBOLS} symbols x {minutes:,}"
    names = [name for name, _ in load_set("alpha158").factors]
    step = track(what, 2)
    found: Measured = {}
    for name in ("ours, history", "polars by hand"):
        with asked((name,), folder, threads=THREADS, wanted=names) as (peer,):
            peers = [peer] if isinstance(peer, Peer) else []
            found |= _measured(peers, 2)
            _keep(folder, peers)
        step()
    return _rows(what, found) + _agreement(folder, what, found)


def _measured(peers: Sequence[Peer], rounds: int) -> Measured:
    """Medians of so many rounds, in turns; the first is not counted unless it is the only one."""
    durations: dict[str, list[int]] = {peer.name: [] for peer in peers}
    memory = dict.fromkeys(durations, 0.0)
    for _ in range(rounds):
        for peer in peers:
            took, most = peer.watch(1)
            durations[peer.name] += took
            memory[peer.name] = max(memory[peer.name], most)
    return {name: (Spread.of(took[1:] or took).p50, round(memory[name], 1)) for name, took in durations.items()}


def _rows(what: str, found: Measured) -> list[Row]:
    rows = []
    for name, (theirs, memory) in found.items():
        if name in GOALS:
            mine, factor = GOALS[name]
            ours, own_memory = found[mine]
            rows.append(Row.of(f"{what}", ours, "ms", peer=name, theirs=theirs, goal=round(theirs / factor, 4)))
            limit = MEMORY_GOAL_MB if name == "vnpy prepare_data" else None
            rows.append(Row.of(f"{what}, memory", own_memory, "MB", peer=name, theirs=memory, goal=limit))
    return rows or [Row.of(what, ours, "ms") for ours, _ in found.values()]


def _keep(folder: Path, peers: Sequence[Peer]) -> None:
    """Let the last values lie beside the market, as not all peers are there at once."""
    names = [name for name, _ in load_set("alpha158").factors]
    for peer in peers:
        np.save(folder / f"{peer.name}.npy", peer.values(folder, names), allow_pickle=False)


def _agreement(folder: Path, what: str, found: Measured) -> list[Row]:
    values = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in found}
    return [agreement_row(what, values[GOALS[name][0]], name, values[name]) for name in found if name in GOALS]
