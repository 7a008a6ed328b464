"""What a multi-layer perceptron may be told."""

from typing import Annotated, Literal

from pydantic import Field

from common.models.parameters import Parameters

Activation = Literal["relu", "tanh", "silu"]
Width = Annotated[int, Field(ge=1, le=65_536)]


class MlpParameters(Parameters):
    """Labels are learnt in their own standard deviations; losses and the edge of `huber` count in those."""

    hidden: tuple[Width, ...] = (64, 32)
    """Units of each hidden layer, from the features on; none: a linear model."""
    activation: Activation = "relu"
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0)
    loss: Literal["mse", "mae", "huber"] = "mse"
    optimiser: Literal["adam", "adamw", "sgd"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0.0)
    weight_decay: float = Field(default=1e-2, ge=0.0)
    momentum: float = Field(default=0.9, ge=0.0, lt=1.0)
    """Of sgd."""
    batch_rows: int = Field(default=1024, ge=1)
    epochs: int = Field(default=50, ge=1)
    patience: int = Field(default=5, ge=1)
    """Epochs without a better loss on the validation rows before it ends."""
    clip: float = Field(default=10.0, gt=0.0)
    """Standard deviations beyond which a feature counts no further."""
    seed: int = Field(default=7, ge=0, lt=2**63)
    threads: int = Field(default=1, ge=1, le=256)
    """Another number may give another model: threads add in another order."""
