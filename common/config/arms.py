"""Arms: which model scores every bar, its share, and what goes out without an answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from common.config.table import Name, Table


class Arm(Table):
    """One model that scores every bar; `capital` is its share, 0 for a shadow."""

    alias: Name = "champion"
    capital: float = Field(default=1.0, ge=0.0, le=1.0)
    fallback: Literal["previous", "default", "void"] = "previous"
    """What goes out when no answer comes in time."""
    default_value: float | None = Field(default=None, allow_inf_nan=False)
    """With `previous` it stands in as long as there is nothing earlier."""
    max_age_bars: int | None = Field(default=None, ge=0)
    """This and the next two: what `inference` says, unless the arm says otherwise."""
    max_age_seconds: float | None = Field(default=None, gt=0.0)
    across_sessions: bool | None = None

    @model_validator(mode="after")
    def _default_has_a_value(self) -> Arm:
        if (self.fallback == "default" and self.default_value is None) or (
            self.fallback == "void" and self.default_value is not None
        ):
            raise ValueError("fallback 'default' needs a default_value, fallback 'void' takes none")
        return self
