"""How old a model may become: counted from the end of its training to the section, so it holds in replay (pure)."""

from __future__ import annotations

from services.inference_worker.actions import Told
from services.inference_worker.duty import Duty

WARN_FROM = 0.9  # share of the limit: a tenth is left to train and promote another
DAY_NS = 86_400_000_000_000


class ModelAge:
    """One limit in ns, or none; each threshold is told once a duty."""

    def __init__(self, limit_ns: int | None) -> None:
        self._limit_ns = limit_ns
        self._told: tuple[Duty | None, str] = (None, "")

    def is_over(self, duty: Duty, time: int) -> bool:
        """Whether a section of this time is past the model's date; a model without one is never."""
        return self._share(duty, time) > 1.0

    def tell(self, duty: Duty, time: int) -> list[Told]:
        """Say so once when a model nears its date, and once when it is past it."""
        share = self._share(duty, time)
        event = "model_too_old" if share > 1.0 else "model_ages" if share >= WARN_FROM else ""
        if not event or self._told == (duty, event):
            return []
        self._told = (duty, event)
        model = duty.voice.model
        detail: dict[str, str | float] = {
            "model": f"{model.name}/{model.version}",
            "limit_days": (self._limit_ns or 0) / DAY_NS,
        }
        detail["age_days"] = round((time - (duty.model_time_ns or 0)) / DAY_NS, 2)
        return [Told("error" if share > 1.0 else "warning", event, detail)]

    def _share(self, duty: Duty, time: int) -> float:
        if self._limit_ns is None or duty.model_time_ns is None:
            return 0.0
        return (time - duty.model_time_ns) / self._limit_ns
