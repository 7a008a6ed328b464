"""Every configured arm at its station, with the model it starts with."""

from __future__ import annotations

from functools import partial

from common.config import MS, Config, Policy
from common.service import Context
from services.inference_worker.arms import Arm
from services.inference_worker.candidate import Trial
from services.inference_worker.crew import OpenSeat
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.seat import Seat
from services.inference_worker.executor.vacancy import Vacancy
from services.inference_worker.roster.post import Post
from services.inference_worker.roster.roster import Roster
from services.inference_worker.rules import SECOND_NS, Rules
from services.inference_worker.station import Station
from services.inference_worker.succession import Setting

LEAST_PATIENCE_NS = 1000 * MS
WAIT_BARS = 3
"""For so many sections a candidate may wait for its factors, however long they take."""


def line_up(context: Context, roster: Roster, open_seat: OpenSeat, dying: Dying) -> dict[str, Station]:
    """Read the aliases and start the children; ModelError when no arm has anything to serve."""
    config = context.config

    def seat(post: Post) -> Seat:
        return Vacancy() if post.is_vacant else open_seat(post, context, dying)

    stations = {}
    for name, post in roster.posts().items():
        capital = config.arms[name].capital
        before = partial(roster.served_before, name)
        setting = Setting(capital, config.inference.spare, _trial(config), seat, before)
        stations[name] = Station(name, Arm(post.duty(name, capital), Rules.of(config, name)), post, setting)
    return stations


def _trial(config: Config) -> Trial:
    """A rehearsal may take as long as a section; a busy machine must not refuse a good model."""
    inference = config.inference
    own = config.late_until_ns if inference.policy is Policy.DEADLINE else inference.hang_after_ms * MS
    patience_ns, wait_ns = max(own, LEAST_PATIENCE_NS), round(inference.candidate_wait_s * SECOND_NS)
    return Trial(inference.min_features, patience_ns, wait_ns, WAIT_BARS)
