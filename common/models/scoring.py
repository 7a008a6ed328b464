"""What scores a loaded model: its library, or something faster that has shown the same bits."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from common.models.golden import Golden
from common.models.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Scoring:
    """Who scores (a kind's name: its library does); where nothing faster could be used, why, and if that is alarming.

    A model that is not covered is no reason for alarm; other bits than the library's are.
    """

    scorer: str
    refusal: str = ""
    alarming: bool = False


@runtime_checkable
class Accelerable(Protocol):
    """A predictor that may have a faster way to the same bits."""

    def accelerate(self, golden: Golden) -> Scoring:
        """Take the faster way from now on, if it is proven; never raises, the library serves on otherwise."""
        ...


def accelerate(predictor: Predictor, golden: Golden) -> Scoring:
    """Have a predictor score as fast as it can."""
    return predictor.accelerate(golden) if isinstance(predictor, Accelerable) else Scoring(predictor.kind)
