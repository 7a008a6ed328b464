"""From a section's deadline to its fallback, with the factor engine stopped so that every section is held."""

from alphabus.messages import Reason, Status
from common.amounts import amount
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.stage import Act, Stage
from scripts.processes.pidfd import stopped

GOAL_MS = 10.0


def measure_fallback(stage: Stage, sections: int, step: Step) -> list[Row]:
    """Hold so many sections; how long after its deadline each was sent."""
    with stage.run("fallback") as act, stopped(act.pid("factor_engine")):
        spread = Spread.of(_overshoots(act, sections, step))
    what = f"deadline to fallback, {amount(spread.count, 'section')}"
    return [
        Row.of(f"{what}, p50", spread.p50, "ms"),
        Row.of(f"{what}, p99", spread.p99, "ms", goal=GOAL_MS),
        Row.of(f"{what}, max", spread.longest, "ms"),
    ]


def _overshoots(act: Act, sections: int, step: Step) -> list[int]:
    """Signal's stamp less the announcement's stamp, its `due_in_ns`, and the deadline; in ns."""
    found: list[int] = []
    for sent, signals in act.listener.signals():
        due_ns = act.listener.due_ns.get(signals.bar)
        # A partial section does not wait for its deadline.
        if due_ns is None or signals.status is not Status.HELD or signals.reason is Reason.COVERAGE:
            continue
        found.append(sent - due_ns - act.config.deadline_ns)
        step()
        if len(found) == sections:
            break
    return found
