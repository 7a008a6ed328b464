"""From a file of bars to an instance that goes on for ever: all of the file is history, made-up bars follow live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from common.config import Config, Source, load_config
from common.errors import ConfigError
from common.identity import check_state
from common.market.store import BarTable
from common.models.orders import in_force
from common.models.records import Change, ModelRef
from common.replay.preparation import ARM, Wish, champion_of, configure, open_registry, train
from common.replay.split import Split
from common.research.training import Progress, silent

POLICY = "deadline"


def whole_history(table: BarTable) -> Split:
    """Nothing of the file is replayed."""
    times = table.times
    return Split(int(times[-1]) + 1, len(times), 0)


def configure_upkeep(wish: Wish, table: BarTable, seed: int) -> Config:
    """The configuration of an instance whose bars never end; raises ConfigError."""
    source = {
        "kind": "generated",
        "bars": str(wish.bars),
        "zone": wish.zone,
        "stamp": table.stamped,
        "interval": wish.interval,
        "seed": seed,
    }
    overrides = {"inference": {"policy": POLICY}, **wish.overrides, "feed": {"source": source}}
    return configure(replace(wish, overrides=overrides), table, whole_history(table))


def refuse_another_market(config: Config, config_file: Path) -> None:
    """Raise ConfigError when the record there is another instance's, or goes on from other bars: two markets in one."""
    check_state(config)
    if not (config_file.exists() and (config.state / "journal").exists()):
        return
    written = load_config(config_file)
    if written.instance != config.instance:
        raise ConfigError(
            f"{config_file.parent} belongs to instance {written.instance!r}, not {config.instance!r}: choose another "
            "folder (OUT=), or that instance (INSTANCE=)"
        )
    before = written.feed.source
    if before != config.feed.source:
        raise ConfigError(
            f"{config.state} goes on from {_told(before)}, not from {_told(config.feed.source)}: remove it to begin "
            "anew, or choose another folder (OUT=) and instance (INSTANCE=)"
        )


def champion(wish: Wish, config: Config, table: BarTable, *, progress: Progress = silent) -> tuple[ModelRef, bool]:
    """The model on record as the instance's champion, and whether it was just trained because there was none."""
    known = champion_of(config)
    if known is not None:
        return known, False
    return train(wish, config, table, whole_history(table), progress=progress).ref, True


def orders_in_force(config: Config) -> list[Change]:
    """What people ordered its champion to do and have not taken back: a restart does not end it."""
    with open_registry(config) as registry:
        return in_force(registry.events(config.instance, ARM))


def _told(source: Source) -> str:
    return f"{source.bars} (seed {source.seed}, {source.interval} bars stamped at the {source.stamp} in {source.zone})"
