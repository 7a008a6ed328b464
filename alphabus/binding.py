"""Why an end cannot be bound, and what to do about it."""

from __future__ import annotations

import errno

from alphabus.endpoints import TCP
from alphabus.errors import EndpointError

_NOT_OURS = "this machine has no such address: start the service on the machine that [bus.tcp] names, or mend that"
ADVICE = {
    errno.EADDRINUSE: "another program listens there (ss -ltnp): stop it, or choose another port in [bus.tcp]",
    errno.EADDRNOTAVAIL: _NOT_OURS,
    errno.ENODEV: _NOT_OURS,
    errno.EACCES: "ports below 1024 are for root: choose another in [bus.tcp]",
}


def not_bound(address: str, error: Exception) -> EndpointError:
    """The error to raise, with advice where the address is one over TCP."""
    advice = ADVICE.get(getattr(error, "errno", 0)) if address.startswith(TCP) else None
    return EndpointError(f"cannot bind {address}: {error}" + (f"; {advice}" if advice else ""))
