"""Hears what a running pipeline says, with the stamps it was sent under."""

from collections.abc import Callable, Iterator

from alphabus.bus import Bus
from alphabus.codec import decode
from alphabus.messages import Announcement, Delivery, EndOfStream, Phase, Signals, Status
from alphabus.sockets import Waiter, wait_on
from common.errors import PipelineError

PATIENCE_NS = 60_000_000_000
LOOK_NS = 500_000_000


class Listener:
    """Announcements and signals of one arm; remembers when each section was due, on the wall clock."""

    def __init__(self, bus: Bus, running: Callable[[], bool], wait: Waiter = wait_on) -> None:
        self._clock, self._running, self._wait = bus.clock, running, wait
        endpoints = bus.endpoints
        # In this order: a section's announcement is heard before its signal.
        self._channels = (
            bus.transport.subscriber(endpoints.live("bar_feed"), [endpoints.topic("announcements")]),
            bus.transport.subscriber(endpoints.live("inference_worker"), [endpoints.topic("signals", "champion")]),
        )
        self.due_ns: dict[int, int] = {}

    def close(self) -> None:
        """Let go of both links."""
        for channel in self._channels:
            channel.close()

    def signals(self) -> Iterator[tuple[int, Signals]]:
        """When a section was sent (ns, wall clock), and what; PipelineError when the stream ends or falls silent."""
        for delivery in self._deliveries():
            message = delivery.message
            if isinstance(message, Announcement) and message.phase is Phase.DUE:
                self.due_ns[message.bar] = delivery.sent + message.due_in_ns
            elif isinstance(message, Signals):
                yield delivery.sent, message
            elif isinstance(message, EndOfStream):
                raise PipelineError("the market was over before everything was measured; the machine is too busy")

    def next_fresh(self, after_ns: int = 0) -> int:
        """When the next fresh section was sent (ns, wall clock), not counting any sent up to `after_ns`."""
        return next(sent for sent, message in self.signals() if message.status is Status.FRESH and sent > after_ns)

    def _deliveries(self) -> Iterator[Delivery]:
        heard_ns = self._clock.monotonic_ns()
        while True:
            for channel in self._channels:
                while (frames := channel.receive()) is not None:
                    heard_ns = self._clock.monotonic_ns()
                    yield decode(frames)
            if not self._running() or self._clock.monotonic_ns() - heard_ns > PATIENCE_NS:
                raise PipelineError("the pipeline ended or fell silent while it was measured")
            self._wait([channel.handle for channel in self._channels], LOOK_NS)
