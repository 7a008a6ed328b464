"""On what a model was made: library versions, and the platform on which bits are promised."""

import os
import platform
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def library_versions(names: Iterable[str]) -> dict[str, str]:
    """Installed version by distribution name, read without importing any; absent ones are left out."""
    found = {name: _version(name) for name in names}
    return {name: text for name, text in found.items() if text is not None}


def platform_fingerprint() -> dict[str, str]:
    """CPU features (as a digest), libc, Python, numpy and numba: equal fingerprints promise equal bits."""
    return {
        "machine": platform.machine(),
        "cpu": sha256(_cpu_features().encode()).hexdigest()[:16],
        "libc": _libc(),
        "python": platform.python_version(),
        **library_versions(("numpy", "numba")),
    }


@cache  # it reads and parses a file; what is installed does not change under a process that has it loaded
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def _cpu_features() -> str:
    """Feature names of the first CPU; the model name where the kernel lists none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    features = (line.partition(":")[2] for line in lines if line.lower().startswith(("flags", "features")))
    return " ".join(sorted(next(features, platform.processor()).split()))


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "unknown"
    except (ValueError, OSError):
        return "-".join(platform.libc_ver()) or "unknown"
