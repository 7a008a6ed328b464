"""Who may do what: a role for each key, and for each role what it may hear, ask, acknowledge and command (pure).

Nobody may publish in another's name whatever the role: a reader knows each writer by its public key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alphabus.messages import Acknowledge, Message, Request

HEARD = ("announcements", "bars", "factors", "signals", "health", "alerts")
ASKED = ("replay", "latest", "history", "at", "due", "status")


@dataclass(frozen=True, slots=True)
class Role:
    """`topics` are the parts after the instance that it may hear, and have replayed; commands are all other verbs."""

    topics: tuple[str, ...] = HEARD
    verbs: tuple[str, ...] = ASKED
    acknowledges: bool = False
    commands: bool = False


STAGE = Role(acknowledges=True)

ROLES: Mapping[str, Role] = {
    "bar_feed": Role(),
    "factor_engine": STAGE,
    "inference_worker": STAGE,
    "signal_cache": STAGE,
    "monitor": Role(),
    "client": Role(topics=("announcements", "signals", "health", "alerts")),
    "observer": Role(),
    "operator": Role(commands=True),
}


def may_hear(role: str, instance: str, prefix: str) -> str | None:
    """Why this role may not subscribe to, or have replayed, what begins with `prefix`; None when it may."""
    allowed = ROLES[role].topics
    parts = prefix.split("/")
    if len(parts) > 2 and parts[0] == instance and parts[1] in allowed:
        return None
    return f"role {role} may hear {instance}/ with {' '.join(allowed)}, not {prefix!r:.80}"


def may_send(role: str, instance: str, message: Message) -> str | None:
    """Why this role may not send this to a stage's asked end; None when it may."""
    if isinstance(message, Request):
        return _may_ask(role, instance, message)
    if isinstance(message, Acknowledge):
        return _may_acknowledge(role, message)
    return f"nobody may send {message.kind!r} here"


def _may_ask(role: str, instance: str, request: Request) -> str | None:
    rights = ROLES[role]
    if request.verb not in rights.verbs and not rights.commands:
        return f"role {role} may ask {' '.join(rights.verbs)}, not {request.verb!r}"
    if request.verb == "replay" and isinstance(topic := request.arguments.get("topic"), str):
        return may_hear(role, instance, topic)
    return None


def _may_acknowledge(role: str, message: Acknowledge) -> str | None:
    if not ROLES[role].acknowledges:
        return f"role {role} may not acknowledge"
    if message.consumer != role:
        return f"role {role} may not acknowledge for {message.consumer!r}"
    return None
