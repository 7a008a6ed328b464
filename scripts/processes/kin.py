"""Who is who: the services that run with a configuration, and whose child a process is."""

from pathlib import Path

from alphabus.endpoints import SERVICES

PROC = Path("/proc")

# Fields of /proc/PID/stat, counted after the name, which may hold anything.
_PARENT, _START = 1, 19


def children_of(parent: int) -> list[int]:
    """Process ids of the children, oldest first."""
    found = [
        (int(fields[_START]), int(folder.name))
        for folder in PROC.iterdir()
        if folder.name.isdigit() and (fields := stat_of(int(folder.name))) and int(fields[_PARENT]) == parent
    ]
    return [pid for _, pid in sorted(found)]


def parent_of(pid: int) -> int | None:
    """Process id of the parent; None when the process is gone."""
    fields = stat_of(pid)
    return int(fields[_PARENT]) if fields else None


def stat_of(pid: int) -> list[str]:
    """What the kernel says of a process, from its state on; nothing of one that is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def services_with(config_file: Path) -> dict[str, int]:
    """Process ids of the services that run with a configuration file, by name."""
    wanted, found = str(config_file.absolute()), dict[str, int]()
    for folder in PROC.iterdir():
        words = _command(folder) if folder.name.isdigit() else []
        if wanted in words:
            found |= {name: int(folder.name) for name in SERVICES if f"services.{name}" in words[:3]}
    return found


def _command(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
