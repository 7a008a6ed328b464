"""A seat without a child: nothing is started, asked or awaited."""

from __future__ import annotations

from services.inference_worker.executor.seat import Seat
from services.inference_worker.executor.vacancy import Vacancy
from services.inference_worker.roster.post import NOBODY, Post
from tests.services.inference_worker.scene import make_factors


def public(of: type) -> set[str]:
    """What a class itself lets others use."""
    return {name for name in vars(of) if not name.startswith("_")}


def test_whatever_a_seat_does_an_empty_one_does_in_its_own_way() -> None:
    """Nothing of it falls back on a seat with children."""
    assert public(Vacancy) == public(Seat)


def test_nobody_is_there() -> None:
    """Whatever is asked of it."""
    seat = Vacancy()
    seat.keep_spare(spare=True)
    seat.submit(make_factors(1), 1)
    assert (seat.pid, seat.pids, seat.starts, seat.replace()) == (0, (), 0, 0)
    assert (seat.is_ready, seat.handles(), seat.wake_ns(), seat.receive()) == (False, [], None, [])
    seat.close()


def test_a_vacant_post_names_nobody() -> None:
    """Where nothing was wanted: a version that no model ever has."""
    post = Post.vacant(None, "there is no alias")
    assert (post.is_vacant, post.model, post.plan, post.model.version) == (True, NOBODY, "", 0)
