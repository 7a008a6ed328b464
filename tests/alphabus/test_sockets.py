"""Large frames are not copied on their way in, and outlive the socket they came through."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import zmq

from alphabus.body import UNCOPIED
from alphabus.codec import decode, encode
from alphabus.messages import Delivery, Signals
from alphabus.sockets import Channel, Received, ZmqTransport, wait_on
from alphabus.testing import signals
from tests.alphabus.links import SERVICE, linked
from tests.alphabus.security.doors import raw

PATIENCE_NS = 20_000_000_000
SYMBOLS = UNCOPIED // 8


def taken(channel: Channel) -> Received:
    """The next message."""
    wait_on([channel.handle], PATIENCE_NS)
    frames = channel.receive()
    assert frames is not None
    return frames


def section(bar: int) -> Delivery:
    """One whose body is past the limit; every value is its bar."""
    names = [f"S{number:05}" for number in range(SYMBOLS)]
    return Delivery("t/signals/champion/", 1, bar, 0, signals(bar, dict.fromkeys(names, float(bar))))


def test_columns_outlive_their_socket() -> None:
    """Read where ZeroMQ put them, after more came and everything was closed; nobody may write there."""
    with tempfile.TemporaryDirectory(prefix="alphabus-") as folder, closing(ZmqTransport()) as transport:
        address = f"ipc://{Path(folder) / 'x'}"
        responder, requester = transport.responder(address), transport.requester(address)
        requester.send([b"hello"])
        identity = bytes(taken(responder)[0])
        for bar in range(1, 5):
            responder.send([identity, *encode(section(bar))])
        came = [taken(requester) for _ in range(4)]
        assert [[type(frame) for frame in frames] for frames in came] == [[bytes, bytes, memoryview]] * 4
        messages = [decode(frames).message for frames in came]
        del came
        responder.close()
        requester.close()
    for bar, message in enumerate(messages, 1):
        assert isinstance(message, Signals)
        assert not message.values.flags.writeable
        assert np.all(message.values == bar)


def test_a_message_that_is_begun_and_never_ended_is_refused() -> None:
    """Two frames at a live end, twice, leave ZeroMQ with half a message: it is counted, and the link goes on."""
    with linked("zmq") as (stage, reader), raw(zmq.XSUB) as bad:
        bad.connect(stage.wire.bus.endpoints.live(SERVICE))
        for frames in ([b"x", b"\x01t/"], [b"x", b"\x01t/"], [b"y"], [b""], [b"\x01t/", b"\x01t/u/"]):
            bad.send_multipart(frames)
        reader.until(lambda: len(stage.wire.refusals) >= 3, stage)
        assert set(stage.wire.refusals) == {("live", "frames")}
        stage.publish(2)
        reader.until(lambda: reader.bars == [1, 2], stage)
        bad.close()
        stage.publish(1)
        reader.until(lambda: reader.bars == [1, 2, 3], stage)
