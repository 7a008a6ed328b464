"""Broken messages against the codec: `python -m tests.alphabus.fuzz --messages 100000 --seed 1`.

Each is refused with a DecodeError, or is a message that encodes to an equal one. Anything else ends the run with the
traceback, and with the number of the message; the same seed breaks the same messages.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import msgpack

from alphabus.codec import decode, decode_record, encode
from alphabus.errors import DecodeError
from tests.alphabus.examples import EXAMPLES, delivery, plain

TEXTS = ("", "x" * 300, "\u0430", "\x00", b"", bytes(16))
ODD: tuple[Any, ...] = (None, True, -1, 0, 2**63, 1.5, float("nan"), *TEXTS, [], [[]], {}, {"a": {}})
ALL_FRAMES = [[bytes(frame) for frame in encode(delivery(message))] for message in EXAMPLES.values()]


def mutated(random: Random, frames: Sequence[bytes]) -> list[bytes]:
    """The frames after one to four faults, most of them in the header; or a good header that says something odd."""
    if random.random() < 0.5:
        return [frames[0], retold(random, frames[1]), frames[2]]
    found = [bytearray(frame) for frame in frames]
    for _ in range(random.randint(1, 4)):
        if random.random() < 0.02:
            random.shuffle(found)
        spoil(random, random.choices(found, (1, 8, 3))[0])
    return [bytes(frame) for frame in found]


def retold(random: Random, packed: bytes) -> bytes:
    """The header with one or two keys that hold something else, are gone, or are new."""
    header = msgpack.unpackb(packed)
    for _ in range(random.randint(1, 2)):
        key = random.choice([*header, "surprise"])
        odd = random.choice([*ODD, *header.values()])
        header[key] = odd
        if random.random() < 0.2:
            del header[key]
    return bytes(msgpack.packb(header))


def spoil(random: Random, frame: bytearray) -> None:
    """One fault: a flipped bit, bytes lost or added, another frame's end, an array of 2^32."""
    at = random.randrange(len(frame) + 1)
    match random.randrange(5):
        case 0 if frame:
            frame[min(at, len(frame) - 1)] ^= 1 << random.randrange(8)
        case 1:
            del frame[at : at + random.randint(1, 8)]
        case 2:
            frame[at:at] = random.randbytes(random.randint(1, 8))
        case 3:
            other = random.choice(random.choice(ALL_FRAMES))
            frame[at:] = other[random.randrange(len(other) + 1) :]
        case _:
            frame[at : at + 5] = b"\xdd\xff\xff\xff\xff"


def fuzz(messages: int, seed: int) -> Counter[str]:
    """How many were accepted, and how many refused for each reason; raises whatever is neither."""
    random, found = Random(seed), Counter[str]()  # noqa: S311  seeded, to be repeatable
    for number in range(messages):
        frames = mutated(random, random.choice(ALL_FRAMES))
        try:
            found[_outcome(frames)] += 1
        except BaseException as error:
            error.add_note(f"message {number} of seed {seed}: {[frame.hex() for frame in frames]}")
            raise
    return found


def _outcome(frames: list[bytes]) -> str:
    with contextlib.suppress(DecodeError):  # a record of the journal is the same header and body in one piece
        decode_record(frames[1] + frames[2])
    try:
        message = decode(frames)
    except DecodeError as error:
        return error.reason
    if plain(decode(encode(message))) != plain(message):
        raise AssertionError("it was accepted, and encodes to another message")
    return "accepted"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the counts as lines."""
    parser = argparse.ArgumentParser(prog="python -m tests.alphabus.fuzz", description="Broken messages at the codec.")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args(arguments)
    for reason, count in sorted(fuzz(parsed.messages, parsed.seed).items()):
        sys.stdout.write(f"{reason:12} {count:>9}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
