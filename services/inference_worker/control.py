"""What people may ask of arms: halt, resume, open, close, and how they are (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from alphabus.messages import Request
from common.models.orders import in_force
from common.models.records import Change
from services.inference_worker.actions import Action, Told
from services.inference_worker.arms import Arm
from services.inference_worker.breaker import State

Verb = Literal["halt", "resume", "open", "close"]

VERBS: tuple[Verb, ...] = get_args(Verb)
EVERY = "*"
MAX_TEXT = 500

FREE = "free"


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


def state_of(arm: Arm) -> str:
    """Free, or what keeps an arm from its executor: `vacant`, `halted`, and how its breaker is unless it is closed."""
    kept = ["vacant"] if arm.duty.is_vacant else []
    kept += ["halted"] if arm.halted else []
    kept += [] if arm.breaker.state is State.CLOSED else [f"breaker {arm.breaker.state.value}"]
    return ", ".join(kept) or FREE


def halt(arm: Arm, now: int) -> list[Action]:
    """Say `void (halted)` of everything that is open, and of every section to come as soon as it is announced."""
    told = [] if arm.halted else [Told("warning", "arm_halted")]
    arm.halted = True
    return [*arm.step(now), *told]


def resume(arm: Arm, now: int) -> list[Action]:
    """Serve again, from the next section on."""
    told = [Told("warning", "arm_resumed")] if arm.halted else []
    arm.halted = False
    return [*arm.step(now), *told]


def force_open(arm: Arm, now: int) -> list[Action]:
    """Open the breaker until it is closed by hand; what is with the executor is still taken."""
    return [*arm.breaker.force(now), *arm.step(now)]


def close_breaker(arm: Arm, now: int) -> list[Action]:
    """Close the breaker, however it was opened."""
    return [*arm.breaker.close(now), *arm.step(now)]


DEEDS: Mapping[Verb, Callable[[Arm, int], list[Action]]] = {
    "halt": halt,
    "resume": resume,
    "open": force_open,
    "close": close_breaker,
}


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
