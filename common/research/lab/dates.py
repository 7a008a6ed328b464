"""Days and times as a lab's callers give them: in words, or as Python's dates."""

from datetime import date, datetime

from common.errors import LabError
from common.market.dates import read_moment

Moment = date | str
"""A `datetime` is a `date`, too."""


def moment_of(value: Moment | None) -> datetime | None:
    """A day begins at midnight; LabError for what is none, None where nothing is given."""
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  as the file writes its stamps
    try:
        return read_moment(value)
    except TypeError as error:
        raise LabError(f"{value!r} is no date: give 2024-03-01 or a datetime.date") from error
    except ValueError as error:
        raise LabError(str(error)) from error


def day_of(value: Moment | None) -> date | None:
    """The day it lies in; LabError for what is none, None where nothing is given."""
    moment = moment_of(value)
    return None if moment is None else moment.date()
