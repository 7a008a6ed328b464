"""Changes of what is on record, each with its row of history: every function needs an open transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common.errors import RegistryError
from common.models.aliases import (
    alias_of,
    aliases_of,
    before_last_move,
    instances_of,
    is_on_record,
    point,
    record_change,
    unpoint,
)
from common.models.bundle import Bundle, drop_bundle, sweep
from common.models.catalogue import (
    all_models,
    insert_model,
    mark_removed,
    next_version,
    same_bundle,
    version_of,
)
from common.models.connection import Connection
from common.models.names import check_name
from common.models.needs import who_needs
from common.models.records import Action, AliasRow, Change, Event, ModelRef, ModelRow
from common.models.signature import place, sweep_signatures
from common.nearest import did_you_mean


@dataclass(frozen=True, slots=True)
class Occasion:
    """When (ns since 1970 UTC), by whom, and why something is changed."""

    time_ns: int
    by: str
    why: str


def register_bundle(connection: Connection, bundle: Bundle, occasion: Occasion) -> ModelRef:
    """Give a bundle the next version of its name; one that is known keeps its version, and is there again."""
    name = check_name("model", bundle.manifest.name)
    known = same_bundle(connection, name, bundle.digest)
    if known is not None and known.removed_ns is None:
        return known.ref
    if known is None:
        ref = ModelRef(name, next_version(connection, name), bundle.digest)
        manifest = bundle.manifest
        insert_model(connection, ModelRow(ref, manifest.kind, manifest.training.key, occasion.time_ns, occasion.by))
    else:
        ref = known.ref
        mark_removed(connection, ref, None)
    _record(connection, "register", occasion, ends=(None, ref))
    return ref


def remove_version(connection: Connection, name: str, version: int, occasion: Occasion) -> ModelRef:
    """Say that a version is gone; RegistryError naming the aliases and arms that need it, if any do."""
    ref = version_of(connection, name, version).ref
    if needed := who_needs(connection, ref.key):
        raise RegistryError(f"{ref} is {needed}")
    mark_removed(connection, ref, occasion.time_ns)
    _record(connection, "remove", occasion, ends=(ref, None))
    return ref


def move_alias(
    connection: Connection,
    action: Action,
    alias: tuple[str, str],
    after: ModelRef,
    occasion: Occasion,
    *,
    again: bool = False,
) -> ModelRef:
    """Point an alias (instance, name) at a version; if it points there already only `again` makes a row of it."""
    before = alias_of(connection, *alias)
    if again or before != after:
        point(connection, *alias, after)
        _record(connection, action, occasion, alias, (before, after))
    return after


def retire_aliases(connection: Connection, instance: str, alias: str | None, occasion: Occasion) -> list[AliasRow]:
    """Take one alias of an instance away, or for None all, a row of history each; RegistryError where there is none."""
    has = aliases_of(connection, instance)
    if not has:
        hint = did_you_mean(instance, {row.instance for row in aliases_of(connection, None)})
        known = "has no alias any more" if instance in instances_of(connection) else f"has no alias{hint}"
        raise RegistryError(f"instance {instance!r} {known}")
    rows = [row for row in has if alias in {None, row.alias}]
    if not rows:
        raise no_alias(instance, str(alias), has)
    for row in rows:
        unpoint(connection, row.instance, row.alias)
        _record(connection, "retire", occasion, (row.instance, row.alias), (row.ref, None))
    return rows


def no_alias(instance: str, alias: str, has: Iterable[AliasRow]) -> RegistryError:
    """Say that an instance has no such alias, and which one it has that may be meant."""
    hint = did_you_mean(alias, [row.alias for row in has])
    return RegistryError(f"instance {instance!r} has no alias {alias!r}{hint}")


def version_before(connection: Connection, instance: str, alias: str) -> ModelRef:
    """Return what an alias meant before it last moved; RegistryError if it has meant nothing else, or it is gone."""
    before = before_last_move(connection, instance, alias)
    if before is None:
        raise RegistryError(f"{instance}/{alias} has not meant two versions; there is nothing to go back to")
    return version_of(connection, *before).ref


def record_event(connection: Connection, event: Event, occasion: Occasion, *, once: bool) -> None:
    """Append a row of history that moves no alias; `once`: unless there is such a row of this very moment."""
    change = Change(
        *(0, occasion.time_ns, event.action, event.instance, event.alias, event.source, event.target),
        *(occasion.by, occasion.why, event.arm, event.answers),
    )
    if not (once and is_on_record(connection, change)):
        record_change(connection, change)


def sweep_bundles(connection: Connection, bundles: Path) -> list[str]:
    """Remove what killed processes left, and bundles of removed versions; return the names of what was there."""
    left = sweep(bundles)
    for row in all_models(connection, removed=True):
        folder = bundles / row.ref.digest
        if folder.exists():
            drop_bundle(folder)
            left.append(folder.name)
        place(folder).unlink(missing_ok=True)
    return left + sweep_signatures(bundles)


def _record(
    connection: Connection,
    action: Action,
    occasion: Occasion,
    alias: tuple[str | None, str | None] = (None, None),
    ends: tuple[ModelRef | None, ModelRef | None] = (None, None),
) -> None:
    source, target = (end.key if end else None for end in ends)
    change = Change(0, occasion.time_ns, action, *alias, source, target, occasion.by, occasion.why)
    record_change(connection, change)
