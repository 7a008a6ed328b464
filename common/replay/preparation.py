"""From a file of bars to an instance that can be started: loaded, split, trained on, promoted, configured."""

from __future__ import annotations

import getpass
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from common.atomic import replacing
from common.config import Config, make_config
from common.errors import TooFewRowsError
from common.factors.sets import load_set
from common.market.constituents import Constituents, load_constituents
from common.market.sample import sample_market
from common.market.store import BarTable, load_bars
from common.models.records import ModelRef
from common.models.registry import Registry
from common.models.signature import optional_key
from common.replay.split import Split
from common.replay.toml import write_toml
from common.research.history import history_of
from common.research.recipe import Recipe
from common.research.training import Progress, Trained, silent, train_or_reuse

ALIAS = ARM = "champion"


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
    key: Path | None = None
    kinds: tuple[str, ...] = ()
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
    with open_registry(config) as registry:
        try:
            trained = train_or_reuse(history, recipe, registry, author=getpass.getuser(), progress=progress)
        except TooFewRowsError as error:
            raise TooFewRowsError(f"{wish.bars}: {_too_few(error, wish, table, split)}") from error
    promote(config, trained.ref, f"trained on {wish.bars}")
    return trained


def open_registry(config: Config) -> Registry:
    """The registry of a configuration, with its key; ModelError when that cannot be used."""
    return Registry(config.registry, clock=time.time_ns, key=optional_key(config.key))


def champion_of(config: Config) -> ModelRef | None:
    """What the instance's champion is now, None where there was none yet."""
    with open_registry(config) as registry:
        return {row.alias: row.ref for row in registry.aliases(config.instance)}.get(ALIAS)


def promote(config: Config, ref: ModelRef, why: str) -> None:
    """Make a version the instance's champion; one that failed to take over since it became it is to be tried again."""
    with open_registry(config) as registry:
        last = registry.last_change(config.instance, ALIAS)
        failed = [row for row in registry.events(config.instance, ARM) if row.action == "swap_failed"]
        again = last is not None and any(row.target == ref.key and row.number > last.number for row in failed)
        registry.promote(config.instance, ALIAS, *ref.key, by=getpass.getuser(), why=why, again=again)


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
        "arms": {ARM: {"alias": ALIAS, "capital": 1.0}},
    }
    if wish.key is not None:
        values["key"] = str(wish.key)
    if wish.kinds:
        values["kinds"] = list(wish.kinds)
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
