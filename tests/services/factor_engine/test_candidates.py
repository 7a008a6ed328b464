"""Plans beside the configured one: rehearsed on the record, level before they are heard, let go when unwanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabus.outbox import CHUNK_BYTES, Page
from common.factors.sets import FactorSet
from common.models.records import Serving
from common.models.registry import Registry
from services.factor_engine import planner
from services.factor_engine.wishes import Wish
from tests.services.factor_engine.stage import (
    LABEL,
    AtOnce,
    Later,
    Stage,
    columns,
    config_of,
    playing,
    promote,
    topic_of,
)
from tests.services.markets import TOY_SET, toy_market

OTHER = FactorSet("other", (("ema", "ta_ema(close, 3)"), ("sum_5", "ts_sum(volume, 5)")), LABEL)
THIRD = FactorSet("third", (("delta", "ts_delta(close, 2)"),), LABEL, max_gap=2)
TOY, OTHERS, THIRDS = (topic_of(each) for each in (TOY_SET, OTHER, THIRD))


def undisturbed(folder: Path, seed: int = 1) -> dict[int, dict[str, bytes]]:
    """What the other plan's factors are, by an engine that had it from the start."""
    config = config_of(folder)
    promote(config, OTHER)
    with playing(Stage(config, toy_market(seed))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run_to_end()
        return columns(stage.said[OTHERS])


def test_a_model_of_another_plan_from_the_start(tmp_path: Path) -> None:
    """Both plans have every live section, each under its own topic, and both end."""
    config = config_of(tmp_path)
    promote(config, OTHER)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run_to_end()
        assert [each.bar for each in stage.said[TOY]] == [each.bar for each in stage.said[OTHERS]] == list(range(5, 19))
        assert {each.plan.hex()[:8] for each in stage.said[OTHERS]} == {OTHERS.split(".")[-1][:8]}


@pytest.mark.parametrize("after", [0, 1, 5, 9])
def test_a_plan_that_comes_later_has_the_same_bits(after: int, tmp_path: Path) -> None:
    """It is rehearsed from the first bar of the record, and heard from the moment it is level on."""
    expected = undisturbed(tmp_path / "calm")
    config = config_of(tmp_path / "late", pace_s=1.0)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= after)
        promoted = stage.engine.bar
        promote(config, OTHER)
        stage.run_to_end()
        found = columns(stage.said[OTHERS])
        assert found == {bar: expected[bar] for bar in found}
        assert list(found) == list(range(min(found), 19))
        assert min(found) <= max(promoted, 4) + 2
        assert len(stage.said[TOY]) == 14


def test_live_sections_go_first(tmp_path: Path) -> None:
    """An unpaced replay with a long history: the rehearsal takes a bounded part of each turn, and still gets there."""
    config = config_of(tmp_path)
    with playing(Stage(config, toy_market(2, history=150, live=150))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 100)
        promote(config, OTHER)
        stage.round()
        rehearsing = stage.engine.bar
        stage.round()
        assert stage.engine.bar > rehearsing
        assert "plan_on_air" not in stage.events
        stage.run(lambda: "plan_on_air" in stage.events)
        assert stage.engine.bar < 300
        stage.run_to_end()


def test_it_is_heard_only_once_a_restart_would_remember_it(tmp_path: Path) -> None:
    """Its state is on disk before its first section is published; a restart then leaves none out."""
    room = Later()
    config = config_of(tmp_path, pace_s=1.0)
    expected = undisturbed(tmp_path / "calm")
    with playing(Stage(config, toy_market(1), lambda: room)) as stage:
        room.let()
        stage.follow(TOY, OTHERS)
        promote(config, OTHER)
        stage.run(lambda: len(room.waiting) == 1)
        room.let()  # compiled
        stage.run(lambda: stage.engine.bar >= 8)
        assert stage.said[OTHERS] == []
        room.let()  # on disk
        stage.run(lambda: len(stage.said[OTHERS]) == 3)
        stage.restart(AtOnce)
        stage.run_to_end()
        found = columns(stage.said[OTHERS])
        assert list(found) == list(range(min(found), 19))
        assert found == {bar: expected[bar] for bar in found}


