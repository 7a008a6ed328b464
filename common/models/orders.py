"""What people ordered an arm to do and have not taken back, by its history."""

from collections.abc import Iterable

from common.models.records import Action, Change

TAKEN_BACK: tuple[tuple[Action, Action], ...] = (("halt", "resume"), ("open", "close"))
"""An order, and the one that ends it."""


def in_force(events: Iterable[Change]) -> list[Change]:
    """The rows of an arm that still hold, given the newest row of each action."""
    newest = {change.action: change for change in events}
    numbers = {action: change.number for action, change in newest.items()}
    return [newest[done] for done, undone in TAKEN_BACK if numbers.get(done, 0) > numbers.get(undone, 0)]
