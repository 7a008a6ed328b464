"""From graph to program: which value lies where, and in which order the kernels run.

Factors have a scratch run of their own, from which they are handed out; what is neither remembered, kept in a tile nor
handed out shares scratch runs with others.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from common.factors.definition import Kind
from common.factors.drafts import Draft, Drafts
from common.factors.expression import Call, Column
from common.factors.graph import Graph, Node, call_of, is_delay
from common.factors.kernels.build import Integers
from common.factors.program import Program, Stage, Step
from common.factors.reach import Reach, is_element
from common.factors.scratch import share


def schedule(graph: Graph) -> Program:
    """Place every value and order the kernels."""
    reach = Reach.of(graph)
    factor, copies = _place_factors(reach)
    drafts = Drafts(reach)
    _order(drafts, set(factor))
    drafts.copy(copies)
    _check_order(drafts)
    return _program(drafts, factor)


def _check_order(drafts: Drafts) -> None:
    """Nothing is read that no call before has written: else it would be computed of another section's numbers."""
    nodes = drafts.reach.graph.nodes
    there = {node.index for node in nodes if isinstance(node.expression, Column)}
    for call in drafts.calls:
        if early := call.reads - there:
            texts = ", ".join(str(nodes[each].expression) for each in sorted(early))
            raise AssertionError(f"{call.kernel.name} reads {texts} before it is computed")
        there |= call.writes


def _place_factors(reach: Reach) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Give each factor its operand; return its number by operand, and (operand, node) of those to be copied there."""
    factor: dict[int, int] = {}
    copies = []
    for number, node in enumerate(reach.graph.outputs):
        made = node in reach.remade  # its run is a long one, and holds more than what is handed out
        own = reach.root[node] == node and reach.depth[node] == 0 and node not in factor and not made
        if own and not isinstance(reach.graph.nodes[node].expression, Column):
            factor[node] = number
        else:
            operand = reach.add()
            factor[operand] = number
            copies.append((operand, node))
    return factor, copies


def _order(drafts: Drafts, handed_out: set[int]) -> None:
    """Take whatever is ready shard by shard before what needs whole sections; element operators run together."""
    reach, nodes = drafts.reach, drafts.reach.graph.nodes
    wanted = reach.wanted()
    done = {node.index for node in nodes if not isinstance(node.expression, Call)}
    waiting = [node for node in nodes if node.index in wanted - done and not is_delay(node)]
    while waiting:
        ready = [node for node in waiting if not is_element(node) and _is_ready(reach, node, done)]
        alone = [node for node in ready if call_of(node).kind is not Kind.CROSS_SECTION]
        drafts.call_kernels(alone)
        done.update(node.index for node in alone)
        run = _element_run(reach, waiting, done)
        if run:
            drafts.call_elements(run, handed_out)
        if not alone and not any(node.index in done for node in waiting):
            drafts.call_kernels(ready)
            done.update(node.index for node in ready)
        waiting = [node for node in waiting if node.index not in done]


def _element_run(reach: Reach, waiting: Sequence[Node], done: set[int]) -> list[Node]:
    """Return the element operators that can run now, one after the other; all that are ready are then done."""
    run: list[Node] = []
    inside: set[int] = set()
    for node in waiting:
        if is_element(node) and _is_ready(reach, node, done) and not _is_made_of(reach, node, inside):
            if node.index not in reach.remade:
                run.append(node)
                inside.add(node.index)
            done.add(node.index)
    return run


def _is_made_of(reach: Reach, node: Node, inside: set[int]) -> bool:
    """Whether a history it reads is made anew of what the run computes: such histories are made before the run."""
    histories = {reach.root[each] for each in node.inputs} & reach.remade.keys()
    made_of = (reach.made_of(reach.graph.nodes[each]) for each in histories)
    return node.index not in reach.remade and not inside.isdisjoint(
        reach.root[leaf] for each in made_of for leaf in each
    )


def _is_ready(reach: Reach, node: Node, done: set[int]) -> bool:
    return all(reach.root[each] in done for each in reach.made_of(node))


def _program(drafts: Drafts, factor: dict[int, int]) -> Program:
    reach, operands = drafts.reach, range(len(drafts.reach.root))
    columns = {node.index: node.expression for node in reach.graph.nodes if isinstance(node.expression, Column)}

    def is_short(operand: int) -> bool:
        return reach.depth[operand] == 0 and operand not in factor and operand not in reach.remade

    own = [factor.get(each, -1) for each in operands]
    short, slots = share(drafts.calls, set(columns), is_short, own, len(factor))
    long, long_slots = share(drafts.calls, set(columns), reach.remade.__contains__, [-1] * len(own), 0)
    return Program(
        columns=tuple((expression.name, operand) for operand, expression in columns.items()),
        factors=_integers(sorted(factor, key=factor.__getitem__)),
        stages=_stages(drafts.calls),
        depth=_integers(reach.depth),
        fixed=_integers(drafts.states.get(each, 0) for each in operands),
        slot=_integers(max(pair) for pair in zip(short, long, strict=True)),
        remade=_integers(reach.remade.get(each, 0) for each in operands),
        root=_integers(reach.root),
        shift=_integers(reach.shift),
        slots=slots,
        long_slots=long_slots,
        work_tiles=drafts.tiles,
    )


def _integers(values: Iterable[int]) -> Integers:
    return np.array(list(values), dtype=np.int64)


def _stages(drafts: Sequence[Draft]) -> tuple[Stage, ...]:
    """Cut the steps after each run of those over whole sections."""
    stages: list[tuple[list[Step], list[Step]]] = [([], [])]
    for draft in drafts:
        if stages[-1][1] and not draft.together:
            stages.append(([], []))
        stages[-1][draft.together].append(draft.step())
    return tuple(Stage(tuple(alone), tuple(together)) for alone, together in stages)
