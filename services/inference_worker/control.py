"""What people may ask of arms: halt, resume, open, close (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from alphabus.messages import Request
from common.models.orders import in_force
from common.models.records import Change
from services.inference_worker.actions import Action
from services.inference_worker.arms import Arm

Verb = Literal["halt", "resume", "open", "close"]

VERBS: tuple[Verb, ...] = get_args(Verb)
EVERY = "*"
MAX_TEXT = 500

DEEDS: Mapping[Verb, Callable[[Arm, int], list[Action]]] = {
    "halt": Arm.halt,
    "resume": Arm.resume,
    "open": Arm.force_open,
    "close": Arm.close_breaker,
}


@dataclass(frozen=True, slots=True)
class Order:
    """One verb for some arms; who gave it, and why."""

    verb: Verb
    arms: tuple[str, ...]
    why: str
    by: str


def read_order(request: Request, arms: Collection[str]) -> Order:
    """Read a request; ValueError or LookupError that says what is wrong with it."""
    verb = next((verb for verb in VERBS if verb == request.verb), None)
    if verb is None:
        raise LookupError(f"inference_worker does not know the verb {request.verb!r}; of arms it knows {_list(VERBS)}")
    arm, why, by = (request.arguments.get(name, "") for name in ("arm", "why", "by"))
    if not (isinstance(arm, str) and isinstance(why, str) and isinstance(by, str)):
        raise ValueError(f"{verb} takes arm, why and by, all of them text")  # noqa: TRY004  it answers a request
    if not why.strip():
        raise ValueError(f"{verb} needs a why: it goes on record")
    return Order(verb, _named(arm, arms), why[:MAX_TEXT], by[:MAX_TEXT] or "unknown")


def standing(events: Iterable[Change]) -> list[Verb]:
    """Which verbs still hold for an arm, given the newest row of each action, oldest first."""
    held = {change.action for change in in_force(events)}
    return [verb for verb in VERBS if verb in held]


def _named(arm: str, arms: Collection[str]) -> tuple[str, ...]:
    if arm == EVERY:
        return tuple(arms)
    if arm not in arms:
        close = get_close_matches(arm, arms, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there is {_list(arms)}, or {EVERY} for all"
        raise LookupError(f"no arm {arm!r}; {hint}")
    return (arm,)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
