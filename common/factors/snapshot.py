"""A state as bytes and back: keyed by symbol, bound to plan and platform, checked by digest; nothing is unpickled.

Layout: magic, length of the header (u32), header (JSON), then little-endian bars i8[S], last sections i8[S] and rows
f8[S,R], then SHA-256 of all before it.
"""

import json
from hashlib import sha256
from typing import Any

import numpy as np

from common.errors import SnapshotError
from common.factors.past import Past
from common.factors.plan import Plan
from common.factors.program import Program
from common.factors.state import State
from common.models.fingerprint import platform_fingerprint

MAGIC = b"ALPHABUS STATE 1\n"
_DIGEST_BYTES = 32


def encode(plan: Plan, state: State) -> bytes:
    """Write the past of every symbol of whom it matters, whether in the last block or not."""
    everyone = state.everyone()
    symbols = sorted(everyone)
    header = json.dumps(
        {**_binding(plan), "symbols": symbols, "section": state.section, "session": state.session}, sort_keys=True
    ).encode()
    pasts = [everyone[symbol] for symbol in symbols]
    body = [
        np.array([each.count for each in pasts], dtype="<i8").tobytes(),
        np.array([each.last for each in pasts], dtype="<i8").tobytes(),
        *(each.rows.astype("<f8").tobytes() for each in pasts),
    ]
    content = b"".join([MAGIC, len(header).to_bytes(4, "little"), header, *body])
    return content + sha256(content).digest()


def decode(saved: bytes, plan: Plan, state: State) -> State:
    """Fill a fresh state; SnapshotError if the bytes are damaged, or of another plan or platform."""
    header, body = _opened(saved)
    _check_binding(header, plan)
    symbols, width = header["symbols"], plan.program.remembered
    numbers = len(symbols)
    if len(body) != 8 * numbers * (2 + width):
        raise SnapshotError(f"the saved state holds {len(body)} bytes for {numbers} symbols; start cold instead")
    counts, last = np.frombuffer(body, dtype="<i8", count=2 * numbers).reshape(2, numbers)
    rows = np.frombuffer(body, dtype="<f8", offset=16 * numbers).reshape(numbers, width).astype(np.float64)
    state.section, state.session = header["section"], header["session"]
    state.away = {
        symbol: Past(rows[place], int(counts[place]), int(last[place])) for place, symbol in enumerate(symbols)
    }
    return state


def _opened(saved: bytes) -> tuple[dict[str, Any], bytes]:
    content, digest = saved[:-_DIGEST_BYTES], saved[-_DIGEST_BYTES:]
    if not saved.startswith(MAGIC) or sha256(content).digest() != digest:
        raise SnapshotError("the saved state is damaged, or is no saved state; start cold instead")
    start = len(MAGIC) + 4
    end = start + int.from_bytes(content[len(MAGIC) : start], "little")
    header: dict[str, Any] = json.loads(content[start:end])
    return header, content[end:]


def _binding(plan: Plan) -> dict[str, Any]:
    return {"plan": plan.digest.hex(), "layout": _layout(plan.program), "platform": platform_fingerprint()}


def _check_binding(header: dict[str, Any], plan: Plan) -> None:
    for name, here in _binding(plan).items():
        there = header.get(name)
        if there != here:
            raise SnapshotError(
                f"the saved state is of another {name}: {_brief(there)}, here {_brief(here)}; start cold instead"
            )


def _layout(program: Program) -> str:
    """Name which rows a symbol's past is made of."""
    return sha256(b"".join(each.astype("<i8").tobytes() for each in (program.depth, program.fixed))).hexdigest()


def _brief(value: object) -> str:
    return value[:16] if isinstance(value, str) else str(value)
