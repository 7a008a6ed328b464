"""What a process uses, as the kernel counts it."""

from scripts.processes.kin import PROC

KIBIBYTE = 1024
MEBIBYTE = 2.0**20


def own_bytes(pid: int) -> int:
    """Memory of its own, in RAM: pages of files, which the kernel takes back at will, do not count. Raises OSError."""
    lines = (PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    # One that has ended and that nobody waited for has a status, but no memory any more.
    return int(fields.get("RssAnon", "0 kB").split()[0]) * KIBIBYTE


def descriptors(pid: int) -> int:
    """How many files, sockets and the like it has open. Raises OSError."""
    return sum(1 for _ in (PROC / str(pid) / "fd").iterdir())
