"""Factor sets, what was computed of them and what checks found, as tables and as plain values."""

import math
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from common.amounts import amount
from common.factors.plan import Plan
from common.factors.sets import FactorSet
from common.research.factor_checks.checking import Checked, Outcome
from common.research.factor_checks.comparison import Tally
from common.research.factor_checks.figures import section_text, told
from common.research.factor_checks.subject import Facts
from common.research.factor_checks.table import CHECKS
from common.research.factor_frame import Computed

COLOURS = {"ok": "green", "fail": "red", "untested": "yellow"}


def set_of(chosen: FactorSet, plan: Plan) -> dict[str, Any]:
    """A set as a whole."""
    return {
        "set": chosen.name,
        "plan": plan.digest.hex(),
        "label": chosen.label,
        "columns": list(plan.columns),
        "warm_bars": plan.warm_bars,
        "look_back": plan.look_back,
        "max_gap": plan.max_gap,
        "reset": chosen.reset,
        "operators": [each.name for each in chosen.operators],
    }


def option_lines(chosen: FactorSet) -> list[str]:
    """When symbols start anew, and operators of one's own, where the set says so."""
    lines = []
    if chosen.max_gap is not None:
        lines.append(f"a symbol starts anew after more than {amount(chosen.max_gap, 'section')} without a bar")
    if chosen.reset is not None:
        lines.append("every symbol starts anew with each session, which is the day of a stamp")
    if chosen.operators:
        lines.append(f"own operators: {', '.join(each.usage for each in chosen.operators)}")
    return lines


def computed_of(computed: Computed) -> dict[str, Any]:
    """What was written."""
    return {
        "rows": computed.rows,
        "sections": computed.sections,
        "sections_read": computed.read,
        "rejected": dict(computed.rejected),
    }


def computed_lines(computed: Computed, out: object) -> list[str]:
    """What was written, and what was refused."""
    counts = ((computed.rows, "row"), (len(computed.plan.names), "factor"), (computed.sections, "section"))
    lines = ["{}: {} of {} in {}".format(out, *(amount(*each) for each in counts))]
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in sorted(computed.rejected.items()))
    return lines + ([f"rows refused: {rejected}"] if rejected else [])


def set_table(chosen: FactorSet, facts: list[Facts]) -> Table:
    """What each factor says of itself."""
    table = _table(chosen)
    table.add_column("text", overflow="fold")
    for each in facts:
        table.add_row(each.name, _look_back(each), str(each.warm_bars), each.text)
    return table


def check_table(chosen: FactorSet, outcome: Outcome) -> Table:
    """A verdict a check, factor by factor; `numbers %`: share of numbers among warm values."""
    table = _table(chosen)
    table.add_column("numbers %", justify="right")
    for name in CHECKS:
        # Broken where it may be, so that the table fits a terminal of 80 columns.
        table.add_column(name.replace("-", "-\n").replace("member", "member-\n"), justify="right")
    for each in outcome.factors:
        verdicts = (_coloured(each.tallies[name]) for name in CHECKS)
        table.add_row(each.facts.name, _look_back(each.facts), str(each.facts.warm_bars), _share(each), *verdicts)
    return table


def check_lines(outcome: Outcome) -> list[str]:
    """Where what failed was seen first, and how much was tried."""
    seen = [
        f"[red]{each.facts.name}[/red] {name}: {told(tally, tally.first, outcome)}"
        for each in outcome.factors
        for name, tally in each.tallies.items()
        if tally.first is not None
    ]
    words = {"ok": "passed", "fail": "failed", "untested": "untested"}
    said = [f"{outcome.count(verdict)} {word}" for verdict, word in words.items()]
    symbols = len(outcome.window.block.symbols)
    said.append(f"on {amount(symbols, 'symbol')} from {section_text(outcome, 0)} to {section_text(outcome, -1)}")
    return [*seen, *_untested_lines(outcome), *_anew_lines(outcome), ", ".join(said)]


def _anew_lines(outcome: Outcome) -> list[str]:
    """Whether starting anew, where a set has it, was tried at all."""
    if outcome.anew is None:
        return []
    made = ", and in gaps that were made" if outcome.made else ""
    if not outcome.anew and not made:
        return ["[yellow]no symbol starts anew[/yellow] on these bars: that is untested; try more --sections"]
    return [f"symbols starting anew on these bars: {outcome.anew:,}{made}"]


def _untested_lines(outcome: Outcome) -> list[str]:
    """Which factors which checks could not try, and why."""
    return [
        f"[yellow]{each.facts.name}[/yellow] untested by {', '.join(names)}: {why}"
        for each in outcome.factors
        for why, names in each.untested.items()
    ]


def _table(chosen: FactorSet) -> Table:
    table = Table(
        title=f"{chosen.name}: {amount(len(chosen.factors), 'factor')}", title_justify="left", box=SIMPLE_HEAD
    )
    table.add_column("factor", no_wrap=True)
    table.add_column("back", justify="right")
    table.add_column("warm", justify="right")
    return table


def _look_back(facts: Facts) -> str:
    return "all" if facts.look_back is None else str(facts.look_back)


def _share(each: Checked) -> str:
    return "" if math.isnan(each.known) else f"{100 * each.known:.1f}"


def _coloured(tally: Tally) -> str:
    return f"[{COLOURS[tally.verdict]}]{tally.verdict}[/]"
