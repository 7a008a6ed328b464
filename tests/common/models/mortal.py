"""A process that changes a registry and is killed (SIGKILL) at a chosen step: a file operation, or a step of SQLite.

As a program it reads one order a line and forks a child for each, so that a kill costs milliseconds, not a start.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common.models.archive import decode_archive, encode_archive
from common.models.records import Event
from common.models.registry import Registry
from common.models.signature import Key
from tests.common.models.remembered import serving
from tests.common.models.sample_bundle import sketch

KEY = Key(b"k" * 32)
NOW_NS = 7

_WATCHED = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "os.chmod"}


class Mortals:
    """Starts such processes."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.common.models.mortal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )

    def run(self, root: Path, change: list[Any], *, kill_at: int | None = None) -> str:
        """Change the registry; returns `done`, `killed`, or the text of an error of ours."""
        stdin, stdout = self._server.stdin, self._server.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([str(root), change, kill_at]) + "\n")
        stdin.flush()
        return str(json.loads(stdout.readline()))

    def close(self) -> None:
        """End the server."""
        self._server.communicate()


@contextmanager
def mortals() -> Iterator[Mortals]:
    """Mortals while the block lasts."""
    made = Mortals()
    try:
        yield made
    finally:
        made.close()


def _receive(registry: Registry, name: str, seed: int) -> object:
    bundle, signature = decode_archive(encode_archive(sketch(name, seed), KEY.sign(sketch(name, seed).digest)))
    return registry.receive(bundle, signature, author="ann", why="")


VERBS: Mapping[str, Callable[..., object]] = {
    "add": lambda registry, *values: registry.add(sketch(*values), author="ann"),
    "receive": _receive,
    "promote": lambda registry, *values: registry.promote(*values[:4], by="ann", why="", again=values[4]),
    "rollback": lambda registry, *values: registry.rollback(*values, by="ann", why=""),
    "remove": lambda registry, *values: registry.remove(*values, by="ann", why=""),
    "retire": lambda registry, *values: registry.retire(*values, by="ann", why=""),
    "halt": lambda registry, instance: registry.record(Event("halt", instance), by="ann", why=""),
    "serve": lambda registry, *values: registry.record_serving(serving(*values)),
    "sign": lambda registry, *values: registry.sign(registry.version(*values).ref, KEY),
}
"""Every way to change a registry."""


def apply(registry: Registry, change: list[Any]) -> None:
    """Make one change: its name, and what it needs."""
    VERBS[change[0]](registry, *change[1:])


class _Steps:
    """Counts steps, and dies at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self._left = kill_at

    def take(self, *_: object) -> None:
        """One step."""
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, _: object) -> None:
        """One step if the event is a file operation."""
        if event in _WATCHED:
            self.take()


def _live(root: str, change: list[Any], kill_at: int | None) -> str:
    """In the child: count from the opened registry on."""
    registry = Registry(Path(root), clock=lambda: NOW_NS, timeout_s=0.0)
    steps = _Steps(kill_at)
    real = os.fsync

    def counted(descriptor: int) -> None:
        steps.take()
        real(descriptor)

    os.fsync = counted  # type: ignore[assignment]
    sys.addaudithook(steps.audit)
    registry._connection._sqlite.set_progress_handler(steps.take, 5)
    try:
        apply(registry, change)
    except Exception as error:  # noqa: BLE001  told to the test, whatever it is
        return f"{type(error).__name__}: {error}"
    return "done"


def _fork(root: str, change: list[Any], kill_at: int | None) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, _live(root, change, kill_at).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        answer = told.read()
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else answer


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_fork(*json.loads(line))) + "\n")
        sys.stdout.flush()
