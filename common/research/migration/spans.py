"""Times as vnpy writes them: texts such as 2013-6-1 or 20130601, of which a date is its midnight (pure)."""

import re
from datetime import date, datetime

from common.market.span import Span
from common.research.periods import Periods, span_of

_LOOSE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def moment(text: str) -> str:
    """The time a text means, to be read as it stands; what is none is left as it is, for the reader to refuse."""
    try:
        loose = _LOOSE.fullmatch(text)
        found = date(*map(int, loose.groups())) if loose else datetime.fromisoformat(text)
    except ValueError:
        return text
    return found.isoformat(" ") if isinstance(found, datetime) else f"{found.isoformat()} 00:00:00"


def whole_span(first: str, last: str) -> Span:
    """From one time to another, both included; DatasetError if they are none, or in the wrong order."""
    return span_of(moment(first), moment(last))


def apart(train: Span, valid: Span) -> Periods:
    """Both as they are, or where they overlap a training span that ends before validation begins.

    Nothing is trained on them here. DatasetError where nothing would be left.
    """
    if train.first < valid.first <= train.last:
        train = Span(train.first, valid.first - 1)
    return Periods(train, valid)
