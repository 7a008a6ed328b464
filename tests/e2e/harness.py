"""A replay on real processes, as a test wants it: small bars, a folder of its own, everything stopped at the end."""

from __future__ import annotations

import os
import select
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from alphabus.clock import SystemClock
from common.market.sample import sample_market
from common.replay.follow import Outcome, Progress, follow
from common.replay.pipeline import Pipeline
from common.replay.preparation import Prepared, Wish, configure, load, train, write_config
from common.replay.results import digest_signals, last_revisions, read_signals, section_rows
from common.replay.summary import Missing, missing_sections
from scripts.processes import kin

STALLED_NS = 90_000_000_000


@dataclass(frozen=True, slots=True)
class Ran:
    """What a finished run left."""

    prepared: Prepared
    outcome: Outcome
    signals: pl.DataFrame
    rows: list[dict[str, Any]]

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical signals."""
        return digest_signals(self.signals)

    @property
    def missing(self) -> list[Missing]:
        """Replayed sections without a signal."""
        return missing_sections(self.prepared, self.rows)

    def statuses(self) -> dict[int, list[tuple[str, str, int]]]:
        """Status, reason and age of every revision, by bar."""
        found: dict[int, list[tuple[str, str, int]]] = {}
        for row in sorted(self.rows, key=lambda row: (row["bar"], row["revision"])):
            found.setdefault(row["bar"], []).append((row["status"], row["reason"], row["age"]))
        return found

    def values(self) -> pl.DataFrame:
        """Symbol, signal and flag of the last revision of every computed section."""
        final = last_revisions(self.signals).filter(pl.col("status").is_in(["fresh", "late"]))
        return final.select("stamp", "symbol", "signal", "flag").sort("stamp", "symbol")


@dataclass(slots=True)
class Bench:
    """Prepares and runs replays of one file of bars."""

    bars: Path
    folder: Path
    runs: int = 0

    def stamp_of(self, bar: int) -> str:
        """The stamp of a section, by its number, as SPLIT takes it."""
        return str(pl.read_parquet(self.bars)["datetime"].unique().sort()[bar - 1])

    def prepare(self, split: str | None = None, **overrides: dict[str, Any]) -> Prepared:
        """Load, train (or find the model), configure; each run has its own folders."""
        self.runs += 1
        out = self.folder / f"run-{self.runs}"
        registry = self.folder / "registry"
        wish = Wish(self.bars, out, split=split, instance="test", registry=registry, overrides=overrides)
        table, parts = load(wish)
        config = configure(wish, table, parts)
        trained = train(wish, config, table, parts)
        out.mkdir()
        return Prepared(table, parts, trained, config, write_config(out, config))

    def run(
        self,
        during: Callable[[Pipeline, Progress], None] | None = None,
        split: str | None = None,
        **overrides: dict[str, Any],
    ) -> Ran:
        """One run to its end; `during` is called whenever it has moved."""
        return replayed(self.prepare(split, **overrides), during)


def replayed(prepared: Prepared, during: Callable[[Pipeline, Progress], None] | None = None) -> Ran:
    """One run of what was prepared, to its end."""
    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        report = (lambda _: None) if during is None else (lambda now: during(pipeline, now))
        outcome = follow(pipeline, SystemClock(), report, STALLED_NS)
    state, arms = prepared.config.state, list(prepared.config.arms)
    return Ran(prepared, outcome, read_signals(state, arms), section_rows(state, arms))


@contextmanager
def short_run_dir() -> Iterator[Path]:
    """A run folder whose socket paths are short enough; pytest's own are too long."""
    with tempfile.TemporaryDirectory(prefix="ab-") as name:
        before = os.environ.get("ALPHABUS_RUN_DIR")
        os.environ["ALPHABUS_RUN_DIR"] = name
        try:
            yield Path(name)
        finally:
            if before is None:
                del os.environ["ALPHABUS_RUN_DIR"]
            else:
                os.environ["ALPHABUS_RUN_DIR"] = before


def write_small_market(path: Path, *, symbols: int = 24, days: int = 420) -> None:
    """A sample market that trains and replays in seconds."""
    sample_market(symbols=symbols, days=days).write_parquet(path)


def processes_of(run_dir: Path) -> list[int]:
    """Processes whose environment or command line names this run folder: none may be left behind."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(run_dir).encode() in environment:
                found.append(int(entry.name))
    return found


def wait_until_gone(pids: Iterable[int], patience_s: float = 60.0) -> None:
    """Until all of these have ended, or patience ends; who has ended already is passed over."""
    until = time.monotonic() + patience_s
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        select.select([descriptor], [], [], max(until - time.monotonic(), 0.0))
        os.close(descriptor)


def eventually(holds: Callable[[], bool], patience_s: float = 60.0) -> None:
    """Until it holds; fails when patience ends."""
    until = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)


def show(what: str, figure: float, unit: str = "s") -> None:
    """For people; pytest -s shows it."""
    sys.stdout.write(f"\n{what} {figure:.2f} {unit}")


def state_of(pid: int) -> str | None:
    """One letter of the kernel's, such as T (stopped) or Z (ended, and nobody has waited for it); None: gone."""
    fields = kin.stat_of(pid)
    return fields[0] if fields else None


def parent_of(pid: int) -> int:
    """Process id of the parent; ProcessLookupError when the process is gone."""
    parent = kin.parent_of(pid)
    if parent is None:
        raise ProcessLookupError(pid)
    return parent
