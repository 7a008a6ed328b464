"""Models, their history and what they lean on, as tables and as plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from common.amounts import amount
from common.models.importance import Importance
from common.models.manifest import Manifest, Span
from common.models.records import Change, ModelRef, ModelRow, Serving
from common.research.rows import bars_ahead


def row_of(row: ModelRow) -> dict[str, Any]:
    """A version on record."""
    return {**asdict(row.ref), "kind": row.kind, "created": when(row.created_ns), "author": row.author}


def change_of(change: Change) -> dict[str, Any]:
    """A row of history; versions as NAME/VERSION."""
    return {
        "number": change.number,
        "time": when(change.time_ns),
        "action": change.action,
        "instance": change.instance,
        "alias": change.alias,
        "arm": change.arm,
        "from": _named(change.source),
        "to": _named(change.target),
        "by": change.by,
        "why": change.why,
    }


def serving_of(serving: Serving) -> dict[str, Any]:
    """Who served from a bar on."""
    return {**asdict(serving), "journal": serving.journal.hex()}


def when(time_ns: int) -> str:
    """A moment to the second, in UTC."""
    return f"{datetime.fromtimestamp(time_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%SZ}"


def list_table(rows: Iterable[ModelRow], marks: Mapping[ModelRef, list[str]]) -> Table:
    """Versions with the aliases that mean them."""
    table = Table("model", "kind", "created", "author", "digest", "aliases")
    for row in rows:
        aliases = ", ".join(marks[row.ref])
        table.add_row(str(row.ref), row.kind, when(row.created_ns), row.author, row.ref.digest[:12], aliases)
    return table


def model_table(row: ModelRow, manifest: Manifest) -> Table:
    """What a version was made of and how good it was."""
    factors = manifest.factor_set
    table = Table(show_header=False, title=str(row.ref), title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    facts = {
        "digest": row.ref.digest,
        "kind": row.kind,
        "created": f"{when(row.created_ns)} by {row.author}",
        "factor set": f"{factors.name} ({amount(len(manifest.features), 'factor')}, plan {factors.plan[:8]})",
        "label": f"{manifest.label.text} ({bars_ahead(manifest.label.horizon_bars)}, {manifest.label.processing})",
        "processors": ", ".join(str(each["name"]) for each in manifest.processors) or "none",
        **{name: _span(span) for name, span in manifest.spans.items()},
        "bars": f"{manifest.data.rows:,} of {amount(manifest.data.symbols, 'symbol')}",
        **{_score(name): f"{value:,.5g}" for name, value in sorted(manifest.scores.items())},
        "parameters": ", ".join(f"{key}={value}" for key, value in sorted(manifest.training.parameters.items())),
        "made with": ", ".join(f"{library} {version}" for library, version in sorted(manifest.libraries.items())),
    }
    for key, value in facts.items():
        table.add_row(key, value)
    return table


def history_table(changes: Iterable[Change]) -> Table:
    """Changes, one a row."""
    table = Table("time", "action", "alias or arm", "from", "to", "by", "why")
    for row in map(change_of, changes):
        alias = "/".join(filter(None, (row["instance"], row["alias"] or row["arm"])))
        table.add_row(row["time"], row["action"], alias, row["from"] or "", row["to"] or "", row["by"], row["why"])
    return table


def importance_table(title: str, importance: Importance, by: str | None, most: int) -> Table:
    """The most important features."""
    table = Table(title=title, title_justify="left")
    table.add_column("feature")
    for measure in importance.measures:
        table.add_column(measure.replace("_", " "), justify="right")
    for feature, numbers in list(importance.table(by))[:most]:
        table.add_row(feature, *(f"{number:,.5g}" for number in numbers.values()))
    return table


def verdict_table(verdicts: Iterable[Mapping[str, Any]]) -> Table:
    """Which versions are what they were."""
    table = Table("model", "digest", "verdict")
    for each in verdicts:
        name = f"{each['name']}/{each['version']}"
        table.add_row(
            name,
            each["digest"][:12],
            "[green]good[/green]" if each["good"] else f"[red]{escape(each['trouble'])}[/red]",
        )
    return table


def _score(name: str) -> str:
    """What a manifest holds is the plain t; the one that allows for overlap needs every section."""
    return f"{name} (plain)" if name.endswith("_t") else name


def _named(key: tuple[str, int] | None) -> str | None:
    return None if key is None else f"{key[0]}/{key[1]}"


def _span(span: Span) -> str:
    return f"{when(span.first)} .. {when(span.last)}, {amount(span.sections, 'section')}"
