"""A command to a worker: halt or resume an arm, open or close its breaker; carried out and on record, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from alphabus.asker import Asker
from alphabus.bus import Bus
from alphabus.sockets import Waiter, wait_on
from common.errors import CommandError

WORKER = "inference_worker"
EVERY_ARM = "*"

DONE: Mapping[str, str] = {
    "halt": "is halted: it publishes void until it is resumed",
    "resume": "is resumed",
    "open": "has its breaker forced open: its executor is asked nothing until it is closed",
    "close": "has its breaker closed",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A verb of `DONE` for an arm, or for `EVERY_ARM`; who gives it, and why."""

    verb: str
    arm: str
    why: str
    by: str


def carry_out(command: Command, bus: Bus, timeout_ns: int, wait: Waiter = wait_on) -> None:
    """Send it once and wait for the word that it is done; raises CommandError when it is refused, or none comes."""
    with closing(Asker(bus, WORKER, wait)) as asker:
        answer = asker.ask(timeout_ns, command.verb, arm=command.arm, why=command.why, by=command.by)
    if answer is None:
        raise CommandError(
            f"the worker of {bus.endpoints.instance!r} did not answer in {timeout_ns / 1e9:g} s, so whether "
            f"{command.verb!r} was carried out is unknown: see whether it runs (python -m alphabus status), and give "
            "the command again"
        )
    if answer[0].error is not None:
        raise CommandError(answer[0].error)
