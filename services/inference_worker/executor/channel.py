"""The parent's end of the socket to one child: it never waits, and never raises for what the child does."""

import socket

from services.inference_worker.executor.exchange import PACKET_LIMIT, Failed, Message, decode_message, encode_message


class Channel:
    """Packets to and from a child; the end of the stream and what cannot be read come as `Failed`."""

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(0.0)
        self._socket = end
        self._ended = False

    def fileno(self) -> int:
        """Descriptor to poll; it stays readable once the child has closed its end."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Hand over a message, or nothing: a dead child is told by its end."""
        try:
            self._socket.send(encode_message(message))
        except OSError:
            # A full socket would raise too, which one request at a time cannot fill.
            return

    def receive(self) -> Message | None:
        """Return the next message; None if there is none now, or after the end was told once."""
        if self._ended:
            return None
        try:
            body = self._socket.recv(PACKET_LIMIT)
        except BlockingIOError:
            return None
        except OSError:
            body = b""
        return self._read(body)

    def close(self) -> None:
        """Close it; the child then ends by itself, if it still can."""
        self._socket.close()

    def _read(self, body: bytes) -> Message:
        if not body:
            self._ended = True
            return Failed(0, "crash", "the child closed its socket")
        try:
            return decode_message(body)
        except ValueError as error:
            return Failed(0, "invalid", f"the child sent {error}")
