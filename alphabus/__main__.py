"""`python -m alphabus watch` prints signals as they come; `python -m alphabus status` how processes and arms are."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alphabus.arms import arms_of, newest
from alphabus.asker import Asker
from alphabus.bus import Bus
from alphabus.client import Section, SignalClient
from alphabus.clock import SystemClock
from alphabus.endpoints import SERVICES, default_run_dir, nobody_there, only_instance
from alphabus.errors import AlphabusError, ModeError
from alphabus.lines import arm_rows, section_facts, section_line, status_row, status_table
from alphabus.lost import Tidings
from alphabus.messages import Mode
from alphabus.security.refusals import Refusals
from alphabus.security.transport import meeting_place
from alphabus.status import Status, StatusView

ANSWER_NS = 1_000_000_000
IDLE_NS = 1_000_000_000
OVER_TCP = "give the folder of a client's card with --keys (python -m scripts.keys card makes one)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; returns the exit status: 0 done, 1 failed, 2 wrong usage, 75 no space, 130 interrupted."""
    parsed = _parser().parse_intermixed_args(arguments)  # the instance may stand after the options
    run_dir = parsed.run_dir or default_run_dir()
    try:
        instance = parsed.name or parsed.instance or only_instance(run_dir)
        place = Place(instance, run_dir, parsed.keys)
        place.warn()
        if parsed.verb == "watch":
            return watch(place, parsed.arm, parsed.mode, as_json=parsed.json)
        return status(place, as_json=parsed.json)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read has enough; Python would complain once more when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AlphabusError as error:
        print(f"alphabus: {error}", file=sys.stderr)
        return 1


@dataclass(frozen=True, slots=True)
class Place:
    """Which instance, and how it is met: by a folder of sockets, or by a folder of keys."""

    instance: str
    run_dir: Path
    keys: Path | None

    def warn(self) -> None:
        """Say when nobody is there: a name may be misspelt, or the pipeline may start later."""
        if self.keys is None and (told := nobody_there(self.run_dir, self.instance, OVER_TCP)) is not None:
            print(f"alphabus: {told}", file=sys.stderr)


def watch(place: Place, arm: str, mode: str | None, *, as_json: bool) -> int:
    """Print sections until the stream ends; live or replay, whichever they are, unless `mode` says."""
    if mode is not None:
        return _watch(place, arm, mode, as_json=as_json)
    try:
        return _watch(place, arm, Mode.LIVE, as_json=as_json)
    except ModeError:
        return _watch(place, arm, Mode.REPLAY, as_json=as_json)


def _watch(place: Place, arm: str, mode: str, *, as_json: bool) -> int:
    tidings = Tidings()
    with SignalClient(place.instance, arm, mode=mode, run_dir=place.run_dir, keys=place.keys) as client:
        section = client.receive(IDLE_NS)
        print(f"watching {place.instance}/{arm} ({mode}); Ctrl-C ends it", file=sys.stderr)
        while section is not None or not client.ended:
            if section is not None:
                _show(section, as_json=as_json)
            for news in tidings.of(client.link, client.losses, client.refusals):
                print(news, file=sys.stderr)
            section = client.receive(IDLE_NS)
    return 0


def _show(section: Section, *, as_json: bool) -> None:
    print(json.dumps(section_facts(section)) if as_json else section_line(section), flush=True)


def status(place: Place, *, as_json: bool) -> int:
    """Print how every process is; returns the `verdict`."""
    refusals = Refusals()
    endpoints, transport = meeting_place(place.instance, place.run_dir, place.keys, refusals)
    bus = Bus(endpoints, transport, SystemClock())
    with contextlib.ExitStack() as stack:
        stack.callback(transport.close)
        views = {name: stack.enter_context(contextlib.closing(StatusView(bus, name))) for name in SERVICES}
        found = {name: view.look(ANSWER_NS) for name, view in views.items()}
        cache = stack.enter_context(contextlib.closing(Asker(bus, "signal_cache")))
        arms = arms_of(found["inference_worker"], found["signal_cache"])
        said = newest(cache, arms, ANSWER_NS) if found["signal_cache"] else dict.fromkeys(arms)
    refused = refusals.of(endpoints)
    if as_json:
        rows = {name: status and status_row(status) for name, status in found.items()}
        whole = {"instance": place.instance, "services": rows, "arms": arm_rows(found, said), "refused": refused}
        print(json.dumps(whole))
    else:
        print("\n".join(status_table(found, said)))
    for name, why in refused.items():
        print(f"alphabus: {name} refuses us: {why}", file=sys.stderr)
    return verdict(list(found.values()))


def verdict(found: Sequence[Status | None]) -> int:
    """The exit status that says how all processes are: 1 when one does not answer, 75 when one waits for space."""
    if None in found:
        return 1
    return os.EX_TEMPFAIL if any(each.waits_for_space for each in found if each is not None) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alphabus", description=__doc__)
    parser.add_argument("verb", choices=["watch", "status"])
    parser.add_argument("name", nargs="?", metavar="INSTANCE", help="the same as --instance")
    parser.add_argument("--instance", help="name of the instance (default: the only one that runs)")
    parser.add_argument("--arm", default="champion", help="which arm to watch (default: %(default)s)")
    parser.add_argument(
        "--mode", choices=["live", "replay"], help="refuse sections of another mode (default: take what there is)"
    )
    parser.add_argument("--run-dir", type=Path, help="folder of the sockets (default: as the pipeline's)")
    parser.add_argument("--keys", type=Path, help="folder of a client's card, for an instance on another host")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
