"""A stage of the path without guarantees: `python -m scripts.bench.bus_bare STAGE --config FILE --parent PID [--disk]`.

The same codec, the same announcements, universes and sections, the same computation by the same parts, over bare
sockets that wait when they are full. There is no journal, no record, no outbox, no snapshot and no heartbeat; nobody
asks for what is missing, acknowledges, or looks whether anything is. With `--disk` the feed and the cache force the
bytes of each section to disk, and that is all that becomes of them.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from alphabus.clock import SystemClock
from alphabus.sockets import wait_on
from common.allocator import keep_freed_memory
from common.config import load_config
from common.parent import die_with_parent
from scripts.bench.bus_bare_cache import BareCache
from scripts.bench.bus_bare_disk import Disk, NoDisk
from scripts.bench.bus_bare_engine import BareEngine
from scripts.bench.bus_bare_feed import BareFeed
from scripts.bench.bus_bare_link import BareLinks, BareStage
from scripts.bench.bus_bare_worker import BareWorker
from scripts.bench.bus_gate import say

STAGES: Mapping[str, type[BareStage]] = {
    "bar_feed": BareFeed,
    "factor_engine": BareEngine,
    "inference_worker": BareWorker,
    "signal_cache": BareCache,
}
LONGEST_WAIT_NS = 200_000_000


def run(stage: BareStage) -> None:
    """Join, say so, and do what comes, until somebody ends the process."""
    try:
        while not stage.joined():
            wait_on(stage.handles(), LONGEST_WAIT_NS)
        say({})
        while True:
            stage.turn()
            wait_on(stage.handles(), LONGEST_WAIT_NS)
    except KeyboardInterrupt:
        return
    finally:
        stage.close()


def main(arguments: list[str]) -> None:
    """Run the stage that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--disk", action="store_true")
    parsed = parser.parse_args(arguments)
    die_with_parent(parsed.parent)
    keep_freed_memory()  # which is no guarantee: both sides have it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config, clock = load_config(parsed.config), SystemClock()
    config.endpoints.make_folder()
    disk = Disk(config.state / f"{parsed.stage}.bytes") if parsed.disk else NoDisk()
    run(STAGES[parsed.stage](config, clock, BareLinks(config, clock), disk))


if __name__ == "__main__":
    main(sys.argv[1:])
