"""Where the processes of an instance meet: `ipc://RUN/INSTANCE/SERVICE.pub` (live) and `.ask` (asked)."""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alphabus.errors import EndpointError

SERVICES = ("bar_feed", "factor_engine", "inference_worker", "signal_cache", "monitor")
MAX_PATH_BYTES = 107
IPC, TCP = "ipc://", "tcp://"
_ADDRESS = re.compile(re.escape(TCP) + r"(?:[0-9a-zA-Z.-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}")
_HOLDER = re.compile(r"pid ([0-9]{1,10})")
INSTANCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def default_run_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """`$ALPHABUS_RUN_DIR`, else `$XDG_RUNTIME_DIR/alphabus`, else `/tmp/alphabus-UID`."""
    if chosen := environment.get("ALPHABUS_RUN_DIR"):
        return Path(chosen)
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "alphabus"
    return Path(f"/tmp/alphabus-{os.getuid()}")  # noqa: S108  the folder is 0700


def is_tcp(text: object) -> bool:
    """Whether this is an address `tcp://HOST:PORT`."""
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None and 0 < int(text.rpartition(":")[2]) < 2**16


def running_instances(run_dir: Path) -> tuple[str, ...]:
    """Names of the instances below `run_dir` of which some process listens."""
    return tuple(sorted({path.parent.name for path in run_dir.glob("*/*.ask") if _listens(path)}))


def only_instance(run_dir: Path) -> str:
    """Name of the one instance of which some process listens; raises EndpointError when there is none, or several."""
    found = running_instances(run_dir)
    if len(found) == 1:
        return found[0]
    if not found:
        known = ", ".join(sorted({path.parent.name for path in run_dir.glob("*/*.lock")}))
        again = f"{known} ran there, and is perhaps just being started: look again; else " if known else ""
        raise EndpointError(f"no instance below {run_dir}: {again}start one (make run), or say where with --run-dir")
    raise EndpointError(f"several instances below {run_dir}: choose one with --instance {' | '.join(found)}")


def nobody_there(run_dir: Path, instance: str, over_tcp: str = "that takes keys") -> str | None:
    """What to say when no process of an instance listens: which others do; None when one does.

    `over_tcp` is what the caller's user is to do where they are met over TCP.
    """
    found = running_instances(run_dir)
    if instance in found:
        return None
    if holders := _holders(run_dir / instance):
        return (
            f"no process of {instance!r} listens below {run_dir}, though {', '.join(holders)} run there: they are met "
            f"over TCP; {over_tcp}"
        )
    others = f"there are: {', '.join(found)}" if found else "nor of any other instance"
    return f"no process of {instance!r} listens below {run_dir}, {others}"


def _holders(folder: Path) -> list[str]:
    """Services of which a process lives that their lock names; asked by taking it, a start could be refused."""
    return [name for name in SERVICES if _lives(folder / f"{name}.lock")]


def _lives(lock: Path) -> bool:
    try:
        held_by = _HOLDER.match(lock.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        return False
    return held_by is not None and Path(f"/proc/{held_by[1]}").exists()


def _listens(path: Path) -> bool:
    # The file outlives a process that was killed; only a connection shows that somebody is there.
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses and topics of one instance."""

    run_dir: Path
    instance: str
    tcp: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Services that are met over TCP: the addresses of their live and their asked end."""

    def __post_init__(self) -> None:
        if not INSTANCE.fullmatch(self.instance):
            raise EndpointError(f"instance {self.instance!r} does not match {INSTANCE.pattern}")

    @property
    def folder(self) -> Path:
        """Holds the sockets of the instance."""
        return self.run_dir / self.instance

    def live(self, service: str) -> str:
        """Address of the service's publisher."""
        return self.tcp[service][0] if service in self.tcp else self._address(service, "pub")

    def asked(self, service: str) -> str:
        """Address of the service's responder."""
        return self.tcp[service][1] if service in self.tcp else self._address(service, "ask")

    def service_at(self, address: str) -> str:
        """Whose TCP address this is; raises EndpointError."""
        for service, ends in self.tcp.items():
            if address in ends:
                return service
        raise EndpointError(f"{address} is no service's address")

    def topic(self, *parts: str) -> str:
        """`INSTANCE/part/.../`: from general to special, ends in '/' because subscriptions are prefixes."""
        return "/".join((self.instance, *parts, ""))

    def make_folder(self) -> None:
        """Create the folder for this user alone (0700); raises EndpointError when that cannot be."""
        advice = "set ALPHABUS_RUN_DIR to a folder of your own"
        try:
            self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            _check_parent(self.run_dir, advice)
            self.folder.mkdir(exist_ok=True, mode=0o700)
            _close_to_others(self.folder, advice)  # of what was there only our own folder: the one above may be /tmp
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


def require_own(address: str) -> None:
    """Raise EndpointError when the socket's folder is there and another user's, who could pose as the pipeline."""
    folder = Path(address.removeprefix(IPC)).parent
    try:
        owner = folder.stat().st_uid
    except OSError:  # not there yet, or out of reach: then nobody is met
        return
    if owner != os.getuid() != 0:
        raise EndpointError(f"{folder} belongs to uid {owner}")


def _check_parent(folder: Path, advice: str) -> None:
    found = folder.stat()
    if found.st_uid != os.getuid():
        raise EndpointError(f"{folder} belongs to uid {found.st_uid}; {advice}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX:
        raise EndpointError(f"{folder} can be written by others, who could put another folder in its place; {advice}")


def _close_to_others(folder: Path, advice: str) -> None:
    """Mode 0700 of the very folder that was looked at: a link in its place is not followed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        owner = os.fstat(descriptor).st_uid
        if owner != os.getuid():
            raise EndpointError(f"{folder} belongs to uid {owner}; {advice}")
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)
