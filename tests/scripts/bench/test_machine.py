"""What machine it was, and whether it had other things to do."""

import json
from dataclasses import replace

import pytest

from alphabus.testing import ManualClock
from scripts.bench.machine import Load, Machine, cpu_model, load_average


def here(load_before: Load = (0.0, 0.0, 0.0)) -> Machine:
    """This machine as of one second after 2020-01-01."""
    return Machine.here(ManualClock(1_577_836_801_000_000_000), ["numpy", "no-such-library"], load_before)


def test_this_machine_can_be_told() -> None:
    """The time is the clock's, in UTC; libraries that are not there are left out; JSON can hold it all."""
    machine = here(load_average())
    assert machine.time == "2020-01-01T00:00:01+00:00"
    assert set(machine.libraries) == {"numpy"}
    assert machine.cores >= 1
    assert machine.memory_gb > 0
    assert json.loads(json.dumps(machine.figures()))["python"] == machine.python


@pytest.mark.parametrize(("load", "busy"), [(0.0, False), (0.5, False), (0.6, True)])
def test_a_busy_machine_says_so(load: float, *, busy: bool) -> None:
    """More than a quarter of the cores were at work before we began: in the figures and in words."""
    machine = replace(here(), cores=2, load_before=(load, 9.0, 9.0))
    assert machine.figures()["busy"] is busy
    assert ("busy with other things" in str(machine)) is busy


def test_the_processor_has_a_name() -> None:
    """The first one's model name; something all the same where the kernel tells none."""
    assert cpu_model("processor : 0\nmodel name\t: Chip 7\nmodel name\t: Chip 8\n") == "Chip 7"
    assert cpu_model("processor : 0\n") != ""
