"""An executor child as the worker has one: started, waited for by poll, ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alphabus.clock import Clock
from alphabus.sockets import wait_on
from common.errors import PipelineError
from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.executor import Executor

PATIENCE_NS = 60_000_000_000


@contextmanager
def starting(bundle: Path, environment: Mapping[str, str]) -> Iterator[Executor]:
    """A child that was started this moment; killed at the end."""
    executor = Executor.start(bundle, environment=environment)
    try:
        yield executor
    finally:
        executor.kill()


@contextmanager
def ready(bundle: Path, environment: Mapping[str, str], clock: Clock) -> Iterator[Executor]:
    """A child that has loaded and proven its bundle."""
    with starting(bundle, environment) as executor:
        await_message(executor, clock)
        yield executor


def await_message(executor: Executor, clock: Clock) -> Ready | Answer:
    """Wait for what the child says next; PipelineError when it fails or says nothing for a minute."""
    until = clock.monotonic_ns() + PATIENCE_NS
    while (message := executor.receive()) is None:
        left = until - clock.monotonic_ns()
        if left <= 0:
            raise PipelineError(f"the executor child {executor.pid} says nothing; the machine may be overloaded")
        wait_on([executor.fileno(), executor.exit_fd()], left)
    if isinstance(message, Failed):
        raise PipelineError(f"the executor child failed ({message.cause}): {message.reason}")
    return message
