"""What is said of an arm that people have halted, or forced open."""

import io
from pathlib import Path

from rich.console import Console

from common.config import make_config
from common.models.orders import TAKEN_BACK
from common.models.records import Event
from common.models.registry import Registry
from common.replay.upkeep import orders_in_force
from scripts.views.orders import ORDERS, tell_orders


def test_an_arm_that_is_not_free_to_speak_is_told(tmp_path: Path) -> None:
    """Since when, by whom, why, and how to end it; what was taken back is not told."""
    values = {"instance": "t", "state": str(tmp_path), "feed": {"source": {"bars": "x"}}}
    config = make_config({**values, "registry": str(tmp_path / "registry")}, "test")
    people = Console(file=io.StringIO(), width=500)
    with Registry(config.registry, clock=lambda: 0) as models:
        for action in ("open", "close", "halt"):
            models.record(Event(action, "t", arm="champion"), by="ann", why="odd [orders]")
    tell_orders("t", orders_in_force(config), people)
    assert isinstance(people.file, io.StringIO)
    assert people.file.getvalue() == (
        "arm champion is halted since 1970-01-01 00:00:00Z by ann: odd [orders]; "
        "python -m scripts.control resume champion --instance t --why WHY ends that\n"
    )


def test_every_order_has_its_words() -> None:
    """And the order that ends it."""
    assert {action: end for action, (_, end) in ORDERS.items()} == dict(TAKEN_BACK)
