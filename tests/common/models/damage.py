"""Every truncation and every bit flip of a folder's files, or some of them by a fixed seed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

LONG = "ALPHABUS_LONG"
"""Set to 1: all of what is otherwise sampled."""


def is_long() -> bool:
    """Whether everything is to be tried."""
    return os.environ.get(LONG) == "1"


def flips(folder: Path, most: int | None, seed: int = 1) -> Iterator[str]:
    """Flip one bit after the other, of all of them or of `most` drawn by the seed; each is mended afterwards."""
    sizes = {path: path.stat().st_size for path in sorted(folder.iterdir())}
    total = 8 * sum(sizes.values())
    chosen = range(total) if most is None else np.random.default_rng(seed).integers(0, total, most).tolist()
    for bit in chosen:
        rest = bit
        for path, size in sizes.items():
            if rest < 8 * size:
                with _flipped(path, rest):
                    yield f"{path.name} bit {rest}"
                break
            rest -= 8 * size


def truncations(folder: Path, most: int | None, seed: int = 1) -> Iterator[str]:
    """Cut one file at one length after the other, at all of them or at `most`; each is mended afterwards."""
    places = [(path, size) for path in sorted(folder.iterdir()) for size in range(path.stat().st_size)]
    random = np.random.default_rng(seed)
    chosen = places if most is None else [places[place] for place in random.integers(0, len(places), most)]
    for path, size in chosen:
        body = path.read_bytes()
        path.write_bytes(body[:size])
        yield f"{path.name} cut to {size}"
        path.write_bytes(body)


@contextmanager
def _flipped(path: Path, bit: int) -> Iterator[None]:
    with path.open("r+b", buffering=0) as file:
        whole = os.pread(file.fileno(), 1, bit // 8)
        os.pwrite(file.fileno(), bytes([whole[0] ^ 1 << bit % 8]), bit // 8)
        yield
        os.pwrite(file.fileno(), whole, bit // 8)
