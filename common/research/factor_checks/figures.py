"""What the checks found, in words and as plain values JSON has a word for."""

import math
from datetime import UTC, datetime
from typing import Any

from common.research.factor_checks.checking import Checked, Outcome
from common.research.factor_checks.comparison import Change, Difference, Tally
from common.research.factor_checks.subject import Facts


def outcome_figures(outcome: Outcome) -> dict[str, Any]:
    """Everything, factor by factor."""
    return {
        "passed": outcome.passed,
        "factors_passed": outcome.count("ok"),
        "factors_failed": outcome.count("fail"),
        "factors_untested": outcome.count("untested"),
        "symbols": list(outcome.window.block.symbols),
        "sections": len(outcome.window.stamp),
        "first": section_text(outcome, 0),
        "last": section_text(outcome, -1),
        "starts_anew": outcome.anew,
        "gaps_made": outcome.made,
        "factors": [_factor_figures(each, outcome) for each in outcome.factors],
    }


def facts_figures(facts: Facts) -> dict[str, Any]:
    """What a factor says of itself."""
    return {
        "name": facts.name,
        "text": facts.text,
        "look_back": facts.look_back,
        "warm_bars": facts.warm_bars,
        "crosses": facts.crosses,
    }


def told(tally: Tally, first: Difference, outcome: Outcome) -> str:
    """What differed, how often, and where first."""
    return (
        f"{tally.differing:,} of {tally.compared:,} values differ, first {first.symbol} at "
        f"{section_text(outcome, first.section)}: {first.expected!r} became {first.found!r} "
        f"({_change_text(first.change, outcome)})"
    )


def section_text(outcome: Outcome, section: int) -> str:
    """The stamp of a section of the window, as its source writes it."""
    stamp = int(outcome.window.stamp[section]) / 1e9
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00")


def _factor_figures(each: Checked, outcome: Outcome) -> dict[str, Any]:
    checks = {name: _tally_figures(tally, outcome) for name, tally in each.tallies.items()}
    return {**facts_figures(each.facts), "numbers": _number(each.known), "verdict": each.verdict, "checks": checks}


def _tally_figures(tally: Tally, outcome: Outcome) -> dict[str, Any]:
    first = None if tally.first is None else _difference_figures(tally.first, outcome)
    why = {"why": tally.why} if tally.verdict == "untested" else {}
    return {"verdict": tally.verdict, **why, "compared": tally.compared, "differing": tally.differing, "first": first}


def _difference_figures(first: Difference, outcome: Outcome) -> dict[str, Any]:
    return {
        "symbol": first.symbol,
        "at": section_text(outcome, first.section),
        "expected": _number(first.expected),
        "found": _number(first.found),
        "change": _change_text(first.change, outcome),
    }


def _change_text(change: Change, outcome: Outcome) -> str:
    return f"{change.what} {section_text(outcome, change.section)}"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
