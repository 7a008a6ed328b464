"""Models of a lab: versions in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common.models.bundle import Bundle
from common.models.records import ModelRef
from common.models.registry import Registry


@dataclass(frozen=True, slots=True)
class Models:
    """A registry below a folder, made by the first question; `author` stands in its history, with ns of the `clock`."""

    folder: Path
    clock: Callable[[], int]
    author: str

    def save(self, bundle: Bundle, why: str) -> ModelRef:
        """The next version of its name, or the one it has already."""
        with self._registry() as registry:
            return registry.add(bundle, author=self.author, why=why)

    def load(self, name: str, version: int | None) -> Bundle:
        """A verified bundle, the newest version unless told otherwise; RegistryError with the closest name."""
        with self._registry() as registry:
            return registry.load(registry.version(name, version).ref)

    def remove(self, name: str, version: int, why: str) -> None:
        """Delete a version no alias means."""
        with self._registry() as registry:
            registry.remove(name, version, by=self.author, why=why)

    def names(self) -> list[str]:
        """Of all models, ascending."""
        with self._registry() as registry:
            return sorted({row.ref.name for row in registry.models()})

    def _registry(self) -> Registry:
        return Registry(self.folder, clock=self.clock)
