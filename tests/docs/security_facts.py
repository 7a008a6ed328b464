"""What the code says of roles and of what happens at a door, in the form of the tables of docs/security.md."""

from __future__ import annotations

from alphabus.security.roles import HEARD, ROLES
from alphabus.security.watch import EVENTS
from tests.docs.pages import column, words

Rows = list[list[str]]
Compared = tuple[object, object]


def roles(rows: Rows) -> Compared:
    """Every role with what it may."""
    said = [(words(row[0])[0], words(row[1]) or row[1], *row[2:]) for row in rows]
    return said, [
        (
            name,
            "everything" if role.topics == HEARD else list(role.topics),
            "yes" if role.verbs else "no",
            "as itself" if role.acknowledges else "no",
            "yes" if role.commands else "no",
        )
        for name, role in ROLES.items()
    ]


def doors(rows: Rows) -> Compared:
    """Everything that is told of, in the code's own words."""
    return dict(zip(column(rows), (row[1] for row in rows), strict=True)), EVENTS
