"""Everything the client side raises.

AlphabusError
├── EncodeError        a message that breaks its own schema
├── DecodeError        bytes that are not a message, with a short `reason` for counters
├── EndpointError      an address that cannot be bound or reached
├── RequestError       a request that was refused or had no answer in time
└── ModeError          sections of another mode than was asked for
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


class RequestError(AlphabusError):
    """The request was refused, or no answer came in time."""


class ModeError(AlphabusError):
    """The instance sends sections of another mode than was asked for."""
