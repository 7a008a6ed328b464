"""The main program of a service: arguments, configuration, locks, epoch, loop; the exit status tells what happened.

`common.exits` has the statuses. Nothing is bound or logged before the configuration is valid and the locks are held.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from alphabus.bus import Bus, Refused
from alphabus.clock import SystemClock
from alphabus.errors import AlphabusError, DecodeError
from alphabus.sockets import Received
from common.allocator import keep_freed_memory
from common.config import Config, load_config
from common.counters import Counters
from common.door import Doorkeeper, open_transport
from common.errors import NoRoomError
from common.exits import DONE, WRONG_USAGE, status_of
from common.identity import alone
from common.lines import append_line
from common.link_losses import LinkLosses
from common.lock import raise_epoch
from common.logs import open_log
from common.parent import die_with_parent
from common.places import check_places, forbidden_below
from common.room import is_full
from common.service import Context, Service, Stop, run

DEFAULT_CONFIG = Path("config/alphabus.toml")
MAX_QUARANTINED = 1000


def main(make: type[Service] | Callable[[Context], Service], name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a service until it is told to stop; returns the exit status."""
    parsed = _parser(name).parse_args(arguments)
    if parsed.parent:
        die_with_parent(parsed.parent)
    try:
        config = load_config(parsed.config)
        endpoints = config.endpoints
        endpoints.live(name)
        endpoints.make_folder()
        check_places(config)
    except AlphabusError as error:
        sys.stderr.write(f"error: {error}\n")
        return WRONG_USAGE
    keep_freed_memory()
    stop = Stop()
    with ExitStack() as held:
        try:
            held.enter_context(alone(config, name))
        except (AlphabusError, OSError) as error:
            # On standard error alone: until the locks are held the log may be that of whoever holds them.
            if (known := _known(config, error)) is None:
                raise
            return _told(name, config, known)
        return _run(make, name, config, open_log(config.logs, name, config.instance), stop)


def _run(make: Callable[[Context], Service], name: str, config: Config, log: FilteringBoundLogger, stop: Stop) -> int:
    try:
        _serve(make, name, config, log, stop)
    except (AlphabusError, OSError) as error:
        if (known := _known(config, error)) is None:
            log.exception("crashed")
            raise
        log.error("failed", error=str(known))  # noqa: TRY400  expected, and told whole
        return _told(name, config, known)
    except Exception:
        log.exception("crashed")
        raise
    finally:
        # Everything is closed: what is left to do is to end, and the collector's last round over what the kernels
        # brought in takes half a second of the two there are (measured; without it a twentieth).
        gc.freeze()
    return DONE


def _told(name: str, config: Config, error: AlphabusError) -> int:
    """Tell people what ended the process; returns its exit status."""
    sys.stderr.write(f"{name}: {error}\n")
    return status_of(error, waits=config.feed.on_full == "wait")


def _known(config: Config, error: AlphabusError | OSError) -> AlphabusError | None:
    """Our own error, or what the system's means and what to do; None when it is nothing that people can mend."""
    if isinstance(error, AlphabusError):
        return error
    if is_full(error):
        where = error.filename or f"the disk of {config.state}, or of its logs"
        return NoRoomError(f"{where}: {error.strerror}; make space")
    return forbidden_below(config, error)


def _serve(
    make: Callable[[Context], Service], name: str, config: Config, log: FilteringBoundLogger, stop: Stop
) -> None:
    # Beside the lock that guards it, since a replay empties its state; and in the state, since whatever is below the
    # run folder may be gone when the machine starts again. Readers know a writer by its endpoint, and live on.
    epoch = raise_epoch(config.endpoints.folder / f"{name}.epoch", config.state / "epochs" / name)
    counters = Counters()
    keeper = Doorkeeper(log, counters)
    transport = open_transport(config, name, keeper)
    clock = SystemClock()
    losses, refused = LinkLosses(log, counters, clock), _quarantine(config, name, log, counters)
    every = config.acknowledge_every
    bus = Bus(config.endpoints, transport, clock, refused, found=losses, acknowledge_every=every)
    log.info("started", epoch=epoch, pid=os.getpid())
    try:
        service = make(Context(config, bus, log, counters, epoch))
        for teller in (keeper, losses):
            teller.alert_with(service.outlet.alert)
        run(service, stop)
    finally:
        transport.close()
    log.info("stopped", **counters.snapshot())


def _quarantine(config: Config, name: str, log: FilteringBoundLogger, counters: Counters) -> Refused:
    path = config.state / "quarantine" / f"{name}.jsonl"

    def refused(link: str, error: DecodeError, frames: Received) -> None:
        counters.add("refused")
        counters.add(f"refused_{error.reason}")
        log.warning("message_refused", link=link, reason=error.reason, error=str(error))
        if counters.snapshot()["refused"] <= MAX_QUARANTINED:
            row = {"link": link, "error": str(error), "frames": [bytes(frame[:512]).hex() for frame in frames[:8]]}
            append_line(path, row)

    return refused


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}", description=f"Run the {name} of an instance.")
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("ALPHABUS_CONFIG", DEFAULT_CONFIG)),
        help="TOML file of the instance (default: $ALPHABUS_CONFIG, else %(default)s)",
    )
    parser.add_argument("--parent", type=int, default=0, help="end when this process, our parent, ends")
    return parser
