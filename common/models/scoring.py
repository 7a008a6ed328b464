"""What scores a loaded model: its library, or something faster that has shown the same bits."""

from collections.abc import Callable
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
        """Take the faster way from now on, if it is proven; where this raises, the library has to serve on."""
        ...


def accelerate(predictor: Predictor, golden: Golden) -> Scoring:
    """Have a predictor score as fast as it can; never raises, whoever wrote its kind."""

    def attempt() -> Scoring:
        return predictor.accelerate(golden) if isinstance(predictor, Accelerable) else Scoring(predictor.kind)

    return guarded(predictor.kind, attempt)


def guarded(kind: str, attempt: Callable[[], Scoring]) -> Scoring:
    """What an attempt says; where it raises, that the kind's library serves, with an alarm."""
    try:
        scoring = attempt()
    except Exception as error:  # noqa: BLE001  whatever it is, the library serves
        return Scoring(kind, f"{type(error).__name__}: {error}", alarming=True)
    if not isinstance(scoring, Scoring):
        return Scoring(kind, f"accelerate gave {type(scoring).__name__}, not a Scoring", alarming=True)
    return scoring
