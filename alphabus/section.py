"""A signal section with its symbols, and how sections are made of what arrives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from alphabus.errors import ModeError, RequestError, UniverseError
from alphabus.messages import Delivery, Flag, Mode, Signals, Universe
from alphabus.universes import Universes


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A signal section with its symbols; `values` f8[S] is NaN where `flags` u1[S] is not 0."""

    symbols: tuple[str, ...]
    signals: Signals

    @property
    def values(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """One value a symbol."""
        return self.signals.columns["signal"]  # type: ignore[return-value]  # the codec made it f8

    @property
    def flags(self) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """Why a symbol has no value; see `Flag`."""
        return self.signals.columns["flag"]  # type: ignore[return-value]  # the codec made it u1

    def by_symbol(self) -> dict[str, float]:
        """The symbols that have a value."""
        pairs = zip(self.symbols, self.values.tolist(), self.flags.tolist(), strict=True)
        return {symbol: value for symbol, value, flag in pairs if flag == Flag.OK}


class Binding:
    """Remembers the newest lists of symbols, and puts each section together with its own.

    One for each stream: in its order every list comes before its sections, and none is pushed out by another stream's.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self._universes = Universes()

    def sections(self, deliveries: Iterable[Delivery]) -> list[Section]:
        """The sections among these; raises ModeError for another mode, RequestError where no list of symbols came."""
        found = []
        for delivery in deliveries:
            message = delivery.message
            if isinstance(message, Universe):
                self._universes.learn(message)
            elif isinstance(message, Signals):
                self._check_mode(message)
                found.append(Section(self._symbols_of(message), message))
        return found

    def _check_mode(self, message: Signals) -> None:
        if message.mode is not self.mode:
            raise ModeError(
                f"the sections of {message.arm!r} are of mode {message.mode.value!r}, and {self.mode.value!r} was "
                f"asked for: SignalClient(..., mode={message.mode.value!r}) takes them"
            )

    def _symbols_of(self, message: Signals) -> tuple[str, ...]:
        try:
            return self._universes.symbols(message.universe)
        except UniverseError as error:
            told = f"no list of symbols came before bar {message.bar} of {message.arm!r}: connect again"
            raise RequestError(told) from error
