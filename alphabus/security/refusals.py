"""Who refuses our key at present, by what our own links tell (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from alphabus.endpoints import Endpoints


class Refusals:
    """Hears of a transport's links that were refused, and of those that were let in after all."""

    def __init__(self) -> None:
        self._why: dict[str, str] = {}  # by address

    def __call__(self, event: str, **detail: str) -> None:
        """Of what `alphabus.security.watch.EVENTS` has, take note of what is about us."""
        if event == "link_refused":
            self._why[detail["address"]] = detail["why"]
        elif event == "link_accepted":
            self._why.pop(detail["address"], None)

    def of(self, endpoints: Endpoints) -> Mapping[str, str]:
        """Why, by service."""
        return {endpoints.service_at(address): why for address, why in self._why.items()}
