"""Taking off the end of a journal on request: what follows a bar goes beside, and the numbering gets a new id.

The mark says first what is to be done; whoever opens the journal next finishes what a crash interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from common.atomic import sync_folder
from common.errors import JournalError, NoRoomError
from common.market.journal_index import Place
from common.market.journal_mark import Mark, MarkFile, State, Witness
from common.market.journal_records import GENESIS, HEADER_BYTES, Found, Header
from common.market.journal_recovery import follow, save_rest, shorten
from common.market.journal_segments import Segment, existing_segments, list_segments, peek_header
from common.market.journal_survey import Progress, silent
from common.market.journal_walk import Walk
from common.room import is_full

_NONE = 2**64
"""A bar that no record is beyond: then only damage goes."""


@dataclass(frozen=True, slots=True)
class Truncated:
    """What remains (`last_bar`, under `id`), what went (bytes), and why more went than was asked, if it did.

    `changed` False: nothing had to go, and the id is what it was.
    """

    id: bytes
    last_bar: int | None
    bytes: int
    damage: str | None
    changed: bool = True


@dataclass(slots=True)
class _Search:
    """Walks to the first record after a bar, or to the first that is bad."""

    after_bar: int
    walk: Walk
    beyond: Place | None = None
    last_bar: int | None = None

    def seen(self, place: Place, found: Found) -> None:
        """Note the first record that is to go, and the last that stays."""
        if self.beyond is None and found.record.bar > self.after_bar:
            self.beyond = place
        elif self.beyond is None:
            self.last_bar = found.record.bar


@dataclass(frozen=True, slots=True)
class _Goal:
    """Segments from `first` on lose what is from `offset` on; the rest ends with `chain`."""

    first: int
    offset: int
    chain: bytes
    last_bar: int | None
    damage: str | None = None
    untouched: bytes | None = None
    """The id of a journal of which nothing has to go."""


def truncate(
    folder: Path,
    after_bar: int | None,
    *,
    make_id: Callable[[], bytes],
    look: Callable[[Path], Witness],
    progress: Progress = silent,
    sound: bool = False,
) -> Truncated:
    """Take off every record after a bar, and what is damaged; None: only from the first damage on.

    Where nothing has to go nothing changes. Raises JournalError that says how far it came, also where sound bars would
    go unless `sound`; NoRoomError on a full disk, LockError while the journal is written.
    """
    with _telling(folder, "nothing was taken off"):
        segments = existing_segments(folder)
        marks = MarkFile(folder, look)
    try:
        with _telling(folder, "nothing was taken off"):
            begun = _begun(marks.read())
            if after_bar is None:
                after_bar = _NONE if begun is None else begun
            guarded = not sound and begun is None  # up to the first damage: what is refused is all that is before it
            goal = _find(segments, _NONE if guarded else after_bar, progress)
            if guarded:
                _refuse_sound(folder, after_bar, goal)
            if goal.untouched is not None and begun is None:
                return Truncated(goal.untouched, goal.last_bar, 0, None, changed=False)
            after_bar = (goal.last_bar or 0) if after_bar == _NONE else after_bar
            marks.write(State.TRUNCATING, bytes(16), goal.chain, after_bar=after_bar)
        with _telling(folder, "it is half done, and the same call again finishes it, as does the next start"):
            return finish(marks, after_bar, make_id)
    finally:
        marks.close()


def finish(marks: MarkFile, after_bar: int, make_id: Callable[[], bytes]) -> Truncated:
    """Do what the mark says, from wherever it was left: last segments first, so that every state between is whole."""
    folder = marks.path.parent
    segments = list_segments(folder)
    goal = _find(segments, after_bar, silent)
    taken = sum(_put_aside(segment) for segment in reversed(segments[goal.first + 1 :]))
    if goal.first < len(segments):
        taken += _put_rest_aside(segments[goal.first], goal.offset)
    identity = make_id()
    follow(folder, list_segments(folder), goal.last_bar, Header(identity, goal.chain))
    marks.write(State.CLOSED, identity, goal.chain)
    return Truncated(identity, goal.last_bar, taken, goal.damage)


def _begun(mark: Mark | None) -> int | None:
    """After which bar an interrupted truncation was to cut; None where there was none."""
    return mark.after_bar if mark is not None and mark.state is State.TRUNCATING else None


def _refuse_sound(folder: Path, after_bar: int, damage: _Goal) -> None:
    """Raise JournalError where bars before any damage would go: who mistypes one loses what is good."""
    if damage.last_bar is None or damage.last_bar <= after_bar:
        return
    others = "" if damage.damage is None else ", or --at-damage to take off only what follows them"
    raise JournalError(
        f"the journal in {folder} is sound up to bar {damage.last_bar}: bars {after_bar + 1} to {damage.last_bar} "
        f"would go, though nothing is wrong with them; nothing was taken off. Say --sound to give them up{others}"
    )


def _find(segments: list[Segment], after_bar: int, progress: Progress) -> _Goal:
    for segment in segments:
        peek_header(segment)  # what a newer version wrote is refused, not taken for damage
    search, at = _Search(after_bar, Walk()), 0
    most, done = sum(segment.path.stat().st_size for segment in segments), 0
    try:
        for at, stop in enumerate(search.walk.through(segments, search.seen)):
            progress(done := done + len(stop.data), most)
            if search.beyond is not None:
                return _Goal(at, search.beyond.offset, search.beyond.chain, search.last_bar)
            if stop.bad is not None:
                damage = f"{stop.segment.path} is bad from byte {stop.bad} on"
                return _Goal(at, stop.bad, search.walk.chain or GENESIS, search.last_bar, damage)
    except JournalError as error:
        return _Goal(at + 1, 0, search.walk.chain or GENESIS, search.last_bar, str(error))
    return _Goal(len(segments), 0, search.walk.chain or GENESIS, search.last_bar, untouched=search.walk.id)


@contextmanager
def _telling(folder: Path, so_far: str) -> Iterator[None]:
    """Within it what the system refuses is one of our errors, which says where, and how far it came."""
    try:
        yield
    except (OSError, JournalError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        kind, remedy = (NoRoomError, "make space") if is_full(cause) else (JournalError, "mend that")
        raise kind(f"truncating the journal in {folder} failed: {cause}; {remedy}: {so_far}") from error


def _put_rest_aside(segment: Segment, offset: int) -> int:
    if offset <= HEADER_BYTES:
        return _put_aside(segment)
    data = memoryview(segment.path.read_bytes())
    if offset < len(data):
        save_rest(segment, offset, data)
        shorten(segment, offset)
    return len(data) - offset


def _put_aside(segment: Segment) -> int:
    size, name = segment.path.stat().st_size, segment.path.name
    names = (segment.path.with_name(f"{name}.0{'.' if turn else ''}{turn or ''}.cut") for turn in count())
    segment.path.replace(next(path for path in names if not path.exists()))
    sync_folder(segment.path.parent)
    return size
