"""Does what a fault says to real processes, by pidfd: no stranger with a used number is ever hit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from alphabus.clock import Clock
from scripts.chaos.campaign import Fault, Group, Kind, Strike
from scripts.processes.kin import children_of, services_with
from scripts.processes.pidfd import opened, send

SECOND_NS = 1_000_000_000


class Nemesis:
    """Strikes one target of the pipeline that runs with `config_file`, and lets go on what it stopped."""

    def __init__(self, kind: Kind, config_file: Path, clock: Clock) -> None:
        self._kind, self._config_file, self._clock = kind, config_file, clock
        self._stopped: list[int] = []
        self._until_ns = 0

    @property
    def busy(self) -> bool:
        """Whether something stands still because of us."""
        return bool(self._stopped)

    def strike(self, strike: Strike, launcher: int) -> bool:
        """Send the signal; False when there is nobody to send it to at this moment."""
        number = signal.SIGKILL if self._kind.fault is Fault.KILL else signal.SIGSTOP
        held = [descriptor for pid in self._targets(launcher) if (descriptor := opened(pid)) is not None]
        sent = [send(descriptor, number) for descriptor in held]
        if self._kind.fault is Fault.STOP:
            self._stopped += held
            self._until_ns = self._clock.monotonic_ns() + round(strike.pause_s * SECOND_NS)
        else:
            _close(held)
        return any(sent)

    def turn(self) -> None:
        """Let go on what has stood still for long enough."""
        if self._stopped and self._clock.monotonic_ns() >= self._until_ns:
            self.let_go()

    def let_go(self) -> None:
        """Everything that was stopped goes on."""
        for descriptor in self._stopped:
            send(descriptor, signal.SIGCONT)
        _close(self._stopped)
        self._stopped.clear()

    def _targets(self, launcher: int) -> list[int]:
        target = self._kind.target
        if target == Group.LAUNCHER:
            return [launcher]
        services = services_with(self._config_file)
        finders: Mapping[str, Callable[[], list[int]]] = {
            Group.ALL: lambda: list(services.values()),
            # The oldest child serves; whoever waits in reserve was started later.
            Group.EXECUTOR: lambda: children_of(services.get("inference_worker", -1))[:1],
        }
        return finders.get(target, lambda: [services[target]] if target in services else [])()


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
