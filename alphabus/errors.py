"""Everything the client side raises.

AlphabusError
├── EncodeError        a message that breaks its own schema
├── DecodeError        bytes that are not a message, with a short `reason` for counters
├── EndpointError      an address that cannot be bound or reached
├── KeyFileError       a key folder that is not private, or a file in it that is no key
├── SecurityError      the keys do not keep strangers out: nothing may run like this
├── RequestError       a request that was refused or had no answer in time
│   └── NoSectionError     no section closes at the time that was asked for
├── UniverseError      a section whose list of symbols is not known
└── ModeError          sections of another mode than was asked for, or a mode that is none
"""


class AlphabusError(Exception):
    """Root of every error raised on purpose by Alphabus."""


class EncodeError(AlphabusError):
    """The message breaks its own schema; nothing was sent."""


REFUSALS = (
    "frames",
    "topic",
    "header_size",
    "body_size",
    "header",
    "version",
    "kind",
    "unknown_key",
    "missing_key",
    "value",
    "columns",
    "body",
)


class DecodeError(AlphabusError):
    """The bytes are not a message; `reason`, one of REFUSALS, is the counter they are filed under."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class EndpointError(AlphabusError):
    """The address cannot be bound or reached."""


class KeyFileError(AlphabusError):
    """A key folder that is not its owner's alone, or a file in it that is not what it should be."""


class SecurityError(AlphabusError):
    """A stranger's key was accepted: the process must not go on."""


class RequestError(AlphabusError):
    """The request was refused, or no answer came in time."""


class NoSectionError(RequestError):
    """No section closes at the time that was asked for, and none ever will."""


class UniverseError(AlphabusError):
    """The list of symbols that a section names was never told, or is forgotten."""


class ModeError(AlphabusError):
    """The instance sends sections of another mode than was asked for, or no signal is of the mode that was."""
