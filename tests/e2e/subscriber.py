"""`python -m tests.e2e.subscriber KEYS`: a trading engine of its own that tells all it sees, a line of JSON each.

`at` is the monotonic clock, ns, which all processes of a machine share. `link` is what the client says of its link,
`made` and `lost` what ZeroMQ says of the connection to a service, `bar` a section with the bits of its values;
`recorded` comes last: the client saw the end, and the cache has it on record.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import zmq
from zmq.utils.monitor import recv_monitor_message

from alphabus.bus import Bus
from alphabus.client import Section, SignalClient
from alphabus.clock import SystemClock
from alphabus.errors import RequestError
from alphabus.security.transport import connect
from alphabus.status import StatusView

INSTANCE = "test"
LOOK_NS = 20_000_000
ANSWER_NS = 1_000_000_000
HEARD = ("bar_feed", "inference_worker")
MADE, LOST = zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_DISCONNECTED

Monitors = dict[str, zmq.Socket[bytes]]


def main(keys: Path) -> None:
    """Follow the stream to its end."""
    with connections(keys) as monitors, SignalClient(INSTANCE, mode="replay", keys=keys) as client:
        follow(client, monitors)
    await_record(keys)
    say(recorded=True)


def follow(client: SignalClient, monitors: Monitors) -> None:
    """Tell every section, and every change of the link and of the connections."""
    told = ""
    while not client.ended:
        section = look(client)
        for service, monitor in monitors.items():
            while monitor.poll(0):
                say(**{"made" if recv_monitor_message(monitor)["event"] == MADE else "lost": service})
        if client.link != told:
            told = client.link
            say(link=told)
        if section is not None:
            tell(section)


def look(client: SignalClient) -> Section | None:
    """The next section if it comes in a moment; a hole that could not be filled now is tried again with the next."""
    try:
        return client.receive(LOOK_NS)
    except RequestError:
        return None


def tell(section: Section) -> None:
    """All of a section that must be the same wherever it is heard."""
    signals = section.signals
    bits = {symbol: value.hex() for symbol, value in section.by_symbol().items()}
    say(bar=signals.bar, revision=signals.revision, status=signals.status, reason=signals.reason, values=bits)


@contextmanager
def connections(keys: Path) -> Iterator[Monitors]:
    """One more connection to each, and what ZeroMQ says of it: that it was made, that it was lost."""
    endpoints, transport = connect(keys, INSTANCE)
    found: Monitors = {}
    with closing(transport), ExitStack() as stack:
        for service in HEARD:
            socket = stack.enter_context(closing(transport._visitor(zmq.SUB, endpoints.live(service))))
            found[service] = stack.enter_context(closing(socket.get_monitor_socket(MADE | LOST)))
            socket.connect(endpoints.live(service))
        yield found


def await_record(keys: Path) -> None:
    """Until the cache has the end of the stream."""
    endpoints, transport = connect(keys, INSTANCE)
    with closing(transport), closing(StatusView(Bus(endpoints, transport, SystemClock()), "signal_cache")) as view:
        while (beat := view.ask(ANSWER_NS)) is None or not beat.counters.get("ended"):
            pass


def say(**what: Any) -> None:
    """One line."""
    print(json.dumps({"at": time.monotonic_ns(), **what}), flush=True)  # noqa: T201  a program of its own


if __name__ == "__main__":
    main(Path(sys.argv[1]))
