"""Executors on real children, for tests: nothing is left behind, nothing waits longer than its limit."""

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.executor import Executor

# Generous: a loaded machine may take long, and a broken child is seen by its descriptor at once.
LIMIT_S = 60.0


def readable(descriptor: int, limit_s: float = LIMIT_S) -> bool:
    """Whether a descriptor becomes readable in time."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(limit_s * 1000.0))


def next_message(executor: Executor) -> Ready | Answer | Failed:
    """Wait for the child's next message."""
    message = None
    while message is None:
        assert readable(executor.fileno()), "the child says nothing"
        message = executor.receive()
    return message


@contextmanager
def running(
    bundle: Path, *, fault: Path | None = None, attempt: int = 1, ids: Iterator[int] | None = None, memory_mb: int = 0
) -> Iterator[Executor]:
    """Start an executor that is killed at the end."""
    executor = Executor.start(
        bundle, environment=os.environ, fault=fault, attempt=attempt, ids=ids, memory_mb=memory_mb
    )
    try:
        yield executor
    finally:
        assert executor.kill(LIMIT_S)


@contextmanager
def ready(
    bundle: Path, *, fault: Path | None = None, ids: Iterator[int] | None = None, memory_mb: int = 0
) -> Iterator[Executor]:
    """Start an executor that has said it is ready."""
    with running(bundle, fault=fault, ids=ids, memory_mb=memory_mb) as executor:
        assert isinstance(next_message(executor), Ready)
        yield executor
