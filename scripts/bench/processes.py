"""Signals to processes of a pipeline we started: by pidfd, so that no stranger with a used number is ever hit."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alphabus.endpoints import SERVICES
from common.errors import PipelineError

PROC = Path("/proc")

# Fields of /proc/PID/stat, counted after the name, which may hold anything.
_PARENT, _START = 1, 19


def children_of(parent: int) -> list[int]:
    """Process ids of the children, oldest first."""
    found = [
        (int(fields[_START]), int(folder.name))
        for folder in PROC.iterdir()
        if folder.name.isdigit() and (fields := _stat(folder)) and int(fields[_PARENT]) == parent
    ]
    return [pid for _, pid in sorted(found)]


def services_with(config_file: Path) -> dict[str, int]:
    """Process ids of the services that run with a configuration file, by name."""
    wanted, found = str(config_file.absolute()), dict[str, int]()
    for folder in PROC.iterdir():
        words = _command(folder) if folder.name.isdigit() else []
        if wanted in words:
            found |= {name: int(folder.name) for name in SERVICES if f"services.{name}" in words[:3]}
    return found


def kill_child(pid: int, parent: int) -> None:
    """SIGKILL a child of `parent`; PipelineError when it is gone, or another's by now."""
    with _held(pid) as descriptor:
        if pid not in children_of(parent):
            raise PipelineError(f"process {pid} is no child of {parent} any more")
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Within it the process does not run; afterwards it goes on, if it is still there."""
    with _held(pid) as descriptor:
        signal.pidfd_send_signal(descriptor, signal.SIGSTOP)
        try:
            yield
        finally:
            _let_go_on(descriptor)


def _let_go_on(descriptor: int) -> None:
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGCONT)
    except ProcessLookupError:
        return


@contextmanager
def _held(pid: int) -> Iterator[int]:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError as error:
        raise PipelineError(f"process {pid} is gone") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _command(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _stat(folder: Path) -> list[str]:
    try:
        return (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
