"""A model and the children that score with it, and what the worker needs to make one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.config import Config
from common.models.kinds import encode_kinds, read_entries
from common.models.records import ModelRef
from common.service import Context
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.launch import Launch, SymbolsOf
from services.inference_worker.executor.seat import Seat
from services.inference_worker.roster.post import Post

OpenSeat = Callable[[Post, Context, Dying], Seat]


@dataclass(frozen=True, slots=True)
class Crew:
    """Who serves, is to serve, or served."""

    post: Post
    seat: Seat

    @property
    def plan(self) -> bytes:
        """Digest of the factors it wants."""
        return bytes.fromhex(self.post.plan)

    @property
    def ref(self) -> ModelRef | None:
        """The version that is there; None where nobody is."""
        return None if self.post.is_vacant else self.post.ref

    def __str__(self) -> str:
        return str(self.ref or "")


def own_kinds(config: Config) -> Mapping[str, str]:
    """The environment variable that names the user's own kinds; ModelError for what cannot be one."""
    return encode_kinds(read_entries(config.kinds or ()))


def child_seat(environment: Mapping[str, str], symbols_of: SymbolsOf) -> OpenSeat:
    """Seats with child processes in them; `symbols_of` names the symbols of a universe."""

    def open_seat(post: Post, context: Context, dying: Dying) -> Seat:
        inference = context.config.inference
        child = {**environment, **own_kinds(context.config)}
        launch = Launch(post.folder, post.features, child, symbols_of, inference.memory_mb, inference.faults)
        return Seat(launch, context.bus.clock, dying)

    return open_seat
