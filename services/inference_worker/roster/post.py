"""A model on duty: where its bundle lies, what it wants, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alphabus.messages import Model
from common.models.bundle import Bundle
from common.models.records import ModelRef
from common.models.reference import Reference, read_reference
from services.inference_worker.duty import Duty, Voice

TRAINING = "training"
LEAST, GREATEST = "q0", "q100"
NOBODY = Model("none", 0, "")
"""What sections name where nothing was ever wanted: no version has this number."""


@dataclass(frozen=True, slots=True)
class Post:
    """A verified manifest as the worker needs it; `plan` is the digest of its factors, in hex digits."""

    model: Model
    folder: Path
    features: tuple[str, ...]
    factor_set: str
    plan: str
    prediction_range: tuple[float, float] | None = None
    model_time_ns: int | None = None
    trouble: str = ""
    """Why nobody can serve; such a post is vacant, and wants no factors."""

    @classmethod
    def vacant(cls, wanted: ModelRef | None, trouble: str) -> Post:
        """Nobody's: sections name the model that was wanted, if there is one."""
        model = NOBODY if wanted is None else Model(wanted.name, wanted.version, wanted.digest)
        return cls(model, Path(), (), "", "", trouble=trouble)

    @classmethod
    def of(cls, ref: ModelRef, folder: Path, bundle: Bundle) -> Post:
        """What a bundle's words amount to; of its files only the reference is looked at."""
        manifest, reference = bundle.manifest, read_reference(bundle)
        span = manifest.spans.get(TRAINING)
        return cls(
            Model(ref.name, ref.version, ref.digest),
            folder,
            manifest.features,
            manifest.factor_set.name,
            manifest.factor_set.plan,
            None if reference is None else _range(reference),
            None if span is None else span.last,
        )

    @property
    def is_vacant(self) -> bool:
        """Whether there is no model that could be loaded."""
        return bool(self.trouble)

    @property
    def ref(self) -> ModelRef:
        """The version in the registry."""
        return ModelRef(self.model.name, self.model.version, self.model.digest)

    @property
    def factor_topic(self) -> str:
        """The last part of the topic that carries this plan's factors."""
        return f"{self.factor_set}.{self.plan[:8]}"

    def duty(self, arm: str, capital: float) -> Duty:
        """What an arm is set to when it serves this model."""
        voice = Voice(arm, capital, self.model)
        return Duty(voice, bytes.fromhex(self.plan), self.features, self.prediction_range, self.model_time_ns)


def _range(reference: Reference) -> tuple[float, float] | None:
    """Least and greatest prediction of the training, where the reference holds both."""
    if not {LEAST, GREATEST} <= set(reference.columns):
        return None
    return reference.of_prediction(LEAST), reference.of_prediction(GREATEST)
