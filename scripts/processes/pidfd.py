"""Signals to processes we started: by pidfd, so that no stranger with a used number is ever hit."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import PipelineError
from scripts.processes.kin import children_of


def kill_child(pid: int, parent: int) -> None:
    """SIGKILL a child of `parent`; PipelineError when it is gone, or another's by now."""
    with held(pid) as descriptor:
        if pid not in children_of(parent):
            raise PipelineError(f"process {pid} is no child of {parent} any more")
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Within it the process does not run; afterwards it goes on, if it is still there."""
    with held(pid) as descriptor:
        signal.pidfd_send_signal(descriptor, signal.SIGSTOP)
        try:
            yield
        finally:
            send(descriptor, signal.SIGCONT)


@contextmanager
def held(pid: int) -> Iterator[int]:
    """Yield a descriptor of the process, closed afterwards; PipelineError when it is gone."""
    descriptor = opened(pid)
    if descriptor is None:
        raise PipelineError(f"process {pid} is gone")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def opened(pid: int) -> int | None:
    """Open a descriptor of the process, for the caller to close; None when it is gone."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def send(descriptor: int, number: signal.Signals) -> bool:
    """Send a signal; False when the process has ended meanwhile."""
    try:
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    return True
