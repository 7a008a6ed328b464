"""The ZeroMQ options of every socket, each explained once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import zmq

from alphabus.codec import MAX_BODY, MAX_HEADER, MAX_TOPIC
from alphabus.outbox import CHUNK_BYTES

MS = 1
MIB = 1024 * 1024
LINGER, READER_LINGER = 500 * MS, 100 * MS
HANDSHAKE = 3000 * MS
CONNECT = 3000 * MS
BEAT, SILENCE = 500 * MS, 2000 * MS  # half-open links show within the sum of both: under 3 s
RECONNECT, RECONNECT_MAX = 20 * MS, 500 * MS
BACKLOG = 1024

HIGH_WATER = 256
ENVELOPE = 1024  # what the security handshake and the encryption of a frame add, amply
ASKED_HIGH_WATER = 4096  # messages: a page of the record for each of some fifteen topics
ASKED_BYTES = 8 * CHUNK_BYTES  # or, of large sections, a page for each of eight
ASKED = (zmq.ROUTER, zmq.DEALER)

# A connecting end's own queue must never be full: ZeroMQ 4.3 then stops reading the connection, and when that is lost
# and made anew, the next read ends the whole process ("Assertion failed: _input_stopped", libzmq#3937: seen with room
# for 24 and a writer that was killed). What bounds memory is the writer's queue, and what is asked for.
READERS = (zmq.SUB, zmq.DEALER)
READER_HIGH_WATER = 1_000_000

# A frame over these sizes ends the connection before it is buffered. A bound end hears only small things: subscriptions
# and questions; without this a peer could make it hold a body's worth of memory for each, and a subscription of a
# megabyte would end the process: ZeroMQ frees prefixes by recursion, byte by byte (seen to overflow the stack).
LARGEST_FRAME: Mapping[int, int] = {zmq.XPUB: MAX_TOPIC + ENVELOPE, zmq.ROUTER: MAX_HEADER + ENVELOPE}


@dataclass(frozen=True, slots=True)
class Queues:
    """How much may wait at a writer: `high_water` messages, or as many of `section` bytes as fit into `budget` bytes.

    `least` messages always may: what a credit window has under way must fit, or it would be dropped and asked for
    again. The marks are set once: ZeroMQ 4.3 takes new ones on a living socket, and crashes if a peer leaves just then.
    """

    high_water: int = HIGH_WATER
    budget: int = 64 * MIB
    least: int = 24
    section: int = 0
    """Bytes of a section; 0: unknown, so that only messages count."""

    @property
    def limit(self) -> int:
        """Messages that may wait."""
        if not self.section:
            return self.high_water
        return max(min(self.high_water, self.budget // self.section), min(self.high_water, self.least))

    def of(self, kind: int) -> Queues:
        """At the asked ends a page must fit whole: what is dropped of it would be asked for, and dropped, again."""
        if kind not in ASKED:
            return self
        return replace(self, high_water=max(self.high_water, ASKED_HIGH_WATER), budget=max(self.budget, ASKED_BYTES))


def set_options(socket: zmq.Socket[bytes], kind: int, queues: Queues) -> None:
    """Every option but the security's; for a socket that is neither bound nor connected yet."""
    # Finite queues: a stuck reader must cost bounded memory; what is dropped is noticed by seq and asked for again.
    socket.sndhwm = queues.limit
    socket.rcvhwm = READER_HIGH_WATER if kind in READERS else queues.limit
    # A peer that died must not keep us from exiting; one that lives gets what is queued. What a reader still has to say
    # is short, and goes out at once where there is a connection: in a pipeline that ends its writer may be gone.
    socket.linger = READER_LINGER if kind in READERS else LINGER
    # A frame that could not be a message is refused before it is buffered.
    socket.maxmsgsize = LARGEST_FRAME.get(kind, MAX_BODY + ENVELOPE)
    # A half-open link is noticed by the protocol itself, at both ends.
    socket.heartbeat_ivl, socket.heartbeat_timeout, socket.heartbeat_ttl = BEAT, SILENCE, SILENCE
    # A restarted peer is found quickly; an absent one costs two attempts a second, and each is given up in time.
    socket.reconnect_ivl, socket.reconnect_ivl_max = RECONNECT, RECONNECT_MAX
    socket.connect_timeout = CONNECT
    # Who connects and says nothing is dropped; while many do, the others' connections wait their turn.
    socket.handshake_ivl = HANDSHAKE
    socket.backlog = BACKLOG
