"""`python -m tests.e2e.slow_relay HOST MOST_MS SEED PORT...`: what comes to a port here goes to HOST's, late.

Each piece waits for up to MOST_MS, drawn from the seed, a series a connection and direction; their order stays. It
says `ready` once it listens, and ends with who started it, or on a signal.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from random import Random

HERE, PIECE = "127.0.0.1", 1 << 16

Piece = tuple[float, bytes]


@dataclass(frozen=True, slots=True)
class Relay:
    """Where everything goes, and how late it may be."""

    host: str
    most_s: float
    seed: int

    async def listen(self, port: int) -> asyncio.Server:
        """Accept on this port; the host's has the same number."""
        numbers = count()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):  # the other end is away: this one hears it by the closed connection
                await self.join(reader, writer, port, next(numbers))
            writer.close()

        return await asyncio.start_server(accept, HERE, port)

    async def join(self, near: asyncio.StreamReader, back: asyncio.StreamWriter, port: int, number: int) -> None:
        """Both directions of one connection, until either ends."""
        far, on = await asyncio.open_connection(self.host, port)
        ways = [
            asyncio.create_task(self.carry(*way, Random(f"{self.seed} {port} {number} {name}")))  # noqa: S311  dice, not secrets
            for name, way in (("there", (near, on)), ("back", (far, back)))
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        on.close()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dice: Random) -> None:
        """One direction: a piece is sent when its time has come, and what came before it has gone."""
        waiting: asyncio.Queue[Piece] = asyncio.Queue()
        sending = asyncio.create_task(_send(waiting, writer))
        try:
            while piece := await reader.read(PIECE):
                waiting.put_nowait((asyncio.get_running_loop().time() + dice.random() * self.most_s, piece))
        finally:
            sending.cancel()


async def _send(waiting: asyncio.Queue[Piece], writer: asyncio.StreamWriter) -> None:
    while True:
        due, piece = await waiting.get()
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        writer.write(piece)


async def main(host: str, most_ms: str, seed: str, *ports: str) -> None:
    """Relay until somebody ends it."""
    relay = Relay(host, int(most_ms) / 1e3, int(seed))
    servers = [await relay.listen(int(port)) for port in ports]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
