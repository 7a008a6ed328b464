"""The consuming side of a link: subscribe, ask, hold, apply, acknowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from alphabus.bus import Bus
from alphabus.clock import Clock
from alphabus.codec import decode, encode
from alphabus.continuity import Follower, Tally
from alphabus.errors import DecodeError
from alphabus.messages import Acknowledge, Delivery, Heartbeat, Message, Reply, Request
from alphabus.sockets import Channel, Subscription

ASK_AGAIN_NS = 1_000_000_000
REPEAT_NS = 1_000_000_000
STALE_NS = 3_000_000_000
MAX_UNREAD = 64  # answers nobody fetched: whoever asked found what it wanted elsewhere
MAX_AT_ONCE = 256  # a fast writer must not keep the reader from everything else


@dataclass(slots=True)
class _Question:
    """A request under way; `follower` is set when it asks for a replay."""

    follower: Follower | None
    asked_ns: int
    paused: bool = False  # it was refused, and is asked again once patience has ended
    reply: Reply | None = None
    epoch: int = -1
    deliveries: list[Delivery] = field(default_factory=list)


class Inlet:
    """Follows topics of one upstream service, each in order and each message once."""

    def __init__(self, bus: Bus, consumer: str, service: str, topics: Sequence[str]) -> None:
        """Connect; nothing is applied before the writer's record was asked."""
        self.service = service
        self.followers = {topic: Follower(topic) for topic in topics}
        endpoints, transport = bus.endpoints, bus.transport
        self._consumer, self._clock, self._refused = consumer, bus.clock, bus.refused
        self._asked_topic = endpoints.topic("ask")
        self._questions: dict[int, _Question] = {}
        self._answering: _Question | None = None
        self._answers: dict[int, _Question] = {}
        self._last_id = 0
        self._acknowledged: dict[str, Acknowledge] = {}
        self._repeated_ns = self._answered_ns = bus.clock.monotonic_ns()
        self._heard_ns, self._slept_ns = bus.clock.boot_ns(), _slept_ns(bus.clock)
        health = endpoints.topic("health", service)
        self._live: Subscription = transport.subscriber(endpoints.live(service), [*topics, health])
        self._ask: Channel = transport.requester(endpoints.asked(service))

    @property
    def handles(self) -> list[object]:
        """What a poller waits on."""
        return [self._live.handle, self._ask.handle]

    @property
    def stale(self) -> bool:
        """Whether nothing at all came for three heartbeats; a machine that slept counts its sleep."""
        return self._clock.boot_ns() - self._heard_ns > STALE_NS

    @property
    def behind(self) -> bool:
        """Whether some topic waits for the writer's record."""
        return any(follower.unsure for follower in self.followers.values())

    @property
    def tallies(self) -> Mapping[str, Tally]:
        """Gaps, duplicates, zombies and restarts by topic."""
        return {topic: follower.tally for topic, follower in self.followers.items()}

    def resume(self, topic: str, follower: Follower) -> None:
        """Go on from what `follower` knows, instead of from nothing."""
        self.followers[topic] = follower

    def follow(self, topic: str, follower: Follower | None = None) -> None:
        """Follow one more topic from now on; the writer is asked for what it has from `follower`'s last bar on."""
        if topic not in self.followers:
            self.followers[topic] = follower or Follower(topic)
            self._live.subscribe(topic)

    def unfollow(self, topic: str) -> None:
        """Follow a topic no more; what is still under way of it is dropped."""
        if self.followers.pop(topic, None) is not None:
            self._acknowledged.pop(topic, None)
            self._live.unsubscribe(topic)

    def is_behind(self, topic: str) -> bool:
        """Whether this topic waits for the writer's record."""
        return topic in self.followers and self.followers[topic].unsure

    def receive(self) -> list[Delivery]:
        """What is to be applied now, in order; never blocks."""
        deliveries: list[Delivery] = []
        self._doubt_after_sleep()
        for delivery in self._drained(self._live):
            deliveries += self._from_live(delivery)
        for delivery in self._drained(self._ask):
            deliveries += self._from_record(delivery)
        self._ask_where_unsure()
        return deliveries

    def acknowledge(self, topic: str, journal: bytes, bar: int) -> None:
        """Tell the writer that everything up to `bar` is done."""
        message = Acknowledge(self._consumer, topic, journal, bar)
        self._acknowledged[topic] = message
        self._send(message)

    def repeat(self) -> None:
        """Acknowledge again now and then: a writer that restarted has forgotten."""
        now = self._clock.monotonic_ns()
        if now - self._repeated_ns >= REPEAT_NS:
            self._repeated_ns = now
            for message in self._acknowledged.values():
                self._send(message)

    def request(self, verb: str, **arguments: int | str | bytes) -> int:
        """Ask something; the answer is fetched with `answer`."""
        return self._question(None, verb, arguments)

    def answer(self, question: int) -> tuple[Reply, list[Delivery]] | None:
        """The reply and the messages that came with it, once they are all there."""
        found = self._answers.pop(question, None)
        if found is None or found.reply is None:
            return None
        return found.reply, found.deliveries

    def awaits(self, question: int) -> bool:
        """Whether the question may still be answered; False once patience has ended."""
        reply = None if self._answering is None else self._answering.reply
        return question in self._questions or (reply is not None and reply.id == question)

    def close(self) -> None:
        """Let go of both ends."""
        self._live.close()
        self._ask.close()

    def _doubt_after_sleep(self) -> None:
        """A link that outlived a sleep may have lost its end without a word: ask before anything is applied."""
        slept, self._slept_ns = _slept_ns(self._clock) - self._slept_ns, _slept_ns(self._clock)
        if slept > STALE_NS:
            for follower in self.followers.values():
                follower.doubt()

    def _drained(self, channel: Channel) -> Iterable[Delivery]:
        for _ in range(MAX_AT_ONCE):
            if (frames := channel.receive()) is None:
                return
            self._heard_ns = self._clock.boot_ns()
            try:
                yield decode(frames)
            except DecodeError as error:
                self._refused(self.service, error, frames)

    def _from_live(self, delivery: Delivery) -> list[Delivery]:
        message = delivery.message
        if isinstance(message, Heartbeat):
            for topic, followed in self.followers.items():
                followed.expect(delivery.epoch, message.next.get(topic, 1))
            return []
        follower = self.followers.get(delivery.topic)
        if follower is None:
            return []
        return follower.live(delivery)

    def _from_record(self, delivery: Delivery) -> list[Delivery]:
        """An answer stands between two equal replies; what a queue lost of either, or between, is asked again."""
        message = delivery.message
        self._answered_ns = self._clock.monotonic_ns()
        if not isinstance(message, Reply):
            if self._answering is not None:
                self._answering.deliveries.append(delivery)
            return []
        opened, self._answering = self._answering, None
        if opened is not None and opened.reply == message:
            return self._closed(opened, message)
        return self._opened(message, delivery.epoch)

    def _opened(self, reply: Reply, epoch: int) -> list[Delivery]:
        question = self._questions.pop(reply.id, None)
        self._forget_lost(reply.id)
        if question is None:
            return []
        question.reply, question.epoch = reply, epoch
        if reply.count == 0:
            return self._closed(question, reply)
        self._answering = question
        return []

    def _closed(self, question: _Question, reply: Reply) -> list[Delivery]:
        follower = question.follower
        if len(question.deliveries) != reply.count:
            return []
        if follower is None:
            self._answers[reply.id] = question
            while len(self._answers) > MAX_UNREAD:
                del self._answers[next(iter(self._answers))]
            return []
        if reply.error is not None:  # asked again once patience ends, not at once
            self._questions[reply.id] = _Question(follower, self._clock.monotonic_ns(), paused=True)
            return []
        if self.followers.get(follower.topic) is not follower:  # not followed any more, or anew
            return []
        return follower.answered(question.epoch, reply.next.get(follower.topic), question.deliveries)

    def _ask_where_unsure(self) -> None:
        self._give_up_unanswered()
        under_way = {id(question.follower) for question in self._pending()}
        for follower in self.followers.values():
            if follower.unsure and id(follower) not in under_way:
                self._ask_replay(follower)

    def _give_up_unanswered(self) -> None:
        patience_ends = self._clock.monotonic_ns() - ASK_AGAIN_NS
        silent = self._answered_ns <= patience_ends  # while answers flow, those behind them are only late
        self._questions = {
            k: question
            for k, question in self._questions.items()
            if question.asked_ns > patience_ends or not (silent or question.paused)
        }
        if silent:
            self._answering = None

    def _forget_lost(self, answered: int) -> None:
        """Answers come in the order of the questions: an older question that is still open was lost."""
        self._questions = {k: question for k, question in self._questions.items() if k > answered or question.paused}

    def _pending(self) -> Iterable[_Question]:
        if self._answering is not None:
            yield self._answering
        yield from self._questions.values()

    def _ask_replay(self, follower: Follower) -> None:
        arguments: dict[str, int | str | bytes] = {"topic": follower.topic, "bar": follower.from_bar}
        self._question(follower, "replay", arguments | {"journal": follower.journal or b""})

    def _question(self, follower: Follower | None, verb: str, arguments: Mapping[str, int | str | bytes]) -> int:
        self._last_id += 1
        self._questions[self._last_id] = _Question(follower, self._clock.monotonic_ns())
        self._send(Request(self._last_id, verb, arguments))
        return self._last_id

    def _send(self, message: Message) -> None:
        self._ask.send(encode(Delivery(self._asked_topic, 0, 0, self._clock.wall_ns(), message)))


def _slept_ns(clock: Clock) -> int:
    """How long the machine was suspended since its start, give or take the time between two readings."""
    return clock.boot_ns() - clock.monotonic_ns()
