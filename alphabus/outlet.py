"""The publishing side of a stage: one live end, one asked end, and the record it can send again from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from alphabus.asked import MAX_DETAIL, is_own_trouble, printable, reason_of, replay_of
from alphabus.bus import Bus
from alphabus.codec import Content, Frames, decode, encode
from alphabus.early import EarlyAlerts
from alphabus.errors import DecodeError
from alphabus.messages import Acknowledge, Alert, Delivery, Heartbeat, Message, Reply, Request
from alphabus.outbox import Page, Record
from alphabus.sockets import Channel

SUBSCRIBES, LEAVES = b"\x01", b"\x00"

Answer = Callable[[Request], Page]


@dataclass(slots=True)
class Acknowledged:
    """The highest bar each consumer of a topic has acknowledged, for one journal."""

    journal: bytes = b""
    bars: dict[str, int] = field(default_factory=dict)

    def take(self, message: Acknowledge) -> None:
        """Note it; another journal forgets what was acknowledged of the old one."""
        if message.journal != self.journal:
            self.journal = message.journal
            self.bars.clear()
        self.bars[message.consumer] = max(message.bar, self.bars.get(message.consumer, -1))

    def lowest(self, consumers: Iterable[str], journal: bytes) -> int:
        """The bar all these consumers have passed, 0 when one has not spoken yet."""
        if journal != self.journal:
            return 0
        return min((self.bars.get(name, 0) for name in consumers), default=0)


class Outlet:
    """Publishes with epoch and seq, answers `replay` and `status`, hears acknowledgements."""

    def __init__(self, bus: Bus, service: str, epoch: int) -> None:
        """Bind both ends; raises EndpointError."""
        endpoints = bus.endpoints
        self.service, self.epoch = service, epoch
        self.subscribers = 0
        self.refusals = 0  # questions that were answered with an error
        self._clock, self._refused = bus.clock, bus.refused
        self._seqs: dict[str, int] = {}
        self._health = endpoints.topic("health", service)
        self._alerts = endpoints.topic("alerts", service)
        self._asked_topic = endpoints.topic("ask")
        self._early = EarlyAlerts(bus.clock.monotonic_ns())
        self._acknowledged: dict[str, Acknowledged] = {}
        self._live: Channel = bus.transport.publisher(endpoints.live(service))
        self._asked: Channel = bus.transport.responder(endpoints.asked(service))

    @property
    def handles(self) -> list[object]:
        """What a poller waits on."""
        return [self._live.handle, self._asked.handle]

    @property
    def next(self) -> Mapping[str, int]:
        """The seq each topic goes on with."""
        return {topic: seq + 1 for topic, seq in self._seqs.items()}

    def publish(self, topic: str, message: Message, content: Content | None = None) -> Frames:
        """Send a message on the live end; returns its frames, for the record. `content` is its own, if made already."""
        seq = self._seqs.get(topic, 0) + 1
        frames = encode(self._delivery(topic, seq, message), content)
        self._seqs[topic] = seq
        self._live.send(frames)
        return frames

    def beat(self, heartbeat: Heartbeat) -> None:
        """Publish a sign of life that says how every topic goes on."""
        self._tell(self._early.due(self._clock.monotonic_ns()))
        self.publish(self._health, replace(heartbeat, next=self.next))

    def alert(self, level: str, event: str, **detail: str) -> None:
        """Tell whoever watches: what a start has to tell, as soon as somebody does."""
        told = {name: printable(text, MAX_DETAIL) for name, text in detail.items()}
        self._tell(self._early.take(Alert(self.service, level, event, told)))

    def frames_of(self, topic: str, message: Message) -> Frames:
        """Frames of a message sent in answer to a question: seq 0, outside the live series."""
        return encode(self._delivery(topic, 0, message))

    def lowest_acknowledged(self, topic: str, consumers: Iterable[str], journal: bytes) -> int:
        """The bar of `topic` that all `consumers` have acknowledged; 0 when one has not spoken."""
        known = self._acknowledged.get(topic)
        return 0 if known is None else known.lowest(consumers, journal)

    def serve(self, record: Record, answer: Answer) -> list[Acknowledge]:
        """Answer what was asked (never blocks); return the acknowledgements that came."""
        self._count_subscribers()
        heard: list[Acknowledge] = []
        asked: dict[tuple[bytes, object], Request] = {}
        while (frames := self._asked.receive()) is not None:
            identity, parts = bytes(frames[0]), frames[1:]
            try:
                message = decode(parts).message
            except DecodeError as error:
                self._refused("ask", error, parts)
                continue
            if isinstance(message, Acknowledge):
                self._acknowledged.setdefault(message.topic, Acknowledged()).take(message)
                heard.append(message)
            elif isinstance(message, Request):
                key = (identity, message.arguments.get("topic") if message.verb == "replay" else message.id)
                asked.pop(key, None)  # who asks for the same record again has given the first question up
                asked[key] = message
        for (identity, _), request in asked.items():
            self._reply(identity, request, record, answer)
        return heard

    def close(self) -> None:
        """Let go of both ends."""
        self._live.close()
        self._asked.close()

    def _reply(self, identity: bytes, request: Request, record: Record, answer: Answer) -> None:
        """Whatever was asked, and whatever comes of it: only who asked hears of it, and nobody's question ends us."""
        try:
            found = self._answered(request, record, answer)
        except Exception as problem:
            if is_own_trouble(problem):
                raise
            found = [self._refusal(request, problem)]
        for frames in found:
            self._asked.send([identity, *frames])

    def _answered(self, request: Request, record: Record, answer: Answer) -> Sequence[Frames]:
        following: dict[str, int] = {}
        if request.verb == "replay":
            replay = replay_of(request)
            page = replay.of(record)
            following = {replay.topic: self._seqs.get(replay.topic, 0) + 1} if page.complete else {}
        else:
            page = answer(request)
        reply = self.frames_of(self._asked_topic, Reply(request.id, len(page.frames), None, following))
        # A full queue may lose any of these; between two equal replies the reader sees that all came, and only these.
        return (reply, *page.frames, reply) if page.frames else (reply,)

    def _refusal(self, request: Request, problem: Exception) -> Frames:
        self.refusals += 1
        if not isinstance(problem, LookupError | ValueError):  # not foreseen: whoever mends it needs the question
            asked = self.frames_of(self._asked_topic, request)
            self._refused("ask", DecodeError("value", f"{request.verb}: {reason_of(problem)}"), asked)
        return self.frames_of(self._asked_topic, Reply(request.id, 0, reason_of(problem)))

    def _count_subscribers(self) -> None:
        while (frames := self._live.receive()) is not None:
            first = bytes(frames[0][:1])
            if len(frames) == 1 and first in (SUBSCRIBES, LEAVES):
                self.subscribers = max(self.subscribers + (1 if first == SUBSCRIBES else -1), 0)
                if first == SUBSCRIBES and self._alerts.encode().startswith(bytes(frames[0][1:])):
                    self._tell(self._early.end())
            else:
                self._refused(
                    "live", DecodeError("frames", "not a subscription: one frame, its first byte 1 or 0"), frames
                )

    def _tell(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            self.publish(self._alerts, alert)

    def _delivery(self, topic: str, seq: int, message: Message) -> Delivery:
        return Delivery(topic, self.epoch, seq, self._clock.wall_ns(), message)
