"""Whether an instance runs, as far as this machine can see."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from alphabus.endpoints import SERVICES, TCP, Endpoints, default_run_dir, nobody_there
from common.command import WORKER
from common.errors import LockError, RegistryError
from common.lock import Lock
from scripts.premises import Premises

CONNECT_S = 1.0


def endpoints_of(premises: Premises) -> Endpoints:
    """Where the processes of the instance meet: as its configuration says, else below the usual folder."""
    if premises.config is not None:
        return premises.config.endpoints
    return Endpoints(default_run_dir(), premises.named_instance)


def runs(endpoints: Endpoints) -> bool:
    """Whether somebody listens where its worker is asked, or where any process of it is met on this machine."""
    if WORKER in endpoints.tcp:
        return _accepts(endpoints.asked(WORKER))
    return nobody_there(endpoints.run_dir, endpoints.instance) is None


@contextmanager
def stopped(endpoints: Endpoints) -> Iterator[None]:
    """Within it no process of the instance can start on this machine; RegistryError naming one that runs."""
    if runs(endpoints):
        raise RegistryError(f"instance {endpoints.instance!r} runs: stop it first")
    with ExitStack() as locks:
        try:
            for name in SERVICES if endpoints.folder.is_dir() else ():
                locks.enter_context(Lock(endpoints.folder / f"{name}.lock"))
        except LockError as error:
            raise RegistryError(f"instance {endpoints.instance!r} runs: {error}") from error
        yield


def _accepts(address: str) -> bool:
    host, _, port = address.removeprefix(TCP).rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except OSError:
        return False
    return True
