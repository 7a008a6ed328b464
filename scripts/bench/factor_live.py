"""One live step, beside KunQuant's stream: peers take turns of a few sections, on the same bars."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.bench.factor_agreement import agreement_row
from scripts.bench.factor_asking import Missing, Peer, asked
from scripts.bench.factor_market import write_market
from scripts.bench.progress import Step, Track
from scripts.bench.rows import Row
from scripts.bench.spread import Spread

PEERS = ("ours", "KunQuant stream", "KunQuant stream, inexact")
MISSING = 0.1
WARM_UP = 70
TURN = 10
UNMEASURED = 2
"""Sections at the start of a turn that bring things back to the caches."""

# (symbols, bars missing, peer) -> how many times faster is promised.
GOALS: Mapping[tuple[int, bool, str], float] = {
    (5000, False, "KunQuant stream"): 20.0,
    (5000, True, "KunQuant stream"): 8.0,
    (500, False, "KunQuant stream"): 5.0,
    (500, False, "KunQuant stream, inexact"): 1.0,
}


def measure_live(folder: Path, symbols: int, sections: int, track: Track) -> list[Row]:
    """Rows for all symbols present, and with a tenth missing at random in each section."""
    rows: list[Row] = []
    for missing in (0.0, MISSING):
        write_market(folder / "market.npy", WARM_UP + sections, symbols, missing)
        what = f"live step, {symbols:,} symbols{f', {missing:.0%} missing' if missing else ''}"
        with asked(PEERS, folder) as started:
            spreads = _spreads(started, sections, track(what, sections // TURN))
            rows += _rows(what, (symbols, missing > 0), spreads)
            rows += [Row.of(what, None, "", peer=peer.why) for peer in started if isinstance(peer, Missing)]
            if not missing:
                rows += _agreement(folder, what, started)
                rows.append(_memory(what, started))
    return rows


def _spreads(started: Sequence[Peer | Missing], sections: int, step: Step) -> dict[str, Spread]:
    peers = [peer for peer in started if isinstance(peer, Peer)]
    durations: dict[str, list[int]] = {peer.name: [] for peer in peers}
    for peer in peers:
        peer.measure(WARM_UP)
    at = WARM_UP
    for _ in range(sections // TURN):
        for peer in peers:
            durations[peer.name] += peer.measure(TURN + UNMEASURED, at)[UNMEASURED:]
        at += TURN + UNMEASURED
        step()
    return {name: Spread.of(found) for name, found in durations.items()}


def _rows(what: str, case: tuple[int, bool], spreads: Mapping[str, Spread]) -> list[Row]:
    ours, rows = spreads["ours"], []
    for name, theirs in spreads.items():
        if name != "ours":
            factor = GOALS.get((*case, name))
            for figure in ("p50", "p99"):
                mine, other = getattr(ours, figure), getattr(theirs, figure)
                goal = round(other / factor, 4) if factor else None
                rows.append(Row.of(f"{what}, {figure}", mine, "ms", peer=name, theirs=other, goal=goal))
    return rows or [Row.of(f"{what}, {figure}", getattr(ours, figure), "ms") for figure in ("p50", "p99")]


def _agreement(folder: Path, what: str, started: Sequence[Peer | Missing]) -> list[Row]:
    peers = [peer for peer in started if isinstance(peer, Peer)]
    names = peers[0].facts["names"]
    ours, *others = [(peer.name, peer.values(folder, names)) for peer in peers]
    return [agreement_row(what, ours[1], name, values) for name, values in others]


def _memory(what: str, started: Sequence[Peer | Missing]) -> Row:
    """State and scratch of a symbol."""
    found = next(peer.facts["symbol_bytes"] for peer in started if isinstance(peer, Peer) and peer.name == "ours")
    return Row.of(f"memory a symbol, {what.partition(', ')[2]}", round(found / 1000, 2), "kB", goal=40.0)