def test_a_plan_is_kept_for_the_way_back_and_dropped_after(tmp_path: Path) -> None:
    """What the alias meant before is still computed; what it meant before that is not."""
    config = config_of(tmp_path, pace_s=1.0)
    promote(config, OTHER)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS, THIRDS)
        promote(config, THIRD)
        stage.run(lambda: len(stage.said[THIRDS]) > 1)
        assert stage.said[OTHERS][-1].bar == stage.said[THIRDS][-1].bar
        with Registry(config.registry, clock=lambda: 0) as registry:
            registry.record_serving(Serving("test", bytes(16), "live", "champion", 5, 0, "m-third", 1))
        promote(config, TOY_SET)
        stage.run(lambda: "plan_dropped" in stage.events)
        last = stage.said[OTHERS][-1].bar
        stage.run_to_end(TOY, THIRDS)
        assert stage.said[OTHERS][-1].bar == last
        assert not list((config.state / "factor_engine").glob("other.*"))


def test_what_still_serves_is_kept(tmp_path: Path) -> None:
    """Two aliases' moves further on, but the worker has not gone along yet: its plan goes on."""
    config = config_of(tmp_path, pace_s=1.0)
    ref = promote(config, OTHER)
    with Registry(config.registry, clock=lambda: 0) as registry:
        registry.record_serving(Serving("test", bytes(16), "live", "champion", 5, 0, ref.name, ref.version))
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS, THIRDS)
        promote(config, THIRD)
        promote(config, TOY_SET)
        stage.run_to_end()
        assert "plan_dropped" not in stage.events
        assert len(stage.said[OTHERS]) == 14


def test_a_bundle_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    """Once, by an alert; everything else goes on, and a good one after it is taken."""
    config = config_of(tmp_path, pace_s=1.0)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 2)
        ref = promote(config, THIRD)
        manifest = config.registry / "bundles" / ref.digest / "manifest.json"
        manifest.chmod(0o600)
        manifest.write_bytes(manifest.read_bytes().replace(b"third", b"thirt"))
        stage.run(lambda: stage.engine.bar >= 5)
        (told,) = stage.alerts()
        assert (told.level, told.event, told.detail["model"]) == ("warning", "plan_refused", "m-third/1")
        promote(config, OTHER)
        stage.run_to_end()
        assert stage.said[OTHERS]
        assert len(stage.said[TOY]) == 14


def test_texts_that_compile_to_another_plan_are_told_of(tmp_path: Path) -> None:
    """A bundle of another version of the engine: its plan cannot be had, and nothing wrong is sent under its name."""
    config = config_of(tmp_path)
    promote(config, OTHER, plan="ab" * 32)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY)
        stage.run_to_end()
        assert "plan_refused" in stage.events
        assert len(stage.said[TOY]) == 14


def test_a_model_of_the_configured_plan_needs_nothing(tmp_path: Path) -> None:
    """It is computed once."""
    config = config_of(tmp_path)
    promote(config, TOY_SET)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY)
        stage.run_to_end()
        assert stage.events.count("plan") == 1
        assert len(stage.said[TOY]) == 14


def test_a_rehearsal_on_a_pruned_record_is_told_of(tmp_path: Path) -> None:
    """Its past begins in the middle, as that of a plan made anew: the same alert says so."""
    config = config_of(tmp_path, pace_s=1.0)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 8)
        chronicle = stage.feed._chronicle
        since = chronicle.since

        def pruned(topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
            cut = topic == "test/bars/" and bar < 5
            known = (chronicle.journal, 5, most_bytes, 0) if cut else (journal, bar, most_bytes, part)
            return since(topic, *known)

        chronicle.since = pruned  # type: ignore[method-assign]
        promote(config, OTHER)
        stage.run_to_end()
        (told,) = [alert for alert in stage.alerts() if alert.event == "history_cut"]
        assert told.detail == {"plan": OTHERS.split("/")[2], "first_bar": "5"}
        assert stage.events.index("history_cut") < stage.events.index("plan_on_air")


def test_a_bundle_that_breaks_something_else_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever reading it raises: the loop goes on, and it is told once."""

    def breaks(*_: object) -> Wish:
        raise ValueError("nobody thought of that")

    config = config_of(tmp_path, pace_s=1.0)
    monkeypatch.setattr(planner, "read_wish", breaks)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY)
        stage.run(lambda: stage.engine.bar >= 2)
        promote(config, OTHER)
        stage.run_to_end()
        (told,) = [alert for alert in stage.alerts() if alert.event == "plan_refused"]
        assert told.detail["error"] == "ValueError: nobody thought of that"
        assert len(stage.said[TOY]) == 14
