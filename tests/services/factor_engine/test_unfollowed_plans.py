"""Plans that are wanted and that the worker does not follow: their states go on, and nothing piles up for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.config import Config
from common.factors.sets import FactorSet
from common.models.registry import Registry
from tests.services.factor_engine.stage import LABEL, Stage, config_of, playing, promote, topic_of
from tests.services.markets import TOY_SET, toy_market

OTHER = FactorSet("other", (("sum_5", "ts_sum(volume, 5)"),), LABEL)
TOY, OTHERS = topic_of(TOY_SET), topic_of(OTHER)
NAMES = {topic.split("/")[2] for topic in (TOY, OTHERS)}


def stage_of(config: Config) -> Stage:
    """A market of many live sections."""
    return Stage(config, toy_market(1, history=4, live=60))


def before_and_now(folder: Path) -> Config:
    """The alias meant a model of the other plan; it means one of the configured plan."""
    config = config_of(folder, pace_s=1.0, snapshot_sections=2)
    promote(config, OTHER)
    promote(config, TOY_SET)
    return config


def test_a_plan_of_before_is_written_as_the_one_of_now(tmp_path: Path) -> None:
    """A worker that started after the promotion follows one plan; a restart begins where both are."""
    with playing(stage_of(before_and_now(tmp_path))) as stage:
        stage.follow(TOY)
        stage.run(lambda: stage.engine.bar >= 30)
        assert stage.positions().keys() == NAMES
        assert min(stage.positions().values()) >= 26
        stage.restart()
        assert stage.engine.bar >= 26


def test_a_plan_that_is_followed_no_more_is_written_still(tmp_path: Path) -> None:
    """It was acknowledged up to some bar, and is not any more: the worker's word on the other plan is its word."""
    with playing(stage_of(before_and_now(tmp_path))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 10)
        stage.unfollow(OTHERS)
        stage.run(lambda: stage.engine.bar >= 30)
        assert min(stage.positions().values()) >= 26


def test_a_record_cut_as_configured_leaves_every_plan_warm(tmp_path: Path) -> None:
    """What the feed keeps reaches back to every snapshot: nothing is refused, and nothing is made anew."""
    with playing(stage_of(before_and_now(tmp_path))) as stage:
        stage.follow(TOY)
        stage.run(lambda: stage.engine.bar >= 40)
        stage.prune(keep=8)
        stage.restart()
        stage.run(lambda: stage.engine.bar >= 46)
        assert not {"snapshot_refused", "history_cut"} & set(stage.events)
        assert min(int(each.columns["warm"].sum()) for each in stage.said[TOY][-3:]) > 0


def test_nothing_is_written_before_the_worker_is_done(tmp_path: Path) -> None:
    """It stands still: neither plan's state goes on, and neither plan's sections are forgotten."""
    with playing(stage_of(before_and_now(tmp_path))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 10)
        stage.run(lambda: stage.engine.bar >= 20, consumer=False)
        done = stage.said[TOY][-1].bar
        assert max(stage.positions().values()) <= done
        assert [stage.remembered(topic) for topic in (TOY, OTHERS)] == [stage.engine.bar - done] * 2


@pytest.mark.parametrize("followed", [TOY, OTHERS])
def test_a_plan_that_is_followed_late_comes_from_what_the_worker_is_done_with(followed: str, tmp_path: Path) -> None:
    """Whoever begins to follow a plan finds every section after the one it acknowledged of another."""
    (late,) = {TOY, OTHERS} - {followed}
    with playing(stage_of(before_and_now(tmp_path))) as stage:
        stage.follow(followed)
        stage.run(lambda: stage.engine.bar >= 10)
        stage.run(lambda: stage.engine.bar >= 20, consumer=False)
        done = stage.said[followed][-1].bar
        stage.follow(late)
        stage.run(lambda: stage.engine.bar >= 30)
        said = [each.bar for each in stage.said[late]]
        assert said == list(range(done + 1, said[-1] + 1))


@pytest.mark.parametrize("wanted", [[TOY_SET, OTHER], [OTHER]], ids=["before", "alone"])
def test_nothing_piles_up_of_a_plan_nobody_follows(wanted: list[FactorSet], tmp_path: Path) -> None:
    """Neither of one that a model needed before, nor of the configured one that no model is of."""
    config = config_of(tmp_path, pace_s=1.0, snapshot_sections=2)
    for each in wanted:
        promote(config, each)
    with playing(stage_of(config)) as stage:
        stage.follow(OTHERS)
        stage.run(lambda: stage.engine.bar >= 30)
        assert max(stage.remembered(topic) for topic in (TOY, OTHERS)) <= 4


def test_nothing_piles_up_where_nobody_is(tmp_path: Path) -> None:
    """No model, no worker: nobody asks."""
    config = config_of(tmp_path, pace_s=1.0, snapshot_sections=2)
    Registry(config.registry, clock=lambda: 0).close()
    with playing(stage_of(config)) as stage:
        stage.run(lambda: stage.engine.bar >= 30)
        assert stage.remembered(TOY) == 0


@pytest.mark.parametrize("away", [".", "bundles"])
def test_what_may_be_wanted_is_not_forgotten(away: str, tmp_path: Path) -> None:
    """The model that needs the configured plan is out of sight for now: its worker finds all it is not done with."""
    config = config_of(tmp_path, pace_s=1.0, snapshot_sections=2)
    promote(config, TOY_SET)
    with playing(stage_of(config)) as stage:
        stage.follow(TOY)
        stage.run(lambda: stage.engine.bar >= 10)
        (config.registry / away).resolve().rename(tmp_path / "away")
        stage.restart()
        stage.run(lambda: stage.engine.bar >= 20, consumer=False)
        assert stage.remembered(TOY) >= stage.engine.bar - stage.said[TOY][-1].bar
        stage.run(lambda: stage.engine.bar >= 30)
        said = [each.bar for each in stage.said[TOY]]
        assert said == list(range(5, said[-1] + 1))
