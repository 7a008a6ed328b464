"""Executors without a child: they score by a formula, and hang, crash or talk nonsense when they are told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from alphabus.columns import stack
from alphabus.messages import Factors
from common.service import Context
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.happenings import Happened
from services.inference_worker.executor.seat import Seat
from services.inference_worker.roster.post import Post

Behave = Callable[[int, int], str]
"""What is done about (bar, attempt): `answer`, `slow` (ns pass first), `hang`, `crash` or `invalid`."""

SLOW_NS = 700_000_000


def well_behaved(_bar: int, _attempt: int) -> str:
    """Answer everything."""
    return "answer"


def formula(factors: Factors, features: tuple[str, ...]) -> NDArray[np.float64]:
    """What the model of these tests says, f8[S]: missing factors count nothing."""
    matrix = np.nan_to_num(stack(factors.columns, features))
    weights = np.arange(1.0, len(features) + 1)[:, np.newaxis]
    total: NDArray[np.float64] = (matrix * weights).sum(axis=0)
    return total


class FormulaSeat(Seat):
    """Behaves as a seat with a child in it, on the test's clock and without any process."""

    def __init__(self, post: Post, context: Context, _dying: Dying, behave: Behave = well_behaved) -> None:
        self._features, self._clock, self._behave = post.features, context.bus.clock, behave
        self._said: deque[tuple[int, Happened]] = deque()
        self._starts = 1
        self._said.append((0, self._ready(post)))
        self._post = post

    @property
    def pid(self) -> int:
        """There is no process."""
        return 0

    def handles(self) -> list[object]:
        """Nothing to poll."""
        return []

    def wake_ns(self) -> int | None:
        """When the next word is said."""
        return self._said[0][0] if self._said else None

    def submit(self, factors: Factors, attempt: int, *, probe: bool = False) -> None:  # noqa: ARG002  one for all
        """Decide what comes of it, and when."""
        now = self._clock.monotonic_ns()
        match self._behave(factors.bar, attempt):
            case "answer":
                self._said.append((now, self._answer(factors)))
            case "slow":
                self._said.append((now + SLOW_NS, self._answer(factors)))
            case "crash":
                self._said.append((now, Failed(1, "crash", "as told")))
            case "invalid":
                self._said.append((now, Answer(1, np.full(len(factors.columns["present"]), np.inf))))
            case "hang":
                pass

    def receive(self) -> list[Happened]:
        """What is said by now."""
        happened = []
        while self._said and self._said[0][0] <= self._clock.monotonic_ns():
            happened.append(self._said.popleft()[1])
        return happened

    @property
    def is_ready(self) -> bool:
        """As soon as it has said so."""
        return not any(isinstance(said, Ready) for _, said in self._said)

    def keep_spare(self, *, spare: bool) -> None:
        """There is none."""

    def replace(self) -> int:
        """Forget what would have been said; another one is ready at once."""
        self._said.clear()
        self._starts += 1
        self._said.append((self._clock.monotonic_ns(), self._ready(self._post)))
        return 0

    def close(self) -> None:
        """Say nothing more."""
        self._said.clear()

    def _answer(self, factors: Factors) -> Answer:
        return Answer(1, formula(factors, self._features))

    def _ready(self, post: Post) -> Happened:
        return Ready(post.model.name, "formula", post.model.digest, post.features)
