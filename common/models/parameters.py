"""Parameters of a fit: named, typed, with defaults; what is wrong is said before anything is computed."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

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
        key, told = _told(error.errors(include_url=False))
        raise ModelError(f"parameter {key} = {given.get(key)!r} of kind {kind!r}: {told}") from error


def _told(faults: Sequence[ErrorDetails]) -> tuple[str, str]:
    """Name the first parameter that is wrong, and what would be right.

    One that may be a number or several gives a fault as either: what it would be wrong for as the other says nothing.
    """
    key = faults[0]["loc"][0]
    same = [fault for fault in faults if fault["loc"][0] == key]
    meant = [fault for fault in same if not fault["type"].endswith(("_type", "_parsing"))] or same
    return str(key), " or ".join(dict.fromkeys(map(_right, meant)))


def _right(fault: ErrorDetails) -> str:
    """Say what a value should be, and which of several it is about."""
    places = [part for part in fault["loc"][1:] if isinstance(part, int)]
    which = f"number {places[0] + 1}, {fault['input']!r}, " if places else ""
    told = fault["msg"].removeprefix("Input ").removeprefix("Value error, ").partition(", unable")[0]
    return which + told.replace("a valid tuple", "a list of such")
