"""The thread that answers ZeroMQ when it asks whether a peer may come in.

A thread of its own, so that a stage that computes for seconds lets peers in meanwhile; no asyncio, and no library's
handler, because the verdict depends on our allow-list as it stands, and because the stage must see it die.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Set as AbstractSet
from threading import Thread

import zmq

from alphabus.security.keyring import AllowList
from alphabus.security.zap import ADDRESS, Knock, answer

MAX_TOLD = 1000


class Authenticator:
    """Lets in who is on the allow-list and not banned; `refused` holds who was not, oldest first.

    Without it nobody gets in: every bound socket enforces its domain, so ZeroMQ refuses when there is no answer.
    """

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], allowed: AllowList, banned: AbstractSet[str] = frozenset()
    ) -> None:
        """Start to answer; raises ZMQError when somebody in this context does already."""
        self._banned = banned
        self.expected: set[str] = set()  # keys of our own probes: refused like any other, and nobody's business
        self.refused: deque[tuple[Knock, str]] = deque(maxlen=MAX_TOLD)
        self._allowed = allowed
        self._stop = os.eventfd(0, os.EFD_CLOEXEC)
        self._socket = context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind(ADDRESS)
        self._thread = Thread(target=self._run, name="authenticator", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the thread, and leave its place free for another."""
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        self._socket.unbind(ADDRESS)  # at once; closing alone would free the name a moment later
        self._socket.close()
        os.close(self._stop)

    def _run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._stop, zmq.POLLIN)
        while self._stop not in dict(poller.poll()):
            self._socket.send_multipart(answer(self._socket.recv_multipart(), self._judge))

    def _judge(self, knock: Knock) -> str | None:
        problem = self._problem(knock)
        if problem is not None and knock.public not in self.expected:
            self.refused.append((knock, problem))
        return problem

    def _problem(self, knock: Knock) -> str | None:
        if knock.public in self._banned:
            return "banned"
        if self._allowed.peer(knock.public) is None:
            return "not on the allow-list"
        return None if self._allowed.problem is None else "the allow-list cannot be read"
