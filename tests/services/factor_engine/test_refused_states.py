"""A state that cannot be used: that plan is made anew beside the others, which go on; and it leaves no section out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.factors.sets import FactorSet
from common.models.records import Serving
from common.models.registry import Registry
from services.factor_engine.snapshot import Position, decode_snapshot, encode_snapshot
from tests.services.factor_engine.stage import LABEL, Stage, columns, config_of, playing, promote, topic_of
from tests.services.markets import TOY_SET, toy_market

OTHER = FactorSet("other", (("ema", "ta_ema(close, 3)"), ("sum_5", "ts_sum(volume, 5)")), LABEL)
SETS = {"toy": TOY_SET, "other": OTHER}
TOPICS = {name: topic_of(each) for name, each in SETS.items()}


@contextmanager
def two_plans(folder: Path) -> Iterator[Stage]:
    """Both are followed."""
    config = config_of(folder, snapshot_sections=2, pace_s=1.0)
    promote(config, OTHER)
    promote(config, TOY_SET)
    with playing(Stage(config, toy_market(1, history=4, live=36))) as stage:
        stage.follow(*TOPICS.values())
        yield stage


def spoil(stage: Stage, name: str, damage: str) -> None:
    """Make a plan's file one that cannot be read, or that was taken after another section."""
    (path,) = (stage.config.state / "factor_engine").glob(f"{name}.*.snapshot")
    snapshot = decode_snapshot(path.read_bytes())
    bar = {"proof": snapshot.position.bar, "behind": 2}.get(damage, 0)
    position = Position(snapshot.position.journal, bar, bytes(32))
    path.write_bytes(encode_snapshot(position, snapshot.state) if bar else path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", ["cut", "proof"])
@pytest.mark.parametrize("name", SETS)
def test_the_other_plan_goes_on(name: str, damage: str, tmp_path: Path) -> None:
    """To the same bits, nobody misses a section of either, and the alert names the one that was refused."""
    with two_plans(tmp_path / "calm") as stage:
        stage.run_to_end()
        expected = {topic: columns(said) for topic, said in stage.said.items()}
    (others,) = SETS.keys() - {name}
    with two_plans(tmp_path / "spoilt") as stage:
        stage.run(lambda: stage.engine.bar >= 20)
        stage.run(lambda: stage.engine.bar >= 23, consumer=False)
        spoil(stage, name, damage)
        stage.restart()
        stage.alerts()
        stage.run(lambda: stage.said[TOPICS[others]][-1].bar >= 23)
        stage.run_to_end()
        assert {topic: columns(said) for topic, said in stage.said.items()} == expected
        for said in stage.said.values():
            assert [each.bar for each in said] == list(range(5, 41))
        (told,) = stage.logged("snapshot_refused")
        assert told["name"] == TOPICS[name].split("/")[2]
        assert {entry["name"] for entry in stage.logged("plan_on_air")} == {told["name"]}
        assert stage.logged("resumed")[-1]["bar"] >= 18


def test_a_plan_the_record_does_not_reach_back_to_is_cut_alone(tmp_path: Path) -> None:
    """The other one stays warm; both alerts name the plan that begins in the middle."""
    with two_plans(tmp_path) as stage:
        stage.run(lambda: stage.engine.bar >= 20)
        spoil(stage, "other", "behind")
        stage.prune(keep=8)
        stage.restart()
        stage.alerts()
        stage.run(lambda: stage.engine.bar >= 30)
        told = [(alert.event, alert.detail["plan"].split(".")[0]) for alert in stage.alerts()]
        assert told == [("snapshot_refused", "other"), ("history_cut", "other")]
        assert min(int(each.columns["warm"].sum()) for each in stage.said[TOPICS["toy"]][-5:]) > 0
        assert stage.said[TOPICS["other"]][-1].bar >= 29


@pytest.mark.parametrize("rounds", [1, 2, 4, 8])
def test_a_restart_while_it_is_made_anew_begins_again(rounds: int, tmp_path: Path) -> None:
    """Or just after it: what it said aloud and nobody acknowledged is there, for a worker that starts anew."""
    with two_plans(tmp_path) as stage:
        stage.run(lambda: stage.engine.bar >= 20)
        stage.run(lambda: stage.engine.bar >= 23, consumer=False)
        spoil(stage, "other", "proof")
        for _ in range(4):
            stage.restart()
            for _ in range(rounds):
                stage.round(consumer=False)
        done = stage.said[TOPICS["toy"]][-1].bar
        stage.unfollow(*TOPICS.values())
        stage.follow(*TOPICS.values())
        stage.run_to_end()
        for said in stage.said.values():
            assert [each.bar for each in said if each.bar > done] == list(range(done + 1, 41))


def test_all_are_refused(tmp_path: Path) -> None:
    """Then there is nobody to go on, and the record is read from its beginning."""
    with two_plans(tmp_path) as stage:
        stage.run(lambda: stage.engine.bar >= 20)
        for name in SETS:
            spoil(stage, name, "proof")
        stage.restart()
        stage.run_to_end()
        assert {entry["name"].split(".")[0] for entry in stage.logged("snapshot_refused")} == set(SETS)
        for said in stage.said.values():
            assert [each.bar for each in said] == list(range(5, 41))


def test_it_is_rehearsed_before_a_plan_nobody_waits_for(tmp_path: Path) -> None:
    """A candidate waits until it is level, and gets there, too."""
    third = FactorSet("third", (("delta", "ts_delta(close, 2)"),), LABEL)
    with two_plans(tmp_path) as stage:
        stage.run(lambda: stage.engine.bar >= 20)
        spoil(stage, "other", "proof")
        with Registry(stage.config.registry, clock=lambda: 0) as registry:
            registry.record_serving(Serving("test", bytes(16), "live", "champion", 5, 0, "m-other", 1))
        promote(stage.config, third)
        stage.restart()
        stage.follow(topic_of(third))
        stage.run_to_end()
        assert [entry["name"].split(".")[0] for entry in stage.logged("plan_on_air")] == ["other", "third"]
