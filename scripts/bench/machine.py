"""What machine the figures are from, and how busy it was with other things."""

import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from alphabus.clock import Clock
from common.models.fingerprint import library_versions

CPUS = Path("/proc/cpuinfo")

# Above this share of the cores somebody else is working, and the tails are theirs as much as ours.
BUSY_SHARE = 0.25

Load = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Machine:
    """Hardware and versions; load averages (1, 5, 15 minutes) before and after, the latter with our own work in it."""

    time: str
    cpu: str
    cores: int
    memory_gb: float
    system: str
    python: str
    libraries: dict[str, str]
    load_before: Load
    load_after: Load

    @classmethod
    def here(cls, clock: Clock, libraries: Iterable[str], load_before: Load) -> Self:
        """This machine, now, at the end of a run."""
        return cls(
            time=datetime.fromtimestamp(clock.wall_ns() // 1_000_000_000, UTC).isoformat(),
            cpu=cpu_model(CPUS.read_text(encoding="utf-8", errors="replace")),
            cores=len(os.sched_getaffinity(0)),
            memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            libraries=library_versions(libraries),
            load_before=load_before,
            load_after=load_average(),
        )

    @property
    def busy(self) -> bool:
        """Whether others were working when the run began."""
        return self.load_before[0] > BUSY_SHARE * self.cores

    def figures(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "busy": self.busy}

    def __str__(self) -> str:
        loads = " → ".join(f"{load[0]:.2f}" for load in (self.load_before, self.load_after))
        busy = ", busy with other things" if self.busy else ""
        return f"{self.cpu}, {self.cores} cores, {self.memory_gb:g} GB, Python {self.python}; load {loads}{busy}"


def load_average() -> Load:
    """Processes that ran or wanted to, on average over 1, 5 and 15 minutes."""
    one, five, fifteen = os.getloadavg()
    return round(one, 2), round(five, 2), round(fifteen, 2)


def cpu_model(text: str) -> str:
    """The model name in the words of /proc/cpuinfo; the architecture where it has none."""
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())
