"""The table of roles: what each may, line by line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from alphabus.messages import MESSAGES, Acknowledge, Request
from alphabus.security.roles import ASKED, HEARD, ROLES, may_hear, may_send
from services.inference_worker.control import VERBS
from tests.alphabus.examples import EXAMPLES

ROOT = Path(__file__).parents[3]


def test_every_service_has_its_role() -> None:
    """And three are for those who are none."""
    assert set(ROLES) - set(SERVICES) == {"client", "observer", "operator"}


def test_every_verb_is_a_question_or_a_command() -> None:
    """What a process answers by reading is everybody's to ask; what changes an arm is an operator's alone."""
    files = [path for layer in ("common", "services") for path in (ROOT / layer).rglob("*.py")]
    asked = {verb for path in files for verb in re.findall(r'request\.verb [=!]= "([a-z]+)"', path.read_text())}
    assert asked
    assert asked - set(ASKED) == set()
    assert set(VERBS) & set(ASKED) == set()
    assert [name for name, role in ROLES.items() if role.commands] == ["operator"]
    for verb in (*ASKED, *VERBS):
        allowed = [name for name in ROLES if may_send(name, "t", Request(1, verb)) is None]
        assert allowed == (["operator"] if verb in VERBS else list(ROLES))


@pytest.mark.parametrize("role", ROLES)
def test_what_may_be_heard(role: str) -> None:
    """Whole topics of the own instance, and for a client neither bars nor factors."""
    heard = {part for part in HEARD if may_hear(role, "t", f"t/{part}/x/") is None}
    assert heard == set(HEARD) - ({"bars", "factors"} if role == "client" else set())
    for prefix in ("", "t", "t/", "t/signals", "t/sig", "u/signals/", "t/ask/", "/signals/", "t/Signals/"):
        assert f"not {prefix!r}" in str(may_hear(role, "t", prefix))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", [kind for kind in MESSAGES if kind not in (Request, Acknowledge)])
def test_what_is_no_question_is_nobody_s_to_send(role: str, kind: type) -> None:
    """At an asked end."""
    assert may_send(role, "t", EXAMPLES[kind]) == f"nobody may send {EXAMPLES[kind].kind!r} here"


@pytest.mark.parametrize("role", ROLES)
def test_a_replay_without_a_topic_is_the_stage_s_to_refuse(role: str) -> None:
    """It says what it takes."""
    assert may_send(role, "t", Request(1, "replay", {"topic": 5})) is None
