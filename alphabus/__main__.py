"""`python -m alphabus watch` prints signals as they come; `python -m alphabus status` a line for each process."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alphabus.bus import Bus
from alphabus.client import Section, SignalClient
from alphabus.clock import SystemClock
from alphabus.endpoints import SERVICES, default_run_dir, nobody_there, only_instance
from alphabus.errors import AlphabusError, ModeError
from alphabus.messages import Flag, Mode
from alphabus.security.transport import meeting_place
from alphabus.status import Status, StatusView

ANSWER_NS = 1_000_000_000
IDLE_NS = 1_000_000_000
BEST = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; returns the exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
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
        if self.keys is None and (told := nobody_there(self.run_dir, self.instance)) is not None:
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
    told = "current"
    with SignalClient(place.instance, arm, mode=mode, run_dir=place.run_dir, keys=place.keys) as client:
        section = client.receive(IDLE_NS)
        print(f"watching {place.instance}/{arm} ({mode}); Ctrl-C ends it", file=sys.stderr)
        while section is not None or not client.ended:
            if section is not None:
                _show(section, as_json=as_json)
            if client.link != told:
                told = client.link
                print(f"link: {told}", file=sys.stderr)
            section = client.receive(IDLE_NS)
    return 0


def _show(section: Section, *, as_json: bool) -> None:
    print(json.dumps(_plain(section)) if as_json else _line(section), flush=True)


def status(place: Place, *, as_json: bool) -> int:
    """Print how every process is; 1 when one of them does not answer."""
    endpoints, transport = meeting_place(place.instance, place.run_dir, place.keys)
    bus = Bus(endpoints, transport, SystemClock())
    with contextlib.ExitStack() as stack:
        stack.callback(transport.close)
        views = {name: stack.enter_context(contextlib.closing(StatusView(bus, name))) for name in SERVICES}
        found = {name: view.look(ANSWER_NS) for name, view in views.items()}
    if as_json:
        rows = {name: status and _row(status) for name, status in found.items()}
        print(json.dumps({"instance": place.instance, "services": rows}))
    else:
        print(f"{'process':18}{'pid':>8}{'bar':>9}  counters")
    for name, status in found.items() if not as_json else ():
        print(f"{name:18}{'-':>8}{'-':>9}  no answer" if status is None else _status_line(name, status))
    return int(None in found.values())


def _row(status: Status) -> dict[str, Any]:
    beat = status.heartbeat
    return {"pid": beat.pid, "bar": beat.bar, **beat.counters, "links": dict(status.links)}


def _status_line(name: str, status: Status) -> str:
    """Links only where something is wrong, and before everything else."""
    beat = status.heartbeat
    links = [f"link to {writer}: {state}" for writer, state in status.links.items() if state != "current"]
    counters = [f"{key} {count}" for key, count in _told(name, beat.counters).items()]
    return f"{name:18}{beat.pid:>8}{beat.bar:>9}  {'  '.join([*links, *counters])}"


def _told(name: str, counters: Mapping[str, int]) -> dict[str, int | str]:
    """Of the monitor, which counts for all, only restarts and the time from bar to signal."""
    if name != "monitor":
        return dict(counters)
    restarts = {f"{key} ": count for key, count in counters.items() if key.endswith(".restarts") and count}
    spent = {key: counters.get(f"latency.total.{key}") for key in ("p50", "p99", "max")}
    return restarts | {f"total {key}": f"{ns / 1e6:.1f} ms" for key, ns in spent.items() if ns is not None}


def _line(section: Section) -> str:
    signals = section.signals
    when = datetime.fromtimestamp(signals.stamp / 1e9, UTC).strftime("%Y-%m-%d %H:%M")
    how = f"{signals.status}" + (f" ({signals.reason}, age {signals.age})" if signals.reason else "")
    ranked = sorted(section.by_symbol().items(), key=lambda pair: -pair[1])
    best = "  ".join(f"{symbol} {value:+.4f}" for symbol, value in ranked[:BEST])
    return f"{when}  bar {signals.bar:<6} {how:28} {len(ranked):5} of {len(section.symbols):<5} {best}"


def _plain(section: Section) -> dict[str, Any]:
    signals = section.signals
    return {
        "bar": signals.bar,
        "time": signals.time,
        "stamp": signals.stamp,
        "arm": signals.arm,
        "model": f"{signals.model.name}/{signals.model.version}",
        "status": signals.status,
        "reason": signals.reason,
        "revision": signals.revision,
        "age": signals.age,
        "signals": section.by_symbol(),
        "flags": {Flag(code).name.lower(): int((section.flags == code).sum()) for code in set(section.flags.tolist())},
    }


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
