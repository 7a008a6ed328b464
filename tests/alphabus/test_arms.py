"""What each arm said last, as a person sees it: which model serves it, and whether it is halted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from alphabus.arms import arms_of, newest
from alphabus.asker import Asker
from alphabus.codec import decode, encode
from alphabus.lines import arm_rows, section_facts, section_line, status_table
from alphabus.messages import Delivery, Heartbeat, Message, Reason, Reply, Request, Signals, Status
from alphabus.section import Section
from alphabus.status import Status as Found
from alphabus.testing import ManualClock, memory_bus, signals, universe

SECOND_NS = 1_000_000_000
HALTED = signals(7, {"A": 0.5}, status=Status.VOID, reason=Reason.HALTED, age=2)


def found(service: str, *topics: str, **counters: int) -> Found:
    """How a process is that published on these topics."""
    return Found(Heartbeat(service, 7, bytes(16), 3, 2, dict.fromkeys(topics, 4), counters))


WORKER = found("inference_worker", "t/health/inference_worker/", "t/signals/shadow/", "t/signals/champion/")
CACHE = found("signal_cache", "t/health/signal_cache/", sections_champion=3, sections_blend=2, ended=0)


@pytest.mark.parametrize(
    ("worker", "cache", "known"),
    [
        (WORKER, CACHE, ("blend", "champion", "shadow")),
        (None, CACHE, ("blend", "champion")),
        (WORKER, None, ("champion", "shadow")),
        (None, None, ()),
        (Found(WORKER.heartbeat, {}, {"night": "free"}), None, ("champion", "night", "shadow")),
    ],
)
def test_arms_are_those_that_were_heard_of(worker: Found | None, cache: Found | None, known: tuple[str, ...]) -> None:
    """From either side: one of them may have just been started, or be away."""
    assert arms_of(worker, cache) == known


def test_the_newest_section_of_each_arm_is_asked_for() -> None:
    """Of one that has said nothing there is none; one that the cache does not have is not made up."""
    clock = ManualClock()
    bus = memory_bus(clock=clock)
    link = bus.transport.responder(bus.endpoints.asked("signal_cache"))
    record: dict[object, list[Message]] = {"champion": [universe("A"), HALTED], "shadow": []}

    def wait(handles: Sequence[object], timeout_ns: int) -> None:
        assert handles
        clock.advance(timeout_ns)
        while (frames := link.receive()) is not None:
            question = decode(frames[1:]).message
            assert isinstance(question, Request)
            found = record.get(question.arguments["arm"], [])
            reply = Reply(question.id, len(found), None if found else "no such arm")
            for message in (reply, *found):
                link.send([bytes(frames[0]), *encode(Delivery("t/ask/", 0, 0, 0, message))])

    said = newest(Asker(bus, "signal_cache", wait), ("champion", "shadow", "blend"), SECOND_NS)
    assert {arm: section and section.bar for arm, section in said.items()} == {
        "champion": 7, "shadow": None, "blend": None,
    }  # fmt: skip


def test_a_table_says_what_serves_and_what_is_halted() -> None:
    """A line for each arm, after the processes; none where no arm is known, no word where the worker is away."""
    states = {"champion": "halted", "shadow": "breaker forced_open"}
    processes = {"signal_cache": CACHE, "inference_worker": Found(WORKER.heartbeat, {}, states)}
    said: dict[str, Signals | None] = {"blend": HALTED, "champion": HALTED, "shadow": None}
    lines = [" ".join(line.split()) for line in status_table(processes, said)]
    assert [line.split()[0] for line in lines] == ["process", *processes, "arm", *said]
    model = f"{HALTED.model.name}/{HALTED.model.version}"
    assert lines[5].endswith(f"7 halted; void (halted, age 2), from {model}")
    assert lines[6] == "shadow - - breaker forced_open; nothing on record"
    rows = arm_rows(processes, said)
    assert {arm: (row["now"], row["last"] and row["last"]["model"]) for arm, row in rows.items()} == {
        "blend": (None, model), "champion": ("halted", model), "shadow": ("breaker forced_open", None),
    }  # fmt: skip
    assert list(status_table({"monitor": None}, {}))[1].split() == ["monitor", "-", "-", "no", "answer"]


def test_figures_and_lines_of_a_section_name_its_model() -> None:
    """Of `status --json` and of `watch`."""
    model = f"{HALTED.model.name}/{HALTED.model.version}"
    told = section_facts(Section(("A",), HALTED))
    assert (told["model"], told["status"], told["reason"], told["bar"]) == (model, "void", "halted", 7)
    assert told["journal"] == HALTED.journal.hex()
    assert f" {model} " in section_line(Section(("A",), HALTED))


def test_a_cache_that_does_not_answer_is_not_an_empty_record() -> None:
    """What is on record nobody knows then."""
    assert list(status_table({"signal_cache": None}, {"champion": None}))[-1].endswith("the cache does not answer")
