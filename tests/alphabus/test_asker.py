"""One question, one answer: whole, of this question, in time; and a status view over it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from alphabus.__main__ import Place, verdict
from alphabus.asker import Asker
from alphabus.bus import Bus
from alphabus.codec import encode
from alphabus.errors import RequestError
from alphabus.lines import status_line, status_row
from alphabus.messages import Alert, Delivery, Heartbeat, Message, Reply
from alphabus.status import Status, StatusView
from alphabus.testing import ManualClock, memory_bus

SECOND_NS = 1_000_000_000
BEAT = Heartbeat("bar_feed", 7, bytes(16), 3, 2, {}, {"sections_live": 3})


class Stage:
    """A process that answers by hand: what it says to each question is given."""

    def __init__(self, answers: Sequence[Sequence[Message | bytes]]) -> None:
        self.clock = ManualClock()
        self.bus: Bus = memory_bus(clock=self.clock)
        self._link = self.bus.transport.responder(self.bus.endpoints.asked("bar_feed"))
        self._answers = [list(answer) for answer in answers]

    def wait(self, handles: Sequence[object], timeout_ns: int) -> None:
        """Answer one question, if one came; time passes."""
        assert handles
        self.clock.advance(timeout_ns)
        frames = self._link.receive()
        for message in self._answers.pop(0) if frames and self._answers else ():
            sent = [message] if isinstance(message, bytes) else encode(Delivery("t/ask/", 0, 0, 0, message))
            self._link.send([bytes(frames[0]) if frames else b"", *sent])


def asked(stage: Stage) -> Callable[[], list[Message] | None]:
    """A question to the stage; what came with the reply."""
    asker = Asker(stage.bus, "bar_feed", stage.wait)

    def ask() -> list[Message] | None:
        answer = asker.ask(SECOND_NS, "status")
        return None if answer is None else [delivery.message for delivery in answer[1]]

    return ask


def test_an_answer_is_the_reply_and_what_it_counts() -> None:
    """As the outlet sends it: reply, messages, reply again."""
    assert asked(Stage([[Reply(1, 1), BEAT, Reply(1, 1)]]))() == [BEAT]


LINKS = Alert("bar_feed", "info", "links", {"bar_feed": "gap", "signal_cache": "current"})


@pytest.mark.parametrize(("said", "links"), [((BEAT, LINKS), LINKS.detail), ((BEAT,), {})])
def test_a_status_has_links_where_there_are_some(said: tuple[Message, ...], links: dict[str, str]) -> None:
    """A process that follows nobody tells of none."""
    stage = Stage([[Reply(1, len(said)), *said, Reply(1, len(said))]])
    assert StatusView(stage.bus, "bar_feed", stage.wait).look(SECOND_NS) == Status(BEAT, links)


def test_a_status_has_arms_where_there_are_some() -> None:
    """The worker tells of its links and its arms, each under a name of its own."""
    arms = Alert("inference_worker", "info", "arms", {"champion": "halted"})
    stage = Stage([[Reply(1, 3), BEAT, LINKS, arms, Reply(1, 3)]])
    assert StatusView(stage.bus, "bar_feed", stage.wait).look(SECOND_NS) == Status(BEAT, LINKS.detail, arms.detail)


def test_a_link_that_is_not_current_is_shown_first() -> None:
    """And no other: a line is short."""
    line = status_line("factor_engine", Status(BEAT, LINKS.detail))
    assert line.split("  ")[-2:] == ["link to bar_feed: gap", "sections_live 3"]
    row = {"pid": 7, "bar": 3, "sections_live": 3, "links": LINKS.detail, "waits_for_space": False}
    assert status_row(Status(BEAT, LINKS.detail)) == row


def test_an_instance_met_over_tcp_needs_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The option that has them is named."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "bar_feed.lock").write_text(f"pid {os.getpid()}, started", encoding="ascii")
    Place("far", tmp_path, None).warn()
    assert "they are met over TCP; give the folder of a client's card with --keys" in capsys.readouterr().err


WAITS = Status(replace(BEAT, counters={"disk_full": 2, "disk_has_room": 1}))
WENT_ON = Status(replace(BEAT, counters={"disk_full": 2, "disk_has_room": 2}))


def test_who_waits_for_space_is_shown_first() -> None:
    """To people and to programs, for as long as it waits."""
    assert status_line("bar_feed", WAITS).split("  ")[-3] == "the disk is full, waiting for space"
    assert "waiting" not in status_line("bar_feed", WENT_ON)
    assert [status_row(each)["waits_for_space"] for each in (WAITS, WENT_ON)] == [True, False]


@pytest.mark.parametrize(
    ("found", "status"), [([WENT_ON, Status(BEAT)], 0), ([Status(BEAT), WAITS], 75), ([WAITS, None], 1)]
)
def test_the_exit_status_says_how_all_are(found: list[Status | None], status: int) -> None:
    """Who does not answer is worse than who waits."""
    assert verdict(found) == status


def test_half_an_answer_is_none() -> None:
    """What a queue dropped is not made up: time runs out."""
    assert asked(Stage([[Reply(1, 2), BEAT]]))() is None


def test_what_comes_of_an_older_question_is_dropped() -> None:
    """The answer to a question that was given up is not taken for this one's."""
    ask = asked(Stage([[], [Reply(1, 1), BEAT, Reply(1, 1), Reply(2, 0)]]))
    assert ask() is None
    assert ask() == []


def test_silence_takes_no_longer_than_asked_for() -> None:
    """None, and exactly then."""
    stage = Stage([])
    assert asked(stage)() is None
    assert stage.clock.monotonic_ns() == SECOND_NS


def test_nonsense_is_said() -> None:
    """Bytes that are no message."""
    with pytest.raises(RequestError, match="the answer is not a message"):
        asked(Stage([[b"garbage"]]))()


def test_a_status_view_gives_the_heartbeat_or_nothing() -> None:
    """Of a process that answers, and of one that is away."""
    stage = Stage([[Reply(1, 1), BEAT, Reply(1, 1)]])
    view = StatusView(stage.bus, "bar_feed", stage.wait)
    assert view.ask(SECOND_NS) == BEAT
    assert view.ask(SECOND_NS) is None
    view.close()
