"""Parameters of a fit: named, typed, with defaults; what is wrong is said before anything is computed."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import ModelError
from common.nearest import did_you_mean


class Parameters(BaseModel):
    """What a kind may be told; subclasses list it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


_Chosen = TypeVar("_Chosen", bound=Parameters)


def read_parameters(of: type[_Chosen], kind: str, given: Mapping[str, Any]) -> _Chosen:
    """Fill in the defaults; ModelError with the closest name for an unknown one, or with what a value must be."""
    for name in given:
        if name not in of.model_fields:
            raise ModelError(f"model kind {kind!r} has no parameter {name!r}{did_you_mean(name, of.model_fields)}")
    try:
        return of.model_validate(dict(given))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ModelError(f"parameter {place} = {fault['input']!r} of kind {kind!r}: {fault['msg']}") from error
