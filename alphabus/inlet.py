"""The consuming side of a link: subscribe, ask, hold, apply, acknowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from alphabus.acknowledger import Acknowledger
from alphabus.backlog import Backlog
from alphabus.bus import Bus
from alphabus.codec import decode, encode
from alphabus.continuity import Follower, Tally
from alphabus.errors import DecodeError
from alphabus.losses import Losses
from alphabus.messages import Delivery, Heartbeat, Message, Reply, Request
from alphabus.questions import Questions
from alphabus.sockets import Channel, Subscription

STALE_NS = 3_000_000_000
LOOK_NS = 200_000_000  # from one look at what was lost to the next: it is not for every message
MAX_AT_ONCE = 256  # a fast writer must not keep the reader from everything else
MAX_BYTES_AT_ONCE = 32 * 1024 * 1024


class Inlet:
    """Follows topics of one upstream service, each in order and each message once."""

    def __init__(self, bus: Bus, consumer: str, service: str, topics: Sequence[str]) -> None:
        """Connect; nothing is applied before the writer's record was asked."""
        self.service = service
        self.followers = {topic: Follower(topic) for topic in topics}
        endpoints, transport = bus.endpoints, bus.transport
        self._clock, self._refused = bus.clock, bus.refused
        self._asked_topic = endpoints.topic("ask")
        now = self._looked_ns = bus.clock.monotonic_ns()
        self._questions, self._losses = Questions(now), Losses(service, bus.found)
        self._acknowledger = Acknowledger(consumer, bus.acknowledge_every, now)
        self._heard_ns, self._heard_awake_ns, self._slept_ns = bus.clock.boot_ns(), now, bus.clock.boot_ns() - now
        self._backlog, self._answers = Backlog(), Backlog()
        self._subscribe = partial(transport.subscriber, endpoints.live(service))
        self._health = endpoints.topic("health", service)
        self._live: Subscription = self._subscribe([*topics, self._health])
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
    def silent(self) -> bool:
        """Whether it is so though the machine was awake for as long: one that just woke up has heard nobody yet."""
        return self._clock.monotonic_ns() - self._heard_awake_ns > STALE_NS

    @property
    def behind(self) -> bool:
        """Whether some topic waits for the writer's record."""
        return any(follower.unsure for follower in self.followers.values())

    @property
    def state(self) -> str:
        """Of the link: current, gap (something was asked for, and is not there yet) or stale."""
        return "stale" if self.stale else "gap" if self.behind else "current"

    @property
    def tallies(self) -> Mapping[str, Tally]:
        """Gaps, duplicates, zombies and restarts by topic."""
        return {topic: follower.tally for topic, follower in self.followers.items()}

    def resume(self, topic: str, follower: Follower) -> None:
        """Go on from what `follower` knows, instead of from nothing."""
        self._let_go(topic)
        self.followers[topic] = follower

    def follow(self, topic: str, follower: Follower | None = None) -> None:
        """Follow one more topic from now on; the writer is asked for what it has from `follower`'s last bar on."""
        if topic not in self.followers:
            self.followers[topic] = follower or Follower(topic)
            self._live.subscribe(topic)

    def unfollow(self, topic: str) -> None:
        """Follow a topic no more; what is still under way of it is dropped."""
        if self._let_go(topic):
            self._acknowledger.forget(topic)
            self._live.unsubscribe(topic)

    def is_behind(self, topic: str) -> bool:
        """Whether this topic waits for the writer's record."""
        return topic in self.followers and self.followers[topic].unsure

    def receive(self) -> list[Delivery]:
        """What is to be applied now, in order; never blocks."""
        deliveries: list[Delivery] = []
        now = self._clock.monotonic_ns()
        self._doubt_after_sleep(now)
        for delivery, _ in self._drained(self._live, self._backlog):
            deliveries += self._from_live(delivery)
        if self._backlog.is_long:
            self._rejoin()
        for delivery, size in self._drained(self._ask, self._answers):
            deliveries += self._from_record(delivery, size)
        self._ask_where_unsure(now)
        self._look_for_losses(now)
        return deliveries

    def keep(self) -> None:
        """As `receive`, and only now and then, for a link that nothing is asked on at present: its heartbeats pile up.

        Nobody waits on it meanwhile.
        """
        if self._clock.monotonic_ns() - self._looked_ns >= LOOK_NS:
            self.receive()

    def acknowledge(self, topic: str, journal: bytes, bar: int) -> None:
        """Tell the writer that everything up to `bar` is done: at once, or with one of the next bars, or soon."""
        self._send_all(self._acknowledger.note(topic, journal, bar, self._clock.monotonic_ns()))

    def restate(self, topic: str, journal: bytes, bar: int) -> None:
        """Tell the writer what of it the newest word counts, which may be lower than the one before."""
        self._send_all(self._acknowledger.restate(topic, journal, bar, self._clock.monotonic_ns()))

    def repeat(self) -> None:
        """Send the acknowledgements that waited, and all again now and then; to be called in every turn."""
        self._send_all(self._acknowledger.due(self._clock.monotonic_ns()))

    def request(self, verb: str, **arguments: int | str | bytes) -> int:
        """Ask something; the answer is fetched with `answer`."""
        return self._question(None, verb, arguments)

    def answer(self, question: int) -> tuple[Reply, list[Delivery]] | None:
        """The reply and the messages that came with it, once they are all there."""
        return self._questions.fetch(question)

    def awaits(self, question: int) -> bool:
        """Whether the question may still be answered; False once patience has ended."""
        return self._questions.awaits(question)

    def close(self) -> None:
        """Let go of both ends; what is done and not said yet is said by the next start."""
        self._live.close()
        self._ask.close()

    def _doubt_after_sleep(self, now: int) -> None:
        """A link that outlived a sleep may have lost its end without a word: ask before anything is applied."""
        before, self._slept_ns = self._slept_ns, self._clock.boot_ns() - now
        if self._slept_ns - before > STALE_NS:
            for follower in self.followers.values():
                follower.doubt()

    def _rejoin(self) -> None:
        """What waits is long out of date, and may fill the memory: away with it, the record has it all."""
        self._live.close()
        self._live = self._subscribe([*self.followers, self._health])
        self._backlog.end()
        self._losses.lag()
        for follower in self.followers.values():
            follower.doubt()

    def _drained(self, channel: Channel, backlog: Backlog) -> Iterable[tuple[Delivery, int]]:
        """What came, and the bytes of each."""
        until = backlog.size + MAX_BYTES_AT_ONCE
        for _ in range(MAX_AT_ONCE):
            if backlog.size >= until:
                return
            if (frames := channel.receive()) is None:
                backlog.end()
                return
            size = backlog.read(frames)
            self._heard_ns, self._heard_awake_ns = self._clock.boot_ns(), self._clock.monotonic_ns()
            try:
                yield decode(frames), size
            except DecodeError as error:
                self._refused(self.service, error, frames)

    def _from_live(self, delivery: Delivery) -> list[Delivery]:
        message = delivery.message
        if isinstance(message, Heartbeat):
            for topic, followed in self.followers.items():
                self._meet(followed, delivery.epoch)
                followed.expect(delivery.epoch, message.next.get(topic, 1))
            return []
        follower = self.followers.get(delivery.topic)
        if follower is None:
            return []
        self._meet(follower, delivery.epoch)
        return follower.live(delivery)

    def _meet(self, follower: Follower, epoch: int) -> None:
        """Who speaks may be the successor of whom the question was put to, and have heard of none."""
        if epoch > follower.epoch:
            self._questions.appetite.hurry()

    def _from_record(self, delivery: Delivery, size: int) -> list[Delivery]:
        now = self._clock.monotonic_ns()
        if (answered := self._questions.read(delivery, now, size)) is None:
            return []
        question, reply = answered
        follower = question.follower
        if follower is None:
            self._questions.keep(question, reply)
        elif reply.error is not None:
            follower.refused()
            self._questions.pause(question, reply, now)
        elif self.followers.get(follower.topic) is follower:  # otherwise not followed any more, or anew
            return follower.answered(question.epoch, reply.next.get(follower.topic), question.deliveries)
        return []

    def _ask_where_unsure(self, now: int) -> None:
        self._questions.give_up(now)
        if self.behind:
            asked = self._questions.asked_for()
            for follower in self.followers.values():
                if follower.unsure and id(follower) not in asked:
                    self._ask_replay(follower)

    def _look_for_losses(self, now: int) -> None:
        if now - self._looked_ns >= LOOK_NS:
            self._looked_ns = now
            self._losses.look(self.tallies.values(), stale=self.stale)

    def _let_go(self, topic: str) -> bool:
        follower = self.followers.pop(topic, None)
        if follower is not None:
            self._losses.leave(follower.tally)
        return follower is not None

    def _ask_replay(self, follower: Follower) -> None:
        known = follower.known
        arguments: dict[str, int | str | bytes] = {"topic": follower.topic, "bar": known.bar, "part": known.part}
        arguments |= {"journal": follower.journal or b"", "bytes": self._questions.appetite.page_bytes}
        self._question(follower, "replay", arguments)

    def _question(self, follower: Follower | None, verb: str, arguments: Mapping[str, int | str | bytes]) -> int:
        number = self._questions.add(follower, self._clock.monotonic_ns())
        self._send(Request(number, verb, arguments))
        return number

    def _send_all(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._send(message)

    def _send(self, message: Message) -> None:
        self._ask.send(encode(Delivery(self._asked_topic, 0, 0, self._clock.wall_ns(), message)))
