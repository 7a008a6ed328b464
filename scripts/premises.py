"""What holds where models are made, vouched for and served: as a configuration says, or options instead of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import typer

from alphabus.clock import SystemClock
from common.config import Config, load_config
from common.errors import ConfigError
from common.models.kinds import known_kinds, own_kinds, read_entries
from common.models.names import check_name
from common.models.registry import Registry
from common.models.signature import Key, optional_key
from scripts.command import usage

DEFAULT_REGISTRY = Path("state/registry")

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Configuration of what serves: its registry, key and kinds count."),
]
RegistryFolder = Annotated[
    Path | None,
    typer.Option("--registry", help=f"Folder of the registry; default: the configuration's, else {DEFAULT_REGISTRY}."),
]
KeyFile = Annotated[
    Path | None, typer.Option("--key", help="Key file to sign and to check with; default: the configuration's.")
]
OwnKinds = Annotated[
    list[str] | None,
    typer.Option("--own-kind", metavar="NAME=MODULE:CLASS", help="A kind of your own, beside the configuration's."),
]


@dataclass(frozen=True, slots=True)
class Premises:
    """Folder of the registry, the key that vouches, classes of kinds by name; an instance, a configuration if named."""

    registry: Path
    key: Key | None
    kinds: Mapping[str, str]
    instance: str | None
    config: Config | None = None

    @classmethod
    def of(
        cls,
        config: Path | None,
        registry: Path | None,
        key: Path | None = None,
        own_kind: list[str] | None = None,
        instance: str | None = None,
    ) -> Self:
        """Options count before the configuration, own kinds beside it; ConfigError, typer.BadParameter."""
        found = None if config is None else load_config(config)
        folder = registry or (DEFAULT_REGISTRY if found is None else found.registry)
        return cls(folder, _key(key, found), _kinds(own_kind or [], found), _instance(instance, found, config), found)

    @property
    def named_instance(self) -> str:
        """The instance; typer.BadParameter when none was named, or it cannot be the name of one."""
        if self.instance is None:
            raise typer.BadParameter("name it, or the configuration it has", param_hint="--instance, --config")
        with usage("--instance"):
            return check_name("instance", self.instance)

    def reader(self) -> Registry:
        """The registry to look at; RegistryError when there is none."""
        return Registry(self.registry, clock=SystemClock().wall_ns, read_only=True, key=self.key)

    def writer(self) -> Registry:
        """The registry to change; RegistryError when there is none: a mistyped folder must not become one."""
        return self._changing(existing=True)

    def maker(self) -> Registry:
        """The registry to change, made where there is none."""
        return self._changing(existing=False)

    def _changing(self, *, existing: bool) -> Registry:
        return Registry(self.registry, clock=SystemClock().wall_ns, key=self.key, existing=existing)


def _key(file: Path | None, config: Config | None) -> Key | None:
    with usage("--key" if file else "--config"):
        return optional_key(file or (None if config is None else config.key))


def _kinds(entries: list[str], config: Config | None) -> Mapping[str, str]:
    with usage("--config"):
        configured = {} if config is None else read_entries(config.kinds or ())
    with usage("--own-kind"):
        return {**known_kinds(), **own_kinds({**configured, **read_entries(entries)})}


def _instance(name: str | None, config: Config | None, file: Path | None) -> str | None:
    if config is None:
        return name
    if name not in {None, config.instance}:
        raise ConfigError(f"{file} is of instance {config.instance!r}, and --instance says {name!r}")
    return config.instance
