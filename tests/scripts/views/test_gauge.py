"""A bar for one piece of work: what it counts in, and that nothing of it is left where nobody watches."""

import io

import pytest
from rich.progress import ProgressColumn

from scripts.views.gauge import BYTES, COUNT, SHARE, gauge
from scripts.views.people import People


@pytest.mark.parametrize(("measure", "told"), [(COUNT, "3/4"), (BYTES, "3/4 bytes"), (SHARE, "75%")])
@pytest.mark.parametrize("stays", [True, False])
def test_it_says_how_far_the_work_is(measure: type[ProgressColumn], told: str, *, stays: bool) -> None:
    """In a terminal, under a name that is no markup; at the end it is left standing, or taken away."""
    people = People(file=io.StringIO(), width=100, force_terminal=True)
    with gauge(people, "[BTC/USDT]", measure, stays=stays) as advance:
        advance(3, 4)
    assert isinstance(people.file, io.StringIO)
    shown = people.file.getvalue()
    assert told in shown
    assert "[BTC/USDT]" in shown
    assert shown.endswith("\x1b[2K") is not stays


def test_in_a_file_nothing_of_it_is_left() -> None:
    """A log holds what came of it, not how far it was."""
    people = People(file=io.StringIO(), width=100)
    with gauge(people, "sections", stays=True) as advance:
        advance(4, 4)
    assert isinstance(people.file, io.StringIO)
    assert people.file.getvalue() == ""
