"""What people see of a pipeline that keeps running: how to look at it and stop it, how far it is, who waits."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from alphabus.messages import Heartbeat
from alphabus.status import waits_for_space
from common.config import Config

STATUSES = ("fresh", "late", "held", "default", "void")


def take_note(beats: Sequence[Heartbeat], figures: dict[str, Any]) -> str:
    """Put how far they are into the figures; returns it as a line.

    A section that the feed has on record is where the next start goes on, whether its signal is on record or not.
    """
    for beat in beats:
        figures["bar"] = max(figures["bar"], beat.bar)
        if beat.service == "signal_cache" and beat.bar:
            figures["signals"] = {name: beat.counters.get(f"signals_{name}", 0) for name in STATUSES}
    full = [beat.service for beat in beats if waits_for_space(beat.counters)]
    if full:
        return f"bar {figures['bar']:,}: the disk is full, waiting for space: {', '.join(full)}"
    counts = figures.get("signals", {})
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    return f"bar {figures['bar']:,}: {told or 'no signal since the start'}" if figures["bar"] else "starting"


def tell(config: Config, people: Console) -> None:
    """What runs, and how to look at it."""
    name, python = config.instance, os.path.relpath(sys.executable)
    people.print(
        f"instance {name}: a section every {config.paced_interval_ns / 1e9:g} s, mode live, policy "
        f"{config.inference.policy.value}; history goes first",
        highlight=False,
    )
    for what, command in (("watch it", "watch"), ("ask how it is", "status")):
        people.print(f"  {what:15} {python} -m alphabus {command} {name}", highlight=False)
    people.print(f"  {'read its logs':15} {config.logs}", highlight=False)
    people.print(f"  {'stop it':15} {how_to_stop()}", highlight=False)


def how_to_stop() -> str:
    """Ctrl-C, but for one that was begun to ignore it, as a shell without job control does in the background."""
    return f"kill {os.getpid()}" if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else "Ctrl-C"
