"""Whether a file of precomputed signals is for this instance: its models, its members, its rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from common.config import Config
from common.errors import ConfigError, ModelError, SignalFileError
from common.market.constituents import load_constituents
from common.models.registry import Registry
from common.models.signature import optional_key
from common.research.precompute_file import Provenance, SignalFile, read_precomputed
from common.research.roll_call import Conditions


def admit(path: Path, config: Config, clock: Callable[[], int]) -> SignalFile:
    """Read the file `cache.precomputed` names; ConfigError where it cannot be used, or is not for this instance."""
    try:
        file = read_precomputed(path)
    except SignalFileError as error:
        raise ConfigError(f"cache.precomputed: {error}") from error
    if (wrong := _strangeness(file.provenance, config, clock)) is not None:
        raise ConfigError(f"cache.precomputed: {path}: {wrong}")
    return file


def _strangeness(told: Provenance, config: Config, clock: Callable[[], int]) -> str | None:
    if told.instance not in {None, config.instance}:
        return f"it is for instance {told.instance!r}, and this is {config.instance!r}"
    if config.interval_ns and told.interval_ns != config.interval_ns:
        return f"its bars are of {told.interval_ns} ns, and interval_ns is {config.interval_ns}"
    for key, value in _conditions(config).words.items():
        if told.conditions.get(key) != value:
            return f"it was computed with {key} = {told.conditions.get(key)}, and this instance has {value}"
    return _unknown_model(told, config, clock)


def _conditions(config: Config) -> Conditions:
    members = config.feed.members
    return Conditions(
        config.feed.patience_bars,
        config.inference.min_coverage,
        config.inference.min_features,
        None if members is None else load_constituents(members),
        config.feed.forget_bars,
    )


def _unknown_model(told: Provenance, config: Config, clock: Callable[[], int]) -> str | None:
    """Why the model is not one this instance might serve: not on record here, another one, or not signed."""
    try:
        key = optional_key(config.key)
        with Registry(config.registry, clock=clock, read_only=True, key=key) as registry:
            ref = registry.version(told.model, told.version).ref
            if ref.digest != told.digest:
                return f"its {ref} is {told.digest[:12]}, and that of {config.registry} is {ref.digest[:12]}"
            registry.inspect(ref)
    except ModelError as error:
        return f"its model {told.model}/{told.version} is not one of this instance: {error}"
    return None
