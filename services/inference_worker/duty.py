"""What an arm is set to: who speaks, of which factors, and what is known of its model (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from alphabus.messages import Model


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: the arm, its share of capital, its model."""

    arm: str
    capital: float
    model: Model


@dataclass(frozen=True, slots=True)
class Duty:
    """One model's service on one arm; another duty takes over between two bars.

    `plan` is the digest (32 bytes) of the factors it wants. `prediction_range` holds the least and the greatest
    prediction of its training, `model_time_ns` when its training data end (UTC); None where the bundle does not say.
    """

    voice: Voice
    plan: bytes
    features: tuple[str, ...]
    prediction_range: tuple[float, float] | None = None
    model_time_ns: int | None = None

    @property
    def is_vacant(self) -> bool:
        """Whether there is no model to score any factors."""
        return not self.plan
