"""Arms beside each other on real processes: one that hangs at every section delays no other."""

from __future__ import annotations

from pathlib import Path

from alphabus.bus import Bus
from alphabus.clock import SystemClock
from alphabus.codec import decode
from alphabus.messages import Signals
from alphabus.sockets import ZmqTransport, wait_on
from tests.e2e.acting import INSTANCE, Play, playing

SHARED = 8
LOOK_NS = 500_000_000
ARMS = {"champion": {"alias": "champion", "capital": 1.0}, "second": {"alias": "challenger", "capital": 0.0}}


def shared(said: list[Signals]) -> list[int]:
    """The bars of which both arms were heard; who subscribes while it runs hears one of them first."""
    bars = {arm: {it.bar for it in said if it.arm == arm} for arm in ARMS}
    return sorted(bars["champion"] & bars["second"])


def heard(play: Play) -> list[Signals]:
    """What both arms say, in the order it was said, until both have said enough of the same bars."""
    transport = ZmqTransport()
    bus = Bus(play.act.config.endpoints, transport, SystemClock())
    channel = bus.transport.subscriber(bus.endpoints.live("inference_worker"), [f"{INSTANCE}/signals/"])
    said: list[Signals] = []
    while len(shared(said)) < SHARED:
        wait_on([channel.handle], LOOK_NS)
        assert play.act.pipeline.running
        while (frames := channel.receive()) is not None:
            message = decode(frames).message
            if isinstance(message, Signals):
                said.append(message)
    channel.close()
    transport.close()
    return said


def test_an_arm_that_hangs_at_every_section_delays_no_other(run_dir: Path) -> None:
    """Under `wait`, so that no status hangs on how busy the machine is.

    The champion's sections are all fresh, each out before the other arm gives its own up; that arm is void.
    """
    inference = {"policy": "wait", "hang_after_ms": 1000, "attempts": 1, "max_age_bars": 5}
    with playing(run_dir / "arms", challenger="hang", arms=ARMS, inference=inference) as play:
        said = heard(play)
    place = {(it.arm, it.bar): number for number, it in enumerate(said)}
    champion = [it for it in said if it.arm == "champion"]
    second = [it for it in said if it.arm == "second"]
    assert {it.status.value for it in champion} <= {"fresh", "held"}
    assert {it.reason.value for it in champion} <= {"", "coverage"}
    assert {it.status.value for it in second} == {"void"}
    assert {(it.capital, it.arm) for it in said} == {(1.0, "champion"), (0.0, "second")}
    assert all(place["champion", bar] < place["second", bar] for bar in shared(said))
