"""A table of a configuration, and names in it."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator

from alphabus.endpoints import INSTANCE

NUMBERS, PLAIN = frozenset({int, float}), frozenset({int, float, bool, type(None)})


def _name(value: str) -> str:
    if not INSTANCE.fullmatch(value):
        raise ValueError(f"a name that matches {INSTANCE.pattern}")
    return value


Name = Annotated[str, AfterValidator(_name)]


class Table(BaseModel):
    """Frozen, and without keys that nobody knows; a number or a truth value in quotes is not guessed to be one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _is_not_guessed(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[str(info.field_name)].annotation
        kinds = frozenset(get_args(annotation) or (annotation,))
        if kinds <= PLAIN and (wanted := _wanted(kinds, value)):
            raise ValueError(wanted)
        return value


def _wanted(kinds: frozenset[Any], value: Any) -> str:
    """What should stand there, where a value of another kind could be taken for it; empty where it is right."""
    if bool in kinds:
        return "" if value is None or isinstance(value, bool) else "Input should be a boolean: true or false, no quotes"
    if isinstance(value, str | bool):
        return f"Input should be {'a valid number' if float in kinds else 'a valid integer'}, without quotes"
    return ""
