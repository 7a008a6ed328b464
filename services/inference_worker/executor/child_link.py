"""A child that was just started, and what it shares with its parent: a socket and memory."""

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from common.errors import ModelError
from services.inference_worker.executor.channel import Channel
from services.inference_worker.executor.child_process import ChildProcess
from services.inference_worker.executor.slate import Slate

CHILD = "services.inference_worker.executor.executor_child"

# Native libraries read these once, when they are loaded.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


@dataclass(frozen=True, slots=True)
class ChildLink:
    """The process, our end of the socket, and the memory."""

    process: ChildProcess
    channel: Channel
    slate: Slate

    @classmethod
    def start(
        cls, bundle: Path, environment: Mapping[str, str], memory_mb: int, fault: Path | None, attempt: int
    ) -> Self:
        """Start a child for a bundle folder; ModelError, with nothing left behind, when the system has no room."""
        with ExitStack() as undo:
            try:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                undo.callback(ours.close)
                with theirs:
                    slate = Slate.create()
                    undo.callback(slate.close)
                    command = _command(bundle, theirs.fileno(), slate.descriptor, memory_mb)
                    command += [] if fault is None else ["--fault", str(fault.absolute()), "--attempt", str(attempt)]
                    process = ChildProcess(
                        command,
                        keep=(theirs.fileno(), slate.descriptor),
                        folder=str(Path(__file__).parents[3]),
                        environment={**environment, **_ONE_THREAD},
                    )
            except OSError as error:  # no descriptor, process or memory left
                raise ModelError(f"the executor child cannot be started: {error}") from error
            undo.pop_all()
        return cls(process, Channel(ours), slate)


def _command(bundle: Path, channel: int, memory: int, memory_mb: int) -> list[str]:
    command = [sys.executable, "-X", "faulthandler", "-m", CHILD, "--bundle", str(bundle.absolute())]
    command += ["--socket", str(channel), "--memory", str(memory), "--memory-mb", str(memory_mb)]
    return [*command, "--parent", str(os.getpid())]
