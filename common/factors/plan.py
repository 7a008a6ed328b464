"""A factor set compiled: the graph, its digest, what it needs of bars, and the program the engine runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from common.errors import FactorError
from common.factors.depth import MAX_COMPILED, check_depth
from common.factors.expression import Expression
from common.factors.graph import build_graph
from common.factors.operators import with_own
from common.factors.own_kernels import try_out
from common.factors.parser import parse
from common.factors.program import Program
from common.factors.references import check_not_reserved
from common.factors.schedule import schedule
from common.factors.sets import FactorSet

_ARITHMETIC = "alphabus factors 2"
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


def compile_set(factor_set: FactorSet) -> Plan:
    """Compile a set; raises FactorError or ExpressionError naming the factor and the position.

    When a symbol starts anew is part of the digest, as are the user's own operators that are called.
    """
    names = [name for name, _ in factor_set.factors]
    if not names:
        raise FactorError(f"factor set {factor_set.name!r} holds no factor")
    for name in names:
        check_not_reserved(name)
        if names.count(name) > 1:
            raise FactorError(f"factor set {factor_set.name!r} holds factor {name!r} twice")
    known = with_own(factor_set.operators)
    parse(factor_set.label, name="label", future=True, operators=known)
    plan = compile_expressions(names, [parse(text, name=name, operators=known) for name, text in factor_set.factors])
    max_gap, reset = factor_set.max_gap, factor_set.reset
    if max_gap is None and reset is None:
        return plan
    digest = sha256(plan.digest + f"\nmax_gap {max_gap} reset {reset}".encode()).digest()
    return replace(plan, digest=digest, max_gap=max_gap, by_session=reset is not None)


def compile_expressions(names: Sequence[str], expressions: Sequence[Expression]) -> Plan:
    """Compile expressions under the given names; those that look ahead are for labels alone."""
    for name, each in zip(names, expressions, strict=True):
        check_depth(f"factor {name!r}", each, MAX_COMPILED)
    try_out(expressions)
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
