"""Every kind's header is read from its class."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

from alphabus.forms import FORMS, NAMED
from alphabus.messages import MESSAGES, Factors, Message, Universe

KINDS = [pytest.param(kind, id=kind.kind) for kind in MESSAGES]


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_is_that_of_its_class(kind: type[Message]) -> None:
    """All fields but those in the body, in their order; needed is what has no default."""
    form, items = FORMS[kind], [item for item in fields(kind) if item.name not in ("columns", "symbols")]
    assert form.names == form.before + form.after == tuple(item.name for item in items)
    assert form.known == set(form.names)
    assert form.needed == {item.name for item in items if (item.default, item.default_factory) == (MISSING, MISSING)}
    assert form.has_columns == any(item.name == "columns" for item in fields(kind))
    assert NAMED[kind.kind] is form


def test_columns_stand_where_their_field_does() -> None:
    """The body's field divides what is told before it from what is told after; without one, all is before."""
    assert FORMS[Factors].after == ("latency",)
    assert FORMS[Factors].before[-1] == "plan"
    assert FORMS[Universe].names == FORMS[Universe].before == ("journal", "bar", "universe")
