"""From a file of bars to an instance that can be started: loaded, split, trained on, promoted, configured."""

from __future__ import annotations

import getpass
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from common.atomic import replacing
from common.config import Config, make_config
from common.errors import BarFileError, LockError, TooFewRowsError
from common.factors.sets import load_set
from common.lock import Lock
from common.market.constituents import Constituents, load_constituents
from common.market.sample import sample_market
from common.market.store import BarTable, load_bars
from common.models.registry import Registry
from common.replay.split import Split
from common.replay.toml import write_toml
from common.research.history import history_of
from common.research.recipe import Recipe
from common.research.training import Progress, Trained, silent, train_or_reuse

ALIAS, LOCK = "champion", ".lock"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be replayed, and how."""

    bars: Path
    out: Path
    zone: str = "UTC"
    stamp: Literal["auto", "open", "close"] = "auto"
    interval: str = "auto"
    split: str | None = None
    instance: str | None = None
    factor_set: str = "basic"
    pace_s: float | None = None
    speed: float | None = None
    members: Path | None = None
    registry: Path = Path("state/registry")
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the instance, and of its model: as given, else made from the file's."""
        made = re.sub(r"[^a-z0-9_-]+", "-", self.bars.stem.lower()).strip("-_")[:48]
        return self.instance or made or "replay"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything the launch needs."""

    table: BarTable
    split: Split
    trained: Trained
    config: Config
    config_file: Path


def make_sample(path: Path) -> bool:
    """Write the sample market unless it is there; returns whether it was made."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        sample_market().write_parquet(temporary)
    return True


def load(wish: Wish) -> tuple[BarTable, Split]:
    """Load and split; raises BarFileError."""
    table = load_table(wish)
    return table, Split.of(table, wish.split)


def load_table(wish: Wish) -> BarTable:
    """The bars; raises BarFileError."""
    return load_bars(wish.bars, zone=wish.zone, stamp=wish.stamp, interval=wish.interval)


def train(wish: Wish, config: Config, table: BarTable, split: Split, *, progress: Progress = silent) -> Trained:
    """Train on history alone, or find the model that was trained on it, and make it the instance's champion.

    Membership is judged in training as the feed will judge it.
    """
    history = history_of(table.frame, split.split_ns)
    recipe = Recipe(
        wish.name,
        load_set(config.factors.set),
        patience_bars=config.feed.patience_bars,
        min_coverage=config.inference.min_coverage,
        constituents=constituents_of(config.feed.members, table),
    )
    with Registry(config.registry, clock=time.time_ns) as registry:
        try:
            trained = train_or_reuse(history, recipe, registry, author=getpass.getuser(), progress=progress)
        except TooFewRowsError as error:
            raise TooFewRowsError(f"{wish.bars}: {_too_few(error, wish, table, split)}") from error
        registry.promote(
            wish.name, ALIAS, trained.ref.name, trained.ref.version, by=getpass.getuser(), why=f"trained on {wish.bars}"
        )
    return trained


def _too_few(error: TooFewRowsError, wish: Wish, table: BarTable, split: Split) -> str:
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in table.rejected_by_reason.items())
    return (
        f"{error}. History has {split.history:,} of {split.history + split.replayed:,} times: move SPLIT= to a later "
        f"date, give more bars, or choose another SET= than {wish.factor_set}; refused rows: {rejected or 'none'}"
    )


def constituents_of(members: Path | None, table: BarTable) -> Constituents | None:
    """Who is a member as of when, if a file says so; raises BarFileError, also when it names none of the bars'."""
    return None if members is None else load_constituents(members, table.frame["symbol"].unique().to_list())


def configure(wish: Wish, table: BarTable, split: Split) -> Config:
    """The configuration of the instance; raises ConfigError."""
    values: dict[str, Any] = {
        "instance": wish.name,
        "state": str(wish.out / "state"),
        "logs": str(wish.out / "logs"),
        "registry": str(wish.registry),
        "interval_ns": table.interval_ns,
        "feed": {
            "source": {
                "bars": str(wish.bars),
                "zone": wish.zone,
                "stamp": table.stamped,
                "interval": wish.interval,
                "split_ns": split.split_ns,
            },
        },
        "factors": {"set": wish.factor_set},
        "arms": {"champion": {"alias": ALIAS, "capital": 1.0}},
    }
    members = None if wish.members is None else str(wish.members)
    chosen = {"pace_s": wish.pace_s, "speed": wish.speed, "members": members}
    values["feed"] |= {name: value for name, value in chosen.items() if value is not None}
    for table_name, overrides in wish.overrides.items():
        values[table_name] = {**values.get(table_name, {}), **overrides}
    return make_config(values, "the replay's settings")


def write_config(out: Path, config: Config) -> Path:
    """Put the configuration, every key of it, where the processes read it."""
    path = out / "config.toml"
    write_toml(path, config.model_dump(mode="json", exclude_none=True))
    return path


class Claim:
    """An output folder that is ours alone; a run that wrote nothing into it leaves nothing there, either."""

    def __init__(self, out: Path) -> None:
        """Raises BarFileError for a folder that holds something, but no replay's lock file."""
        self._out, self._lock = out, Lock(out / LOCK)
        if out.exists() and not out.is_dir():
            raise BarFileError(f"OUT={out} is not a folder")
        if out.is_dir() and not (out / LOCK).exists() and any(out.iterdir()):
            raise BarFileError(f"OUT={out} holds files that no replay wrote: choose another folder, or empty it")

    def __enter__(self) -> Self:
        """Take it; raises LockError, saying who writes there."""
        try:
            self._lock.__enter__()
        except LockError as error:
            raise LockError(
                f"another run writes into {self._out}: {error}, or choose another folder for this one (OUT=)"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        if [path.name for path in self._out.iterdir()] == [LOCK]:
            (self._out / LOCK).unlink()
            with suppress(OSError):  # somebody else has just begun to use it
                self._out.rmdir()
        self._lock.__exit__(kind, error, trace)


def clear(out: Path) -> None:
    """Remove what an earlier replay left."""
    for name in ("state", "logs"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("signals.parquet", "summary.json", "quarantine.jsonl", "config.toml"):
        (out / name).unlink(missing_ok=True)
