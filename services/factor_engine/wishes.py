"""Which plans are wanted beside the configured one: those of the models that serve, are to serve, or may again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from alphabus.clock import Clock
from common.config import Config
from common.errors import FactorError, RegistryError
from common.factors.plan import Plan, compile_set
from common.models.bundle import load_manifest
from common.models.factor_record import set_of
from common.models.manifest import Manifest
from common.models.records import ModelRef
from common.models.registry import Registry
from common.models.signature import Key, check_signature, configured_key

LOOK_NS = 50_000_000


def plan_name(factor_set: str, digest: str) -> str:
    """What a plan is called in topics and files."""
    return f"{factor_set}.{digest[:8]}"


@dataclass(frozen=True, slots=True)
class Wish:
    """A plan by its name; `plan` is None when it is at work already."""

    name: str
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Bundles:
    """Where the bundles lie, and the key they must be signed with, if there is one."""

    folder: Path
    key: Key | None = None

    def manifest(self, ref: ModelRef) -> Manifest:
        """What a version says of itself; BundleError for one that may not serve, before anything in it is read."""
        folder = self.folder / ref.digest
        if self.key is not None:
            check_signature(folder, self.key)
        return load_manifest(folder)


def read_wish(bundles: Bundles, ref: ModelRef, at_work: frozenset[str]) -> Wish:
    """Compile the plan a version was trained on; ModelError or FactorError when that cannot be."""
    manifest = bundles.manifest(ref)
    record = manifest.factor_set
    name = plan_name(record.name, record.plan)
    if name in at_work:
        return Wish(name, None)
    plan = compile_set(set_of(manifest))
    if plan.digest.hex() != record.plan:
        raise FactorError(
            f"{ref}: its factors compile to plan {plan.digest.hex()[:8]} here, it was trained on {record.plan[:8]}; "
            f"train it anew with this version"
        )
    return Wish(name, plan)


class Wishes:
    """Looks several times a second whether the registry has changed, and only then into it; waits for nobody."""

    def __init__(self, config: Config, clock: Clock, log: FilteringBoundLogger) -> None:
        """ConfigError when the configured key cannot be used: then no model could serve either."""
        self._config, self._clock, self._log = config, clock, log
        self.bundles = Bundles(config.registry / "bundles", configured_key(config.key))
        self._registry: Registry | None = None
        self._seen: int | None = None
        self._look_ns = 0
        self._told = ""

    @property
    def absent(self) -> bool:
        """Whether there is no registry yet, so that nothing can be wanted."""
        return self._registry is None and not (self._config.registry / "registry.sqlite").exists()

    def news(self) -> frozenset[ModelRef] | None:
        """The versions whose plans are wanted; None when nothing changed, or it cannot be read now."""
        now = self._clock.monotonic_ns()
        if now < self._look_ns or self.absent:
            return None
        self._look_ns = now + LOOK_NS
        try:
            return self._read()
        except RegistryError as error:  # asked again at the next look
            if str(error) != self._told:
                self._told = str(error)
                self._log.warning("registry_unread", error=self._told)
            return None

    def close(self) -> None:
        """Close the registry."""
        if self._registry is not None:
            self._registry.close()

    def _read(self) -> frozenset[ModelRef] | None:
        if self._registry is None:
            self._registry = Registry(self._config.registry, clock=self._clock.wall_ns, read_only=True, timeout_s=0.0)
        version = self._registry.data_version()
        if version == self._seen:
            return None
        found = self._wanted(self._registry)
        self._seen = version
        return found

    def _wanted(self, registry: Registry) -> frozenset[ModelRef]:
        """What may serve each arm without another promotion."""
        arms = self._config.arms.items()
        keys = {key for arm, of in arms for key in registry.wanted(self._config.instance, arm, of.alias)}
        return frozenset(ref for key in keys if (ref := _version(registry, key)) is not None)


def _version(registry: Registry, key: tuple[str, int]) -> ModelRef | None:
    """Return a version that is there; one that never was, or was removed since, asks for no plan."""
    with suppress(RegistryError):
        return registry.version(*key).ref
    return None
