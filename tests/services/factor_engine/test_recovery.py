"""A restart goes on from the snapshot, to the same bits, and leaves nothing out that somebody may still ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alphabus.outbox import CHUNK_BYTES, Page
from common.errors import SnapshotError
from common.factors.sets import FactorSet
from services.factor_engine.snapshot import Position, Shelf, decode_snapshot, encode_snapshot
from tests.services.factor_engine.stage import LABEL, Stage, columns, config_of, playing, promote, topic_of
from tests.services.markets import TOY_SET, toy_market

SLOW = FactorSet(
    "slow", (("ema", "ta_ema(close, 3)"), ("mean", "ts_mean(close, 4)"), ("rank", "cs_rank(close)")), LABEL
)
SETS = {each.name: each for each in (TOY_SET, SLOW)}
POSITION = Position(b"j" * 16, 7, b"p" * 32)


def stage_of(folder: Path, factor_set: FactorSet, *, every: int = 3, **feed: Any) -> Stage:
    """A small market under one set, which a model is of; its consumer follows."""
    config = config_of(folder, snapshot_sections=every, factor_set=factor_set, **feed)
    promote(config, factor_set)
    stage = Stage(config, toy_market(3), factor_set=factor_set)
    stage.follow(topic_of(factor_set))
    return stage


def files_of(stage: Stage) -> list[Path]:
    """The snapshots on disk."""
    return sorted((stage.config.state / "factor_engine").iterdir())


def undisturbed(folder: Path, factor_set: FactorSet) -> dict[int, dict[str, bytes]]:
    """What is said when nothing happens, and no snapshot is ever taken."""
    with playing(stage_of(folder, factor_set, every=1000)) as stage:
        stage.run_to_end()
        return columns(stage.said[topic_of(factor_set)])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("every", [1, 3, 7])
def test_a_restart_at_any_round_changes_nothing(every: int, name: str, tmp_path: Path) -> None:
    """Fold and recursive factors; symbols that come late and miss bars; again and again."""
    topic, expected = topic_of(SETS[name]), undisturbed(tmp_path / "calm", SETS[name])
    for after in range(0, 24, 3):
        with playing(stage_of(tmp_path / f"{after}", SETS[name], every=every)) as stage:
            for _ in range(after):
                stage.round()
            stage.restart()
            stage.round()
            stage.restart()
            stage.run_to_end()
            assert columns(stage.said[topic]) == expected
            assert [each.bar for each in stage.said[topic]] == sorted(expected)


@pytest.mark.parametrize("name", SETS)
def test_it_does_not_begin_at_the_beginning(name: str, tmp_path: Path) -> None:
    """What is on record before the snapshot is not applied again."""
    with playing(stage_of(tmp_path, SETS[name])) as stage:
        stage.run_to_end()
        stage.run(lambda: stage.engine.outlet.lowest_acknowledged(
            topic_of(SETS[name]), ["inference_worker"], stage.engine.journal) == 18)  # fmt: skip
        stage.round()
        stage.restart()
        stage.run(lambda: any(name.startswith("sections_") for name in stage.engine.counters.snapshot()))
        (resumed,) = stage.logged("resumed")[-1:]
        assert resumed["bar"] >= 15
        applied = stage.engine.counters.snapshot()
        assert applied.get("sections_replay", 0) + applied.get("sections_history", 0) == 19 - resumed["bar"]


def test_what_is_not_acknowledged_is_published_again(tmp_path: Path) -> None:
    """No snapshot is written beyond what the worker is done with: it could not be sent to it again."""
    with playing(stage_of(tmp_path, TOY_SET, every=1, pace_s=1.0)) as stage:
        stage.run(lambda: stage.engine.bar == 6, consumer=False)
        stage.restart()
        stage.run_to_end()
        assert [each.bar for each in stage.said[topic_of(TOY_SET)]] == list(range(5, 19))
        resumed = [entry["bar"] for entry in stage.logged("resumed")]
        assert max(resumed) == 4  # all of it was history


def test_a_plan_without_a_model_is_written_without_a_word(tmp_path: Path) -> None:
    """Nobody acknowledges it, and nobody will ask: a restart need not begin at the beginning for its sake."""
    with playing(Stage(config_of(tmp_path, snapshot_sections=2, pace_s=1.0), toy_market(3))) as stage:
        stage.run(lambda: stage.engine.bar == 9)
        stage.restart()
        assert [entry["bar"] for entry in stage.logged("resumed")] == [8]


def test_a_consumer_of_two_plans_misses_nothing(tmp_path: Path) -> None:
    """Each line goes on from its own snapshot, and what was not acknowledged is there again of both."""
    other = FactorSet("other", (("sum", "ts_sum(close, 6)"),), LABEL)
    config = config_of(tmp_path, snapshot_sections=3, pace_s=1.0)
    promote(config, TOY_SET)
    with playing(Stage(config, toy_market(3))) as stage:
        stage.follow(topic_of(TOY_SET), topic_of(other))
        stage.run(lambda: stage.engine.bar == 4)
        promote(config, other)
        stage.run(lambda: stage.engine.bar == 10)
        stage.run(lambda: stage.engine.bar == 12, consumer=False)
        stage.restart()
        resumed = [entry["bar"] for entry in stage.logged("resumed")]
        assert len(set(resumed)) == 2
        assert max(resumed) <= 10
        stage.run_to_end()
        for factor_set in (TOY_SET, other):
            said = [each.bar for each in stage.said[topic_of(factor_set)]]
            assert said == list(range(said[0], 19))
            assert said[0] <= 6


@pytest.mark.parametrize("damage", ["cut", "flipped", "proof", "platform", "unreadable"])
def test_a_snapshot_that_cannot_be_used_is_not(damage: str, tmp_path: Path) -> None:
    """Told of, and everything is made anew from the record."""
    expected = undisturbed(tmp_path / "calm", SLOW)
    with playing(stage_of(tmp_path, SLOW)) as stage:
        stage.run(lambda: stage.engine.bar >= 11)
        (path,) = files_of(stage)
        spoil(path, damage)
        stage.restart()
        stage.run_to_end()
        assert columns(stage.said[topic_of(SLOW)]) == expected
        assert "snapshot_refused" in stage.events


def spoil(path: Path, damage: str) -> None:
    """Make a snapshot one that must not be used."""
    saved = path.read_bytes()
    snapshot = decode_snapshot(saved)
    position, state = snapshot.position, snapshot.state
    path.unlink()
    match damage:
        case "cut":
            path.write_bytes(saved[:-1])
        case "flipped":
            path.write_bytes(saved[:100] + bytes([saved[100] ^ 1]) + saved[101:])
        case "proof":
            path.write_bytes(encode_snapshot(Position(position.journal, position.bar, bytes(32)), state))
        case "platform":
            path.write_bytes(encode_snapshot(position, state.replace(b"numpy", b"munpy")))
        case "unreadable":
            path.mkdir()


def test_another_numbering_starts_anew(tmp_path: Path) -> None:
    """A snapshot of a journal that is gone is not gone on from."""
    expected = undisturbed(tmp_path / "calm", SLOW)
    with playing(stage_of(tmp_path, SLOW)) as stage:
        stage.run(lambda: stage.engine.bar >= 11)
        (path,) = files_of(stage)
        snapshot = decode_snapshot(path.read_bytes())
        path.write_bytes(encode_snapshot(Position(b"g" * 16, 11, snapshot.position.proof), snapshot.state))
        stage.restart()
        stage.run_to_end()
        assert columns(stage.said[topic_of(SLOW)]) == expected


def test_a_record_that_was_pruned(tmp_path: Path) -> None:
    """What lies between the state and the record cannot be made up: the plan begins with what is left, and says so."""
    with playing(stage_of(tmp_path, SLOW)) as stage:
        stage.run(lambda: stage.engine.bar >= 11)
        chronicle = stage.feed._chronicle
        since = chronicle.since

        def pruned(topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
            cut = topic == "test/bars/" and bar < 15
            known = (chronicle.journal, 15, most_bytes, 0) if cut else (journal, bar, most_bytes, part)
            return since(topic, *known)

        stage.engine.close()
        stage.run(lambda: stage.feed.bar == 15, engine=False, consumer=False)
        chronicle.since = pruned  # type: ignore[method-assign]
        stage.restart()
        stage.run_to_end()
        assert {"snapshot_refused", "history_cut"} <= set(stage.events)
        assert stage.said[topic_of(SLOW)][-1].bar == 18
        warm = {each.bar: int(each.columns["warm"].sum()) for each in stage.said[topic_of(SLOW)]}
        assert [warm[bar] for bar in (15, 16, 17, 18)] == [0, 0, 0, 0]


def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path) -> None:
    """What was not written is told of; sections go on."""
    with playing(stage_of(tmp_path, TOY_SET)) as stage:
        (path,) = files_of(stage)
        path.unlink()
        path.mkdir()
        (path / "in the way").touch()
        stage.run_to_end()
        assert {alert.event for alert in stage.alerts()} == {"snapshot_failed"}
        assert len(stage.said[topic_of(TOY_SET)]) == 14


def test_a_snapshot_reads_back() -> None:
    """To the byte."""
    found = decode_snapshot(encode_snapshot(POSITION, b"state"))
    assert (found.position, found.state) == (POSITION, b"state")


def test_every_cut_and_every_flip_is_seen() -> None:
    """Of every byte."""
    saved = encode_snapshot(POSITION, b"state")
    spoilt = [saved[:size] for size in range(len(saved))]
    spoilt += [
        saved[:at] + bytes([saved[at] ^ 1 << bit]) + saved[at + 1 :] for at in range(len(saved)) for bit in range(8)
    ]
    for each in spoilt:
        with pytest.raises(SnapshotError, match="damaged, or is none"):
            decode_snapshot(each)


def test_the_shelf_has_the_old_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted before the rename, the old one stays; what was half written is swept at the next start."""
    shelf = Shelf(tmp_path)
    shelf.save("a", encode_snapshot(POSITION, b"old"))
    temporary = tmp_path / f".a.snapshot.{'0' * 16}.tmp"
    temporary.write_bytes(b"half")
    shelf.keep_only({"a"})
    assert not temporary.exists()
    found = shelf.load("a")
    assert found is not None
    assert found.state == b"old"

    def stop(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(OSError, match="no space left"):
        shelf.save("a", encode_snapshot(POSITION, b"new"))
    found = shelf.load("a")
    assert found is not None
    assert found.state == b"old"
    shelf.drop("a")
    assert shelf.load("a") is None
