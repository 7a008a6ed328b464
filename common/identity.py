"""What a process must have for itself before it does anything: where it is met, and what it writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from common.atomic import replacing
from common.config import Config
from common.errors import ConfigError, LockError
from common.lock import Lock
from common.room import is_full

OWNER = "instance"
"""The file in a state that says whose it is."""


@contextmanager
def alone(config: Config, name: str) -> Iterator[None]:
    """Hold both locks of the service `name`; LockError that names the folder and who holds it, or what is in the way.

    ConfigError where the state is another instance's.

    The one in the run folder guards its sockets: bound a second time they are taken from whoever had them. The one in
    the state guards its files, from an instance of another name or run folder that was given the same state.
    """
    with Lock(config.endpoints.folder / f"{name}.lock"), ExitStack() as held:
        _write_alone(config, name, held)
        claim_state(config)
        yield


def check_state(config: Config) -> None:
    """ConfigError when the state is another instance's: its record would go on with what is not its own."""
    path = config.state / OWNER
    owner = path.read_text(encoding="utf-8", errors="replace").strip() if path.exists() else config.instance
    if owner != config.instance:
        raise ConfigError(
            f"{config.state} belongs to instance {owner!r}, not {config.instance!r}: give this one another folder "
            f"(state = in its configuration; OUT=), or, where the instance was renamed, write its new name into {path}"
        )


def claim_state(config: Config) -> None:
    """Write into the state whose it is, where it does not say; ConfigError when it is another's."""
    check_state(config)
    if not (config.state / OWNER).exists():
        with replacing(config.state / OWNER) as temporary:
            temporary.write_text(f"{config.instance}\n", encoding="utf-8")


def _write_alone(config: Config, name: str, held: ExitStack) -> None:
    try:
        held.enter_context(Lock(config.state / "locks" / name, f"instance {config.instance!r}"))
    except LockError as error:
        raise LockError(
            f"the {name} of another instance, or of this one in another run folder, writes into {config.state}: "
            f"{error}, or give this one a state of its own (state = in its configuration)"
        ) from error
    except OSError as error:
        if is_full(error):
            raise
        raise LockError(
            f"{config.state} cannot be locked for the {name}: {error.strerror}; state = in the configuration must be a "
            f"folder that this user (uid {os.getuid()}) may write, on a disk that has locks"
        ) from error
