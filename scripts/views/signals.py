"""What signals computed ahead came to, for people, and what may not be as it seems."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from common.amounts import amount
from common.research.precompute import LeftOut, Tally
from common.research.precompute_file import Provenance

SHOWN = 10


def lines(told: Provenance, tally: Tally) -> list[str]:
    """Sections and refused rows, then what was left out and why."""
    refused = ", ".join(f"{count:,} {reason}" for reason, count in tally.rejected.items()) or "none"
    left_out = tally.left_out
    first = (
        f"{amount(told.sections, 'section')} of {told.model}/{told.version}, bars {told.first_bar} to {told.last_bar}"
    )
    found = [f"{first}; {len(left_out):,} left out; refused rows: {refused}"]
    found += [f"  left out: bar {each.bar}, {_day(each.stamp)}: {each.reason}" for each in left_out[:SHOWN]]
    return found + ["  ..."] * (len(left_out) > SHOWN)


def cautions(told: Provenance, tally: Tally, warm_bars: int) -> Iterator[str]:
    """Sections without one value, and those that the model was made of."""
    mute = tally.sections - tally.speaking
    if mute:
        first = tally.first_value
        since = "there is none in all of it" if first is None else f"the first is at bar {first[0]}, {_day(first[1])}"
        yield (
            f"{mute:,} of {tally.sections:,} sections have no value for any symbol; {since}. The factors are warm "
            f"after {amount(warm_bars, 'bar')} of a symbol: give so many --bars before --start"
        )
    if tally.in_sample:
        yield (
            f"{tally.in_sample:,} of {tally.sections:,} sections lie within what {told.model}/{told.version} was "
            "trained and validated on: their signals are no evidence of its skill"
        )


def figures(told: Provenance, tally: Tally) -> dict[str, Any]:
    """All of it as plain values."""
    first = tally.first_value
    return {
        **told.words,
        "left_out": [_left_out(each) for each in tally.left_out],
        "without_values": tally.sections - tally.speaking,
        "first_value": None if first is None else {"bar": first[0], "datetime": _day(first[1])},
        "in_sample": tally.in_sample,
    }


def _left_out(left: LeftOut) -> dict[str, Any]:
    return {"bar": left.bar, "datetime": _day(left.stamp), "reason": left.reason.value}


def _day(stamp: int) -> str:
    return str(np.datetime64(stamp, "ns").astype("datetime64[s]"))
