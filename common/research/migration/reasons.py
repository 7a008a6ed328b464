"""Why a value of ours is not vnpy's: a name for each reason, and what it means."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Reason(StrEnum):
    """In the order of the report: first those that can be computed apart, then those that are traced."""

    LOAD_WINDOW = "load window"
    MEMBERS = "future members"
    CAST = "integer cast"
    DECAY = "reversed decay"
    CHOICE = "reversed choice"
    SUSPENDED = "suspended bars"
    MISSING = "missing values"
    ROUNDING = "rounding"
    LAST_BITS = "last bits"
    UNEXPLAINED = "unexplained"


APART = (Reason.LOAD_WINDOW, Reason.MEMBERS, Reason.CAST, Reason.DECAY, Reason.CHOICE)
"""Differences that our engine can make on purpose, so that each has numbers of its own."""

MEANING: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.LOAD_WINDOW: "vnpy divides prices by the first close loaded: the value depends on where loading began",
        Reason.MEMBERS: "vnpy's sections hold whoever was loaded, later members too; ours hold the members of that bar",
        Reason.CAST: "vnpy casts a rolling value of whole numbers back to a whole number",
        Reason.DECAY: "vnpy's ts_decay_linear weighs the oldest bar most, ours the newest",
        Reason.CHOICE: "vnpy's quesval2 chooses the other one of the two",
        Reason.SUSPENDED: "vnpy has a bar where ours is refused or has neither price nor volume; its windows hold it",
        Reason.MISSING: "a missing, infinite or constant value, or a window that is not full, in what the value reads",
        Reason.ROUNDING: "equal but for rounding: less than a millionth of the factor's deviation",
        Reason.LAST_BITS: "a trillionth more or less in the bars, or in a sum of them, moves it: where ranks tie",
        Reason.UNEXPLAINED: "none of these",
    }
)
