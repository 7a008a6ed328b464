"""Faults on purpose, in a real child: read from a plan that exists only in tests and drills.

A plan is TOML: `[[fault]]` tables with an `action` and exactly one of `bars`, `requests` (ids) or `starts` (of the
child). A fault fires while the attempt at that bar or request is at most `times` (default 1), so that the child which
takes over does not fall into the same hole. `late` waits `seconds`, or for a path named `until` to appear. `wrong_bits`
at a start shows what the child does about a scorer that is wrong.
"""

import os
import resource
import signal
import threading
import time
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from common.errors import ConfigError
from services.inference_worker.executor.exchange import Request

Values = NDArray[np.float64]

_GULP = 16 << 20

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Fault:
    """One table of the plan."""

    action: str
    bars: tuple[int, ...] = ()
    requests: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    times: int = 1
    seconds: float = 0.0
    until: Path | None = None

    def __post_init__(self) -> None:
        if self.action not in {"late", "wrong_bits", *CRASHES, *LIES}:
            raise ValueError(f"action must be one of {', '.join(sorted(['late', 'wrong_bits', *CRASHES, *LIES]))}")
        if sum(map(bool, (self.bars, self.requests, self.starts))) != 1:
            raise ValueError("needs exactly one of bars, requests, starts")

    def due(self, request: Request) -> bool:
        """Whether it fires at this request."""
        return request.attempt <= self.times and (request.bar in self.bars or request.id in self.requests)

    def strike(self) -> None:
        """Hang, crash, wait or break the faster scorer; lies are told later."""
        if self.action in CRASHES:
            CRASHES[self.action]()
        if self.action == "wrong_bits":
            _break_trees()
        if self.action == "late":
            _wait(self.seconds, self.until)


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Faults:
    """A plan at work; an empty one does nothing. `start` is which start of this child this is."""

    fault: tuple[Fault, ...] = ()
    start: int = 1

    def loading(self) -> None:
        """Before the bundle is read."""
        for fault in self.fault:
            if self.start in fault.starts:
                fault.strike()

    def before(self, request: Request) -> None:
        """Before a request is scored."""
        for fault in self.fault:
            if fault.due(request):
                fault.strike()

    def change(self, request: Request, values: Values) -> Values:
        """Return what the model is made to have said."""
        for fault in self.fault:
            if fault.due(request) and fault.action in LIES:
                values = LIES[fault.action](values)
        return values


NO_FAULTS = Faults()


def read_faults(path: Path, start: int) -> Faults:
    """Read a plan; ConfigError naming file, fault and key if it is not one."""
    try:
        plan = tomllib.loads(path.read_text(encoding="utf-8"))
        return TypeAdapter(Faults).validate_python({**plan, "start": start})
    except (OSError, ValueError) as error:
        raise ConfigError(f"fault plan {path}: {_readable(error)}") from error


def _readable(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _wait(seconds: float, until: Path | None) -> None:
    time.sleep(seconds)
    while until is not None and not until.exists():
        time.sleep(0.002)


def _break_trees() -> None:
    """Have our trees score few rows wrong by the last bit, in this process, from now on."""
    # Not every child has trees, and their import takes its time.
    scorer = import_module("common.models.trees.scorer").TreeScorer
    right = scorer.walk
    scorer.walk = lambda self, values: np.nextafter(right(self, values), np.inf)


def _sleep() -> NoReturn:
    while True:
        signal.pause()


def _spin() -> NoReturn:
    while True:
        pass


def _deadlock() -> None:
    lock = threading.Lock()
    with lock:
        lock.acquire()


def _memory() -> None:
    """Take all there is, but only where a limit keeps that from being the machine's."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit == resource.RLIM_INFINITY:
        raise RuntimeError("a fault plan takes all memory only under a limit: set inference.memory_mb")
    taken = []
    while True:
        taken.append(bytearray(_GULP))


def _segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _exit() -> NoReturn:
    os._exit(3)


def _raise() -> NoReturn:
    raise RuntimeError("raised on purpose by a fault plan")


CRASHES: dict[str, Callable[[], None]] = {
    "sleep": _sleep,
    "spin": _spin,
    "deadlock": _deadlock,
    "memory": _memory,
    "segfault": _segfault,
    "abort": os.abort,
    "exit": _exit,
    "raise": _raise,
}

LIES: dict[str, Callable[[Values], Values]] = {
    "short": lambda values: values[:-1],
    "long": lambda values: np.append(values, 0.0),
    "nan": lambda values: np.full_like(values, np.nan),
    "infinite": lambda values: np.full_like(values, np.inf),
    "huge": lambda values: np.full_like(values, 1e300),
    "constant": np.zeros_like,
}
