"""Memory and descriptors of the processes of a run, as the kernel counts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.processes import PROC, children_of, services_with


@dataclass(frozen=True, slots=True)
class Reading:
    """One process at one moment: resident memory in bytes, open descriptors."""

    process: str
    pid: int
    section: int
    resident: int
    descriptors: int


def read_all(config_file: Path, section: int) -> Iterator[Reading]:
    """The five services, and the worker's oldest child, which scores; those that are gone are left out."""
    services = services_with(config_file)
    children = children_of(services["inference_worker"]) if "inference_worker" in services else []
    for name, pid in [*services.items(), *(("executor", child) for child in children[:1])]:
        try:
            yield Reading(name, pid, section, _resident(pid), len(list((PROC / str(pid) / "fd").iterdir())))
        except OSError:
            continue


def _resident(pid: int) -> int:
    """Bytes of its own: pages of files, which the kernel takes back at will, do not count."""
    fields = dict(line.split(":", 1) for line in (PROC / str(pid) / "status").read_text(encoding="ascii").splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024
