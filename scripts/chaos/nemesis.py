"""Does what a fault says to real processes, by pidfd: no stranger with a used number is ever hit."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path

from alphabus.clock import Clock
from alphabus.endpoints import SERVICES
from scripts.chaos.campaign import Fault, Group, Strike
from scripts.processes.kin import children_of, services_with
from scripts.processes.pidfd import opened, send

SECOND_NS = 1_000_000_000


class Nemesis:
    """Strikes the pipeline that runs with `config_file`, and lets go on what it stopped."""

    def __init__(self, config_file: Path, clock: Clock) -> None:
        self._config_file, self._clock = config_file, clock
        self._stopped: list[int] = []
        self._until_ns = 0

    @property
    def busy(self) -> bool:
        """Whether something stands still because of us."""
        return bool(self._stopped)

    def strike(self, strike: Strike, launcher: int) -> bool:
        """Send the signal; False, and nobody is struck, when somebody who is meant is not there at this moment."""
        stops = strike.kind.fault is Fault.STOP
        held = _all_opened(self._targets(strike.kind.target, launcher))
        sent = [send(descriptor, signal.SIGSTOP if stops else signal.SIGKILL) for descriptor in held]
        if stops:
            self._stopped += held
            self._until_ns = self._clock.monotonic_ns() + round(strike.pause_s * SECOND_NS)
        else:
            _close(held)
        return any(sent)

    def turn(self) -> bool:
        """Let go on what has stood still for long enough; tell when that was now."""
        if not self._stopped or self._clock.monotonic_ns() < self._until_ns:
            return False
        self.let_go()
        return True

    def let_go(self) -> None:
        """Everything that was stopped goes on."""
        for descriptor in self._stopped:
            send(descriptor, signal.SIGCONT)
        _close(self._stopped)
        self._stopped.clear()

    def _targets(self, target: str, launcher: int) -> list[int]:
        """Who is meant; nobody when one of them is missing."""
        if target == Group.LAUNCHER:
            return [launcher]
        services = services_with(self._config_file)
        if target == Group.EXECUTOR:
            # The oldest child serves; whoever waits in reserve was started later.
            return children_of(services.get("inference_worker", -1))[:1]
        names = SERVICES if target == Group.ALL else (target,)
        return [services[name] for name in names] if services.keys() >= set(names) else []


def _all_opened(pids: Iterable[int]) -> list[int]:
    """A descriptor of each; of none when one of them is gone."""
    held = [opened(pid) for pid in pids]
    there = [descriptor for descriptor in held if descriptor is not None]
    if len(there) == len(held):
        return there
    _close(there)
    return []


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
