"""Where the processes of an instance meet: `ipc://RUN/INSTANCE/SERVICE.pub` (live) and `.ask` (asked)."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alphabus.errors import EndpointError

SERVICES = ("bar_feed", "factor_engine", "inference_worker", "signal_cache", "monitor")
MAX_PATH_BYTES = 107
INSTANCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def default_run_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """`$ALPHABUS_RUN_DIR`, else `$XDG_RUNTIME_DIR/alphabus`, else `/tmp/alphabus-UID`."""
    if chosen := environment.get("ALPHABUS_RUN_DIR"):
        return Path(chosen)
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "alphabus"
    return Path(f"/tmp/alphabus-{os.getuid()}")  # noqa: S108  the folder is 0700


def running_instances(run_dir: Path) -> tuple[str, ...]:
    """Names of the instances below `run_dir` of which some process listens."""
    return tuple(sorted({path.parent.name for path in run_dir.glob("*/*.ask") if _listens(path)}))


def _listens(path: Path) -> bool:
    # The file outlives a process that was killed; only a connection shows that somebody is there.
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses and topics of one instance."""

    run_dir: Path
    instance: str

    def __post_init__(self) -> None:
        if not INSTANCE.fullmatch(self.instance):
            raise EndpointError(f"instance {self.instance!r} does not match {INSTANCE.pattern}")

    @property
    def folder(self) -> Path:
        """Holds the sockets of the instance."""
        return self.run_dir / self.instance

    def live(self, service: str) -> str:
        """Address of the service's publisher."""
        return self._address(service, "pub")

    def asked(self, service: str) -> str:
        """Address of the service's responder."""
        return self._address(service, "ask")

    def topic(self, *parts: str) -> str:
        """`INSTANCE/part/.../`: from general to special, ends in '/' because subscriptions are prefixes."""
        return "/".join((self.instance, *parts, ""))

    def make_folder(self) -> None:
        """Create the folder for this user alone (0700); raises EndpointError when that cannot be."""
        advice = "set ALPHABUS_RUN_DIR to a folder of your own"
        try:
            self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            owner = self.run_dir.stat().st_uid
            if owner != os.getuid():
                raise EndpointError(f"{self.run_dir} belongs to uid {owner}; {advice}")
            self.folder.mkdir(exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)  # of what was there only our own folder: the one above may be /tmp
        except OSError as error:
            raise EndpointError(f"cannot make {self.folder}: {error}; {advice}") from error

    def _address(self, service: str, suffix: str) -> str:
        path = self.folder / f"{service}.{suffix}"
        size = len(os.fsencode(path))
        if size > MAX_PATH_BYTES:
            raise EndpointError(
                f"socket path {path} has {size} bytes, the system allows {MAX_PATH_BYTES}: "
                f"set ALPHABUS_RUN_DIR to a shorter folder, such as /tmp/alphabus-{os.getuid()}"
            )
        return f"ipc://{path}"
