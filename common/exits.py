"""Exit statuses: what a program's end tells whoever started it, a person, a supervisor, honcho or systemd."""

from __future__ import annotations

import os

from alphabus.errors import KeyFileError, SecurityError
from common.errors import BarFileError, ConfigError, DamagedJournalError, FactorError, LockError, NotOnRecordError
from common.room import is_full

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
NO_ROOM = os.EX_TEMPFAIL  # started again later it may do
BUDGET_SPENT = os.EX_UNAVAILABLE  # of a supervisor that has given up

FINAL = (WRONG_USAGE, BUDGET_SPENT)
"""What systemd does not start a supervisor after: people are to mend something first.

A supervisor, too, leaves alone a child that ended with WRONG_USAGE; BUDGET_SPENT is of a child a death like any other.
"""

HOPELESS = (
    BarFileError, ConfigError, DamagedJournalError, FactorError, KeyFileError, LockError, NotOnRecordError,
    SecurityError,
)  # fmt: skip
"""What no further start would be spared."""


def status_of(error: BaseException, *, waits: bool) -> int:
    """The status of a process that ends by this error; `waits`: a full disk is waited for, else it is a failure."""
    if is_full(error):
        return NO_ROOM if waits else FAILED
    return WRONG_USAGE if isinstance(error, HOPELESS) else FAILED
