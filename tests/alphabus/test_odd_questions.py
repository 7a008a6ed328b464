"""What no question may do: end the stage that was asked. Over the memory bus, over ZeroMQ, and over TCP with keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabus.asked import is_own_trouble, reason_of
from alphabus.errors import EncodeError, EndpointError
from alphabus.messages import Request
from alphabus.outbox import Page
from tests.alphabus.links import SERVICE, Stage, linked
from tests.alphabus.security.doors import site
from tests.alphabus.security.test_peers import answer_to

BOTH = pytest.mark.parametrize("kind", ["memory", "zmq"])
RIGHT: dict[str, int | str | bytes] = {"topic": "t/signals/other/", "journal": b"", "bar": 0}
WRONG: dict[str, dict[str, int | str | bytes]] = {
    "not ASCII": {"topic": "t/signals/\u00e9/"},
    "300 long": {"topic": "t/signals/" + "x" * 300},
    "a control character": {"topic": "t/signals/\x01/"},
    "a negative bar": {"bar": -5},
    "a huge bar": {"bar": 2**64 - 1},
    "another journal": {"journal": b"x" * 17},
}


class Careless(Stage):
    """Answers a verb by an error that nobody foresaw, or by one of its own."""

    def answer(self, request: Request) -> Page:
        """`oops` and `plain` come of a question, `disk` and `bus` are the stage's own trouble."""
        found: dict[str, Exception] = {
            "oops": OverflowError("int too big\nto convert"),
            "plain": RuntimeError(),
            "encode": EncodeError("reply.next: no"),
            "disk": OSError("no space"),
            "bus": EndpointError("gone"),
        }
        raise found[request.verb]


@BOTH
@pytest.mark.parametrize("case", WRONG)
def test_a_replay_of_nonsense_is_refused(kind: str, case: str) -> None:
    """The asker hears what is wrong, the stage goes on and counts it."""
    with linked(kind) as (stage, reader):
        question = reader.inlet.request("replay", **(RIGHT | WRONG[case]))
        reader.until(lambda: not reader.inlet.awaits(question), stage)
        answer = reader.inlet.answer(question)
        assert answer is not None
        assert answer[0].error is not None
        assert answer[0].error.startswith(f"replay: {next(iter(WRONG[case]))}: ")
        assert (stage.outlet.refusals, stage.wire.refusals) == (1, [])
        stage.publish(2)
        reader.until(lambda: reader.bars == [1, 2], stage)


@pytest.mark.parametrize("case", WRONG)
def test_nor_may_a_client_over_tcp(tmp_path: Path, case: str) -> None:
    """The lowest role there is, with a key: refused by the stage, or at the door."""
    with site(tmp_path, SERVICE) as made:
        stage = made.stage()
        stage.publish(1)
        assert answer_to(made, "client", stage, "replay", **(RIGHT | WRONG[case])) is not None
        assert answer_to(made, "client", stage, "latest") is None


@BOTH
@pytest.mark.parametrize(
    ("verb", "said"), [("oops", "OverflowError: int too big?to convert"), ("plain", "RuntimeError: ")]
)
def test_what_nobody_foresaw_is_answered_and_kept(kind: str, verb: str, said: str) -> None:
    """With an error for the asker, and the question in the quarantine for whoever mends it."""
    with linked(kind) as (stage, reader):
        careless = Careless(stage.wire, stage.outlet)
        question = reader.inlet.request(verb)
        reader.until(lambda: not reader.inlet.awaits(question), careless)
        answer = reader.inlet.answer(question)
        assert answer is not None
        assert (answer[0].error, stage.wire.refusals) == (said, [("ask", "value")])


@pytest.mark.parametrize(("verb", "trouble"), [("disk", OSError), ("bus", EndpointError)])
def test_the_stages_own_trouble_ends_it(verb: str, trouble: type[Exception]) -> None:
    """A disk that fails is not the asker's fault: as at any other moment, the stage does not go on."""
    with linked("memory") as (stage, reader):
        reader.inlet.request(verb)
        with pytest.raises(trouble):
            Careless(stage.wire, stage.outlet).turn()


def test_whose_trouble_it_is() -> None:
    """What is not there, or cannot be sent, is the question's; an error says its type where its text says nothing."""
    assert not any(map(is_own_trouble, (KeyError("x"), ValueError("x"), EncodeError("x"), OverflowError("x"))))
    assert reason_of(KeyError()) == "KeyError: "
    assert reason_of(ValueError("short")) == "short"
