"""The child's loop: how it ends."""

from __future__ import annotations

import socket

import pytest

from services.inference_worker.executor.executor_child import serve
from services.inference_worker.executor.faults import Faults


@pytest.mark.parametrize("unread", [False, True])
def test_it_ends_when_the_parent_closes(*, unread: bool) -> None:
    """Quietly, whether or not the parent had read what was answered last."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        if unread:
            theirs.send(b"an answer")
        ours.close()
        serve(theirs, None, Faults(()))  # type: ignore[arg-type]  # nothing is scored
