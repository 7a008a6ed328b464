"""A trading engine in a simulation: the real client, what it got in each of its lives, and what it was answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from alphabus.client import SignalClient
from alphabus.errors import NoSectionError, RequestError
from alphabus.messages import Signals

OpenClient = Callable[[], SignalClient]


@dataclass(frozen=True, slots=True)
class Reply:
    """What `get_signal` said of the section that closes at `time`; None, and why, when it had none."""

    time: int
    said: Signals | None
    why: str = ""


@dataclass(slots=True)
class Diary:
    """All that a trading engine saw of a run."""

    lives: list[list[Signals]] = field(default_factory=list)
    """What it got, in the order in which it came, from one start to the next."""
    replies: list[Reply] = field(default_factory=list)
    at_last: list[Reply] = field(default_factory=list)
    """Once everything had come to its end."""
    ended: bool = False
    links: list[str] = field(default_factory=list)
    """What the link was not said to be, though it should have been."""


class Trader:
    """Looks when it has a turn, asks now and then, dies and starts again."""

    def __init__(self, open_client: OpenClient, tally: Counter[str]) -> None:
        """`open_client` makes one whose waits let the pipeline go on."""
        self._open, self._tally = open_client, tally
        self.diary = Diary()
        self._client = self._started()

    @property
    def link(self) -> str:
        """What the client says of its links."""
        return self._client.link

    @property
    def ended(self) -> bool:
        """Whether the client saw the end."""
        return self._client.ended

    def look(self) -> None:
        """Take everything that is there."""
        with suppress(RequestError):  # the cache was away while a hole was to be filled: the next look asks again
            while (section := self._client.receive(0)) is not None:
                self.diary.lives[-1].append(section.signals)

    def ask(self, time: int) -> Reply:
        """`get_signal` without patience: what is known of the section that closes at `time`."""
        try:
            found = self._client.get_signal(time, 0)
        except (RequestError, NoSectionError) as error:
            return Reply(time, None, f"{type(error).__name__}: {error}")
        return Reply(time, None if found is None else found.signals, "" if found else "none before it")

    def wonder(self, time: int) -> None:
        """Ask while everything is still going on."""
        self._tally["client asked"] += 1
        self.diary.replies.append(self.ask(time))

    def conclude(self, times: list[int]) -> None:
        """Ask for all these once more, now that nothing goes on."""
        self.diary.ended = self.ended
        self.diary.at_last = [self.ask(time) for time in times]

    def restart(self) -> None:
        """SIGKILL, and another one that knows nothing."""
        self._tally["killed client"] += 1
        self._client.close()
        self._client = self._started()

    def close(self) -> None:
        """Let go of the links."""
        self._client.close()

    def _started(self) -> SignalClient:
        self.diary.lives.append([])
        return self._open()
