"""What a writer does before it may append."""

from collections.abc import Callable
from dataclasses import replace

from common.market.journal_index import Index
from common.market.journal_mark import MarkFile, State
from common.market.journal_recovery import End, recover, rewrite
from common.market.journal_sync import Sync
from common.market.journal_truncation import finish


def begin(marks: MarkFile, make_id: Callable[[], bytes], index: Index, policy: Sync) -> End:
    """Finish, recover, make durable what is found, and mark the journal as open, in this order."""
    mark = marks.read()
    if mark is not None and mark.state is State.TRUNCATING:
        finish(marks, mark.after_bar or 0, make_id)
        mark = marks.read()
    end = recover(marks.path.parent, mark, marks.witness, make_id, index)
    if policy is not Sync.NEVER and not end.synced:
        rewrite(end.segments[-1].path)
        end = replace(end, synced=True)
    marks.write(State.OPEN, end.id, end.chain, exposed=policy.exposes, synced=end.synced)
    return end
