"""What lets a stage go as far as it is told: heard line by line, answered once."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from alphabus.clock import ManualClock
from scripts.bench.bus_gate import Gate


@dataclass(frozen=True, slots=True)
class Held:
    """A gate, its clock, and the end it is told through."""

    gate: Gate
    clock: ManualClock
    pipe: int

    def tell(self, text: bytes) -> None:
        """Say something, whole or in parts."""
        os.write(self.pipe, text)
        self.gate.hear()


@contextmanager
def held() -> Iterator[Held]:
    """A gate on a pipe that is closed at the end."""
    source, pipe = os.pipe()
    try:
        clock = ManualClock()
        yield Held(Gate(clock, source), clock, pipe)
    finally:
        os.close(source)
        os.close(pipe)


def test_a_line_is_heard_when_it_is_whole() -> None:
    """A number that came in two parts is one number; without anything said nothing may pass."""
    with held() as it:
        it.gate.hear()
        assert it.gate.until == 0
        it.tell(b"12")
        assert it.gate.until == 0
        it.tell(b"3\n")
        assert it.gate.until == 123


def test_bars_are_told_once_the_last_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its own time, in one line; what passed unasked goes into the next."""
    with held() as it:
        it.tell(b"3\n")
        it.gate.passed(0, 2)
        assert capsys.readouterr().out == ""
        it.clock.advance(7)
        it.gate.passed(2, 3)
        assert json.loads(capsys.readouterr().out) == {"passed": {"1": 0, "2": 0, "3": 7}}
        it.gate.passed(3, 4, 5)
        assert capsys.readouterr().out == ""
        it.tell(b"4\n")
        it.gate.passed(4, 4)
        assert json.loads(capsys.readouterr().out) == {"passed": {"4": 5}}
