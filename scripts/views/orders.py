"""What people ordered arms to do, and what still holds of it, for people."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from common.models.records import Change
from scripts.views.models import when

ORDERS = {"halt": ("is halted", "resume"), "open": ("has its breaker forced open", "close")}
"""Of an order that holds: what the arm is, and the order that ends it."""


def tell_orders(instance: str, orders: Iterable[Change], people: Console) -> None:
    """Of an arm that is not free to speak: since when, by whom, why, and how to end that."""
    for order in orders:
        what, end = ORDERS[order.action]
        since = f"since {when(order.time_ns)} by {order.by}: {order.why}"
        command = f"python -m scripts.control {end} {order.arm} --instance {instance} --why WHY"
        people.print(
            f"[yellow]arm {order.arm} {what}[/yellow] {escape(since)}; {command} ends that",
            highlight=False,
            soft_wrap=True,
        )
