"""The tables of the pages say what the code says: whoever changes one is told of the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.docs import (
    deadline_facts,
    factor_facts,
    journal_facts,
    migration_facts,
    process_facts,
    replay_facts,
    security_facts,
    wire_facts,
)
from tests.docs.pages import pages

Rows = list[list[str]]
Check = Callable[[Rows], tuple[object, object]]

CHECKS: Mapping[str, Check] = {
    "limits": wire_facts.limits,
    "topics": wire_facts.topics,
    "kinds": wire_facts.kinds,
    "columns": wire_facts.section_columns,
    "keys": wire_facts.keys,
    "statuses": wire_facts.statuses,
    "reasons": wire_facts.reasons,
    "flags": wire_facts.flags,
    "refusals": wire_facts.refusals,
    "verbs": process_facts.verbs,
    "roles": security_facts.roles,
    "doors": security_facts.doors,
    "variables": replay_facts.variables,
    "factor-checks": factor_facts.checks,
    "differences": factor_facts.differences,
    "factor-sets": replay_facts.factor_sets,
    "row-reasons": replay_facts.row_reasons,
    "file-columns": replay_facts.file_columns,
    "signal-columns": replay_facts.signal_columns,
    "summary-keys": replay_facts.summary_keys,
    "manifest": replay_facts.manifest,
    "out": process_facts.results,
    "processes": process_facts.processes,
    "acknowledgements": process_facts.who_acknowledges,
    "deaths": process_facts.deaths,
    "script-verbs": process_facts.script_verbs,
    "configuration": process_facts.configuration,
    "environment": process_facts.environment,
    "section": process_facts.section,
    "client": process_facts.client_members,
    "links": process_facts.links,
    "losses": process_facts.losses,
    "sync-policies": journal_facts.policies,
    "journal-bytes": journal_facts.sizes,
    "journal-doubts": journal_facts.doubts,
    "errors": process_facts.client_errors,
    "testing": process_facts.testing_names,
    "events": process_facts.events,
    "folders": process_facts.folders,
    "exits": process_facts.exits,
    "commands": process_facts.commands,
    "troubleshooting": process_facts.troubleshooting,
    "swap-refusals": process_facts.troubleshooting,
    "tree": process_facts.folders_of_code,
    "additions": process_facts.additions,
    "causes": deadline_facts.causes,
    "fallbacks": deadline_facts.fallbacks,
    "limits-of-holding": deadline_facts.limits,
    "told": deadline_facts.told,
    "migration-reasons": migration_facts.reasons,
}

TABLES = {name: rows for page in pages() for name, rows in page.tables.items()}


def test_every_marked_table_is_compared() -> None:
    """A mark without a check would promise what nobody keeps."""
    assert set(TABLES) == set(CHECKS)


def test_no_table_is_marked_twice() -> None:
    """One name, one table."""
    assert len(TABLES) == sum(len(page.tables) for page in pages())


@pytest.mark.parametrize("name", CHECKS)
def test_a_table_says_what_the_code_says(name: str) -> None:
    """Row by row, where the code has a list of its own."""
    said, true = CHECKS[name](TABLES[name])
    assert said == true


@pytest.mark.parametrize("name", CHECKS)
def test_a_table_has_whole_rows(name: str) -> None:
    """As many cells in each, none empty."""
    rows = TABLES[name]
    assert len({len(row) for row in rows}) == 1
    assert all(cell for row in rows for cell in row)
