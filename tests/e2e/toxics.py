"""What a bad network does to a host: thin bandwidth, connections that are reset, and every piece late."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.e2e.hosts import CABLE, Host
from tests.e2e.slow_relay import HERE
from tests.e2e.split_pipeline import Site

PORTS = range(7001, 7005)  # both ends of feed and engine
SEED = 11


def inside(host: Host, *words: str) -> str:
    """Run a command in the host's network; what it says, or CalledProcessError."""
    return subprocess.run(
        ["ip", "netns", "exec", host.namespace, *words], check=True, text=True, stdout=subprocess.PIPE
    ).stdout


@contextmanager
def thin(hosts: Sequence[Host], rate: str, burst: str) -> Iterator[None]:
    """Within it a cable takes no more than this from its host; what waits for longer than 300 ms is lost."""
    for host in hosts:
        inside(
            host, "tc", "qdisc", "add", "dev", CABLE, "root", "tbf", "rate", rate, "burst", burst, "latency", "300ms"
        )
    yield
    for host in hosts:
        inside(host, "tc", "qdisc", "del", "dev", CABLE, "root")


def reset(host: Host) -> int:
    """Reset every connection of the host; how many there were."""
    return len(inside(host, "ss", "-K", "-t", "-H", "state", "established").splitlines())


def delay(site: Site, most_ms: int) -> None:
    """From now on `far` hears `near` through a relay that holds each piece for up to so long; before `start`."""
    config = site.far.folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    assert site.near.address in text
    config.write_text(text.replace(f"{site.near.address}:", f"{HERE}:"), encoding="utf-8")
    words = ["-m", "tests.e2e.slow_relay", site.near.address, str(most_ms), str(SEED), *map(str, PORTS)]
    relay = site.far.run(words, subprocess.PIPE)
    assert relay.stdout is not None
    assert relay.stdout.readline() == b"ready\n"
