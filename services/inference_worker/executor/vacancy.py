"""The seat of an arm that nobody can serve."""

from __future__ import annotations

from alphabus.messages import Factors
from services.inference_worker.executor.happenings import Happened
from services.inference_worker.executor.seat import Seat


class Vacancy(Seat):
    """A seat that stays empty: no child is started in it, and nothing is ever said."""

    def __init__(self) -> None:
        """There is nothing to start."""

    @property
    def pid(self) -> int:
        """There is no process."""
        return 0

    @property
    def pids(self) -> tuple[int, ...]:
        """There are none."""
        return ()

    @property
    def is_ready(self) -> bool:
        """Nobody is."""
        return False

    @property
    def starts(self) -> int:
        """There was no child."""
        return 0

    def handles(self) -> list[object]:
        """Nothing to poll."""
        return []

    def wake_ns(self) -> int | None:
        """Nothing is awaited."""
        return None

    def submit(self, factors: Factors, attempt: int, *, probe: bool = False) -> None:
        """Nobody is asked."""

    def receive(self) -> list[Happened]:
        """Nobody answers."""
        return []

    def replace(self) -> int:
        """Nobody is replaced."""
        return 0

    def keep_spare(self, *, spare: bool) -> None:
        """There is none."""

    def close(self) -> None:
        """Nobody is there."""
