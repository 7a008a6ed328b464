"""What a stage tells while it is made is heard by who comes a moment later."""

from __future__ import annotations

from contextlib import closing

import pytest

from alphabus.codec import decode
from alphabus.early import MAX_HELD, PATIENCE_NS, EarlyAlerts
from alphabus.messages import Alert, Heartbeat
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.sockets import Subscription
from tests.alphabus.links import wire

SERVICE = "bar_feed"
BEAT = Heartbeat(SERVICE, 1, bytes(16), 0, 0, {}, {})


def told(channel: Subscription) -> list[str]:
    """The alerts that came."""
    found = []
    while (frames := channel.receive()) is not None:
        message = decode(frames).message
        if isinstance(message, Alert):
            found.append(message.event)
    return found


@pytest.mark.parametrize("kind", ["memory", "zmq"])
@pytest.mark.parametrize("prefix", ["t/alerts/bar_feed/", "t/alerts/", ""])
def test_an_alert_of_the_start_waits_for_a_listener(kind: str, prefix: str) -> None:
    """In order, before later ones, each once, whatever prefix of the topic the listener asks for."""
    with wire(kind) as link, closing(Outlet(link.bus, SERVICE, 1)) as outlet:
        record, heard = Outbox(0), list[str]()
        outlet.alert("warning", "first")
        outlet.alert("warning", "second")
        with closing(link.bus.transport.subscriber(link.bus.endpoints.live(SERVICE), [prefix])) as channel:

            def turn() -> None:
                outlet.serve(record, lambda _: Page((), complete=True))
                outlet.beat(BEAT)
                heard.extend(told(channel))

            link.until(lambda: len(heard) >= 2, turn, lambda: [*outlet.handles, channel.handle])
            outlet.alert("warning", "third")
            link.until(lambda: len(heard) >= 3, turn, lambda: [*outlet.handles, channel.handle])
        assert heard == ["first", "second", "third"]


def test_a_listener_to_something_else_is_none() -> None:
    """Who asks for bars alone does not let go of what only another would hear."""
    with wire("memory") as link, closing(Outlet(link.bus, SERVICE, 1)) as outlet:
        outlet.alert("warning", "first")
        address, record = link.bus.endpoints.live(SERVICE), Outbox(0)
        for prefix, expected in (("t/bars/", []), ("t/alerts/", ["first"])):
            with closing(link.bus.transport.subscriber(address, [prefix])) as channel:
                outlet.serve(record, lambda _: Page((), complete=True))
                assert told(channel) == expected


def test_nothing_is_held_for_ever() -> None:
    """Only the newest are held, and none of them once patience has ended: an alert is news, or nothing."""
    alerts = [Alert(SERVICE, "warning", str(number)) for number in range(MAX_HELD + 1)]
    early = EarlyAlerts(5)
    assert [early.take(alert) for alert in alerts] == [[]] * len(alerts)
    assert early.due(PATIENCE_NS + 4) == []
    assert early.due(PATIENCE_NS + 5) == alerts[1:]
    assert early.end() == []
    assert early.take(alerts[0]) == alerts[:1]
