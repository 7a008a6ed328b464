"""A factor set compiled: the graph, its digest, what it needs of bars, and the program the engine runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from common.errors import FactorError
from common.factors.definition import Operator
from common.factors.expression import Expression
from common.factors.graph import build_graph
from common.factors.operators import with_own
from common.factors.parser import parse
from common.factors.program import Program
from common.factors.schedule import schedule
from common.factors.sets import FactorSet

_ARITHMETIC = "alphabus factors 1"
"""Raised when the engine gives other bits for the same graph and operator versions."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What an engine runs; equal digests mean equal names, graphs and operator versions.

    columns: bar columns needed; warm_bars: own bars a symbol needs to be warm; look_back: own bars before the current
    one that any value depends on, None when `recursive`. max_gap: a symbol without a bar for more sections than this
    starts anew when it is back; by_session: every symbol starts anew with each session.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    digest: bytes
    warm_bars: int
    recursive: bool
    look_back: int | None
    program: Program
    max_gap: int | None = None
    by_session: bool = False


def compile_set(
    factor_set: FactorSet, *, max_gap: int | None = None, reset: str | None = None, operators: Sequence[Operator] = ()
) -> Plan:
    """Compile a set; raises FactorError or ExpressionError naming the factor and the position.

    max_gap, in sections, and reset, "session" or none: when a symbol starts anew; both are part of the digest.
    operators: a user's own, beside those of the table.
    """
    names = [name for name, _ in factor_set.factors]
    if not names:
        raise FactorError(f"factor set {factor_set.name!r} holds no factor")
    for name in names:
        if names.count(name) > 1:
            raise FactorError(f"factor set {factor_set.name!r} holds factor {name!r} twice")
    known = with_own(operators)
    parse(factor_set.label, name="label", future=True, operators=known)
    _check_resets(factor_set.name, max_gap, reset)
    plan = compile_expressions(names, [parse(text, name=name, operators=known) for name, text in factor_set.factors])
    if max_gap is None and reset is None:
        return plan
    digest = sha256(plan.digest + f"\nmax_gap {max_gap} reset {reset}".encode()).digest()
    return replace(plan, digest=digest, max_gap=max_gap, by_session=reset is not None)


def _check_resets(name: str, max_gap: int | None, reset: str | None) -> None:
    if max_gap is not None and (type(max_gap) is not int or max_gap < 1):
        raise FactorError(f"factor set {name!r}: max_gap is a number of sections, at least 1, not {max_gap!r}")
    if reset not in {None, "session"}:
        raise FactorError(f'factor set {name!r}: reset is "session" or left out, not {reset!r}')


def compile_expressions(names: Sequence[str], expressions: Sequence[Expression]) -> Plan:
    """Compile expressions under the given names; those that look ahead are for labels alone."""
    graph = build_graph(expressions)
    depths = [each.look_back for each in expressions]
    digest = sha256(_ARITHMETIC.encode())
    for name, each in zip(names, expressions, strict=True):
        digest.update(f"\n{name} {each.fingerprint}".encode())
    return Plan(
        names=tuple(names),
        columns=_bar_columns(graph.columns),
        digest=digest.digest(),
        warm_bars=max(each.warm_bars for each in expressions),
        recursive=None in depths,
        look_back=None if None in depths else max(depth for depth in depths if depth is not None),
        program=schedule(graph),
    )


def _bar_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Name what must be in a bar: vwap is made of turnover and volume."""
    needed = [part for each in columns for part in (("turnover", "volume") if each == "vwap" else (each,))]
    return tuple(dict.fromkeys(needed))
