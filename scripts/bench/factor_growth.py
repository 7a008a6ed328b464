"""How the cost of a live step grows with symbols and with factors, and what bends the curve."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from common.errors import PipelineError
from common.factors.sets import load_set
from scripts.bench.factor_asking import Missing, asked
from scripts.bench.factor_market import write_market
from scripts.bench.progress import Track
from scripts.bench.rows import Row
from scripts.bench.spread import NS_PER_MS

SECTIONS = 24
MEASURED = 60
OTHER_WINDOWS = {"5": "7", "10": "12", "20": "25", "30": "40", "60": "50"}
SEED = 1


def measure_growth(folder: Path, symbols: Iterable[int], factors: Iterable[int], usual: int, track: Track) -> list[Row]:
    """Steps of Alpha158 with ever more symbols, then of ever more factors with the usual number of symbols."""
    texts = many_texts()
    everywhere = len(load_set("alpha158").factors)
    sizes = [(count, everywhere) for count in symbols] + [(usual, count) for count in factors]
    step, rows = track("growth", len(sizes)), []
    for count, number in sizes:
        chosen = dict(list(texts.items())[:number]) if number != everywhere else {}
        rows += _rows(folder, count, number, chosen)
        step()
    return rows


def many_texts() -> dict[str, str]:
    """Alpha158 in an order that mixes its families, then the same factors over other windows."""
    known = dict(load_set("alpha158").factors)
    names = np.random.default_rng(SEED).permutation(sorted(known)).tolist()
    found = {name: known[name] for name in names}
    for name in names:
        stem, _, window = name.rpartition("_")
        if window in OTHER_WINDOWS and stem + "_30" in known:
            other = OTHER_WINDOWS[window]
            found[f"{stem}_{other}"] = (
                known[name].replace(f", {window}", f", {other}").replace(f") / {window}", f") / {other}")
            )
    return found


def _rows(folder: Path, symbols: int, factors: int, texts: dict[str, str]) -> list[Row]:
    write_market(folder / "market.npy", SECTIONS, symbols)
    request = {"texts": texts} if texts else {}
    with asked(("ours", "memory alone"), folder, **request) as (ours, memory):
        if isinstance(ours, Missing) or isinstance(memory, Missing):
            raise PipelineError(next(peer.why for peer in (ours, memory) if isinstance(peer, Missing)))
        # The fastest of many: what others did to the rest says nothing of growth.
        took = [round(min(each.measure(MEASURED + SECTIONS)[SECTIONS:]) / NS_PER_MS, 4) for each in (ours, memory)]
    what = f"growth, {symbols:,} symbols x {factors} factors"
    return [
        Row.of(what, took[0], "ms", peer="memory alone", theirs=took[1]),
        Row.of(f"{what}, a symbol", round(took[0] / symbols * 1e6, 1), "ns", peer="memory alone",
               theirs=round(took[1] / symbols * 1e6, 1)),
    ]  # fmt: skip
