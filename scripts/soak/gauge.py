"""Memory and descriptors of the processes of a run, as the kernel counts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.processes.kin import children_of, services_with
from scripts.processes.usage import descriptors, own_bytes


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
            yield Reading(name, pid, section, own_bytes(pid), descriptors(pid))
        except OSError:
            continue
