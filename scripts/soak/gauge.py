"""Memory and descriptors of the processes of a run, as the kernel counts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alphabus.endpoints import SERVICES
from scripts.processes.kin import children_of, parent_of, services_with
from scripts.processes.usage import descriptors, own_bytes

CHILDREN = ("executor", "spare")
"""Of the worker, oldest first: who scores, and who waits in reserve."""

EVERYBODY = (*SERVICES, *CHILDREN, *(f"supervisor of {name}" for name in SERVICES), "launcher")


@dataclass(frozen=True, slots=True)
class Reading:
    """One process at one moment: resident memory in bytes, open descriptors."""

    process: str
    pid: int
    section: int
    resident: int
    descriptors: int


def read_all(config_file: Path, launcher: int, section: int) -> Iterator[Reading]:
    """All of them: services, the worker's children, supervisors, launcher; those that are gone are left out."""
    for name, pid in _processes(config_file, launcher):
        try:
            yield Reading(name, pid, section, own_bytes(pid), descriptors(pid))
        except OSError:
            continue


def _processes(config_file: Path, launcher: int) -> Iterator[tuple[str, int]]:
    services = services_with(config_file)
    yield from services.items()
    children = children_of(services["inference_worker"]) if "inference_worker" in services else []
    for number, child in enumerate(children):
        yield CHILDREN[number] if number < len(CHILDREN) else f"child {number + 1}", child
    for name, pid in services.items():
        supervisor = parent_of(pid)
        if supervisor is not None:
            yield f"supervisor of {name}", supervisor
    yield "launcher", launcher
