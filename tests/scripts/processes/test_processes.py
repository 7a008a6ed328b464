"""Stopping and killing what we started, and nothing else; and what a process uses."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

import pytest

from common.errors import PipelineError
from scripts.processes.kin import children_of, parent_of
from scripts.processes.pidfd import kill_child, stopped
from scripts.processes.usage import MEBIBYTE, descriptors, own_bytes


@contextmanager
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits until its input is closed, which it is at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        yield process


def changed(pid: int, how: int) -> int:
    """Wait until a child has been stopped, or goes on; which it was."""
    found = os.waitid(os.P_PID, pid, how)
    assert found is not None
    return found.si_code


def test_children_come_oldest_first() -> None:
    """Whatever their numbers are."""
    with child() as first, child() as second:
        found = children_of(os.getpid())
    assert found.index(first.pid) < found.index(second.pid)


def test_a_child_knows_its_parent() -> None:
    """As long as it is there."""
    with child() as process:
        assert parent_of(process.pid) == os.getpid()
    assert parent_of(process.pid) is None


def test_a_stopped_process_goes_on_afterwards() -> None:
    """Stopped within, continued even when something fails within."""

    def fail_once_stopped(pid: int) -> None:
        with stopped(pid):
            assert changed(pid, os.WSTOPPED) == os.CLD_STOPPED
            raise PipelineError("within")

    with child() as process:
        with pytest.raises(PipelineError, match="within"):
            fail_once_stopped(process.pid)
        assert changed(process.pid, os.WCONTINUED) == os.CLD_CONTINUED


def test_a_process_that_ended_while_it_was_stopped_is_no_error() -> None:
    """There is nothing to let go on."""
    with child() as process, stopped(process.pid):
        process.kill()
        process.wait()
    assert process.returncode < 0


def test_a_child_is_killed() -> None:
    """Its parent being who we say it is."""
    with child() as process:
        kill_child(process.pid, os.getpid())
        assert process.wait() < 0


def test_a_stranger_is_not_killed() -> None:
    """A process with another parent lives on."""
    with child() as process:
        with pytest.raises(PipelineError, match="is no child of"):
            kill_child(process.pid, process.pid)
        assert process.poll() is None


def test_a_process_that_is_gone_is_an_error() -> None:
    """Its number may be anybody's."""
    with child() as process:
        process.communicate()
    with pytest.raises(PipelineError, match="is gone"):
        kill_child(process.pid, os.getpid())


def test_memory_and_descriptors_of_a_process() -> None:
    """What it takes shows, in bytes; a file it opens is one descriptor more."""
    before, files = own_bytes(os.getpid()), descriptors(os.getpid())
    with open(os.devnull, "rb"):  # noqa: PTH123  a descriptor is wanted
        assert descriptors(os.getpid()) == files + 1
    # Pages of its own: an allocator may hand out what the process has had for long.
    with mmap(-1, 32 << 20, flags=MAP_PRIVATE | MAP_ANONYMOUS) as pages:
        pages.write(bytes(len(pages)))
        assert own_bytes(os.getpid()) - before > len(pages) - MEBIBYTE


def test_a_process_that_has_ended_uses_nothing() -> None:
    """One that nobody waited for has no memory; one that is gone has no answer."""
    with child() as process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert own_bytes(process.pid) == 0
        process.wait()
        with pytest.raises(OSError, match="No such file"):
            own_bytes(process.pid)
