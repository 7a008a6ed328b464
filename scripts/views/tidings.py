"""What befell a pipeline that is kept up, each told once, in a line that stays where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tidings:
    """Remembers what was told; `deaths` are those of earlier starts, by process."""

    deaths: Mapping[str, int]
    full: frozenset[str] = field(default=frozenset())

    def lines(self, full: Iterable[str], deaths: Mapping[str, int]) -> list[str]:
        """What is new: who died and was started again, who began or ended to wait for space."""
        waiting = frozenset(full)
        died = {name: count - self.deaths.get(name, 0) for name, count in deaths.items()}
        told = [f"{name} died and is started again{_times(count)}" for name, count in died.items() if count > 0]
        told += [f"{name}: the disk is full, it waits for space" for name in sorted(waiting - self.full)]
        told += [f"{name}: there is space again" for name in sorted(self.full - waiting)]
        self.deaths, self.full = dict(deaths), waiting
        return told


def _times(count: int) -> str:
    return "" if count == 1 else f", {count} times since the last look"
