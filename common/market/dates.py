"""Dates as options and calls write them: in ISO form; for another form the error says what was meant."""

import re
from datetime import date, datetime

_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)")


def read_moment(text: str) -> datetime:
    """A date or time in ISO form; ValueError, with how the day is written if one can be made out."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(no_date(text)) from error


def no_date(text: str) -> str:
    """What is wrong with a text that is none, and how the day is written if one can be made out."""
    return f"{text!r} is no date such as 2016-06-09 or 2016-06-09 10:30{_meant(text)}"


def _meant(text: str) -> str:
    days = [day for parts in _readings(text.strip()) if (day := _iso(*parts)) is not None]
    return f"; write {' or '.join(sorted(set(days)))}: year, month, day" if days else ""


def _readings(text: str) -> list[tuple[str, str, str]]:
    """Year, month and day; both ways round where the year stands last."""
    if first := _YEAR_FIRST.match(text):
        year, month, day = first.groups()
        return [(year, month, day)]
    if last := _YEAR_LAST.match(text):
        one, other, year = last.groups()
        return [(year, one, other), (year, other, one)]
    return []


def _iso(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
