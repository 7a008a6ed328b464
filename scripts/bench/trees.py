"""`python -m scripts.bench trees`: our trees beside LightGBM and those who promise to be faster."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from common.models.bits import equal_bits
from common.nearest import did_you_mean
from scripts.bench.progress import Step, Track
from scripts.bench.reporting import Bench, Chart, run
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.tree_asking import ENVIRONMENTS, Missing, Peer, asked
from scripts.bench.tree_chart import write_chart
from scripts.bench.tree_models import FEATURES, Size, grown, rows_for
from scripts.command import Json

SIZES = (Size(100, 15), Size(500, 31), Size(1000, 64))
LARGE = Size(20, 512)
"""Trees as large as few have them, so that it is seen where ours stop being ahead; nothing is promised for these."""

COUNTS = (1, 16, 64, 500, 5000, 50_000)
LIBRARIES = ("lightgbm", "numba", "numpy")
ROUNDS = 7
ROUNDS_OF_MANY = 3
MANY = 5000
LOAD_GOALS_S: Mapping[int, float] = {500: 1.0}
"""trees -> how soon it must be loaded."""

# (trees, rows, peer) -> how many times faster is promised.
GOALS: Mapping[tuple[int, int, str], float] = {
    (500, 5000, "LightGBM"): 8.0,
    (500, 5000, "lleaves"): 2.0,
    (1000, 5000, "LightGBM"): 6.0,
    (1000, 5000, "lleaves"): 1.0,
    **{(size.trees, rows, "LightGBM"): 1.0 for size in SIZES for rows in (1, 16)},
    **{(size.trees, 500, "LightGBM"): 4.0 for size in SIZES},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one peer took for one number of rows."""

    size: Size
    rows: int
    peer: str
    spread: Spread


def trees(
    *,
    peers: Annotated[str, typer.Option(help="Peers beside ours, by comma; default all.")] = "",
    folder: Annotated[Path, typer.Option(help="Models and compiled peers lie here.")] = Path("state/bench"),
    quick: Annotated[bool, typer.Option("--quick", help="See that it works; the figures mean little.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a chart as HTML.")] = None,
    json_file: Json = None,
) -> None:
    """Measure how fast trees are scored: ours, LightGBM, lleaves, ONNX Runtime, Treelite, tl2cgen; one thread each.

    All peers of a model take turns, so that whatever else the machine does meets them alike.
    """
    names = ["ours", *(chosen(peers) if peers else [name for name in ENVIRONMENTS if name != "ours"])]
    sizes, counts = ((Size(20, 7),), (1, 16, 500)) if quick else ((*SIZES, LARGE), COUNTS)
    cells: list[Cell] = []

    def all_sizes(bench: Bench) -> list[Row]:
        rows: list[Row] = []
        for size in sizes:
            more_rows, more_cells = measure(folder, size, counts, names, bench.track)
            rows += more_rows
            cells.extend(more_cells)
        return rows

    def draw(path: Path, _rows: Sequence[Row]) -> None:
        write_chart(path, [(str(cell.size), cell.rows, cell.peer, cell.spread.p50) for cell in cells])

    run(all_sizes, LIBRARIES, json_file, Chart(plot, draw))


def measure(
    folder: Path, size: Size, counts: Sequence[int], names: list[str], track: Track
) -> tuple[list[Row], list[Cell]]:
    """Rows and cells of one model."""
    model = grown(folder, size, track(f"growing {size}", size.trees))
    values = rows_for(folder, max(counts))
    with asked(names, model, values, folder) as started, tempfile.TemporaryDirectory() as room:
        peers = [peer for peer in started if isinstance(peer, Peer)]
        cells = _cells(size, counts, peers, track(f"scoring {size}", sum(map(_rounds, counts))))
        rows = [*_speed(size, counts, cells, started), *_loading(size, peers), *agreement(size, peers, Path(room))]
    return rows, cells


def _cells(size: Size, counts: Sequence[int], peers: Sequence[Peer], step: Step) -> list[Cell]:
    cells = []
    for rows in counts:
        durations: dict[str, list[int]] = {peer.name: [] for peer in peers}
        for _ in range(_rounds(rows)):
            for peer in peers:
                # The first calls warm caches up and are not counted.
                calls = 1 if rows > MANY else max(3, 600 // rows)
                durations[peer.name] += peer.measure(rows, calls + 1)[1:]
            step()
        cells += [Cell(size, rows, name, Spread.of(found)) for name, found in durations.items()]
    return cells


def _rounds(rows: int) -> int:
    return ROUNDS if rows <= MANY else ROUNDS_OF_MANY


def _speed(size: Size, counts: Sequence[int], cells: Sequence[Cell], peers: Sequence[Peer | Missing]) -> list[Row]:
    found = {(cell.rows, cell.peer): cell.spread.p50 for cell in cells}
    rows = []
    for count in counts:
        what, ours = f"{count:,} x {FEATURES}, {size}", found[count, "ours"]
        for peer in peers:
            if isinstance(peer, Peer) and peer.name != "ours":
                theirs, factor = found[count, peer.name], GOALS.get((size.trees, count, peer.name))
                goal = theirs / factor if factor else None
                rows.append(Row.of(what, ours, "ms", peer=peer.name, theirs=theirs, goal=goal))
    return rows + [Row.of(str(size), None, "", peer=peer.why) for peer in peers if isinstance(peer, Missing)]


def _loading(size: Size, peers: Sequence[Peer]) -> list[Row]:
    ours = next(peer for peer in peers if peer.name == "ours")
    rows = [Row.of(f"load, {size}", ours.load_s, "s", goal=LOAD_GOALS_S.get(size.trees))]
    for peer in peers:
        if peer is not ours:
            rows.append(Row.of(f"load, {size}", ours.load_s, "s", peer=peer.name, theirs=peer.load_s))
            rows.append(Row.of(f"memory, {size}", ours.memory_mb, "MB", peer=peer.name, theirs=peer.memory_mb))
    return rows


def agreement(size: Size, peers: Sequence[Peer], room: Path, rows: int = 500) -> list[Row]:
    """Which share of the scores has LightGBM's bits."""
    scores = {peer.name: peer.scores(rows, room) for peer in peers}
    if "LightGBM" not in scores:
        return []
    share = {name: float(np.mean(equal_bits(found, scores["LightGBM"]))) for name, found in scores.items()}
    what = f"scores with LightGBM's bits, {size}"
    return [
        Row.of(what, share["ours"], "share", peer=name, theirs=theirs)
        for name, theirs in share.items()
        if not name.startswith(("ours", "LightGBM"))
    ] or [Row.of(what, share["ours"], "share")]


def chosen(text: str) -> list[str]:
    """Peers in their own order, ours aside; BadParameter for a name that is none, in whatever case."""
    known = {name.lower(): name for name in ENVIRONMENTS}
    # One of the names has a comma itself.
    wanted = [part.strip() for part in re.findall(r"lightgbm, 2 threads|[^,]+", text.lower()) if part.strip()]
    for part in wanted:
        if part not in known:
            raise typer.BadParameter(f"no peer {part!r}{did_you_mean(part, known)}", param_hint="--peers")
    return [name for key, name in known.items() if key in wanted and name != "ours"]
