"""Which run of scratch memory a value without a place of its own has, from its first write to its last read."""

from collections.abc import Callable, Sequence

from common.factors.drafts import Draft


def share(
    drafts: Sequence[Draft], columns: set[int], sharing: Callable[[int], bool], slot: Sequence[int], slots: int
) -> tuple[list[int], int]:
    """Return every operand's run, those given kept, and how many runs there are.

    columns: operands that are there before the first call; sharing: whose run may serve others after them.
    """
    slot = list(slot)
    last = {each: time for time, draft in enumerate(drafts) for each in draft.reads | draft.writes}
    free: list[int] = []
    for time, writes in enumerate([columns, *(draft.writes for draft in drafts)]):
        for each in sorted(filter(sharing, writes)):
            if not free:
                free.append(slots)
                slots += 1
            slot[each] = free.pop()
        # A run is free again only after the step that read it: kernels may not write over what they read.
        ended = [each for each, end in last.items() if end == time - 1 and slot[each] >= 0 and sharing(each)]
        free.extend(sorted(slot[each] for each in ended))
    return slot, slots
