"""Exit statuses: which errors people are to mend, which a supervisor tries again, which wait for space."""

from __future__ import annotations

import errno

import pytest

from alphabus.errors import AlphabusError
from common.errors import NoRoomError, PipelineError, RegistryBusyError, RegistryError
from common.exits import FAILED, HOPELESS, NO_ROOM, WRONG_USAGE, status_of

TRIED_AGAIN = (AlphabusError, PipelineError, RegistryError, RegistryBusyError)


@pytest.mark.parametrize("kind", HOPELESS)
def test_what_people_are_to_mend_is_not_tried_again(kind: type[AlphabusError]) -> None:
    """Whether a full disk would be waited for or not."""
    assert {status_of(kind("wrong"), waits=waits) for waits in (True, False)} == {WRONG_USAGE}


@pytest.mark.parametrize("kind", TRIED_AGAIN)
def test_what_may_be_otherwise_in_a_moment_is_tried_again(kind: type[AlphabusError]) -> None:
    """Such as a registry that another process writes to."""
    assert status_of(kind("now"), waits=True) == FAILED


@pytest.mark.parametrize(("waits", "status"), [(True, NO_ROOM), (False, FAILED)])
@pytest.mark.parametrize("error", [NoRoomError("full"), OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "full")])
def test_a_full_disk_is_waited_for_where_it_is_to_be(error: Exception, status: int, *, waits: bool) -> None:
    """As `feed.on_full` says; also where another error came of it, even one that would be hopeless."""
    assert status_of(error, waits=waits) == status
    for kind in (PipelineError, *HOPELESS):
        wrapped = kind("it cannot be written")
        wrapped.__cause__ = error
        assert status_of(wrapped, waits=waits) == status
