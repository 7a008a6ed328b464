"""With a key, a plan is computed only for a model that is signed with it: no more than the worker would serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from alphabus.testing import ManualClock
from common.config import Config, make_config
from common.errors import ConfigError
from common.factors.sets import FactorSet
from common.models.records import ModelRef
from common.models.registry import Registry
from common.models.signature import Key, make_key, place, write_signature
from services.factor_engine.wishes import Wishes
from tests.services.factor_engine.stage import LABEL, Stage, config_of, playing, promote, topic_of
from tests.services.markets import TOY_SET, toy_market

OTHER = FactorSet("other", (("sum_5", "ts_sum(volume, 5)"),), LABEL)
THIRD = FactorSet("third", (("delta", "ts_delta(close, 2)"),), LABEL)
TOY, OTHERS, THIRDS = (topic_of(each) for each in (TOY_SET, OTHER, THIRD))


def keyed(folder: Path) -> tuple[Config, Key]:
    """An instance with a key."""
    key = make_key(folder / "key")
    values = config_of(folder, pace_s=1.0).model_dump(exclude_unset=True) | {"key": folder / "key"}
    return make_config(values, "the test"), key


def sign(config: Config, ref: ModelRef, key: Key) -> None:
    """Sign a version that is on record."""
    with Registry(config.registry, clock=lambda: 0) as registry:
        registry.sign(ref, key)


def refusals(stage: Stage) -> list[str]:
    """Why plans were refused so far; whoever watched by then was told the same."""
    logged = [entry["error"] for entry in stage.logged("plan_refused")]
    told = [alert.detail["error"] for alert in stage.alerts() if alert.event == "plan_refused"]
    assert told == logged[len(logged) - len(told) :]
    return logged


def test_a_signed_model_has_its_plan(tmp_path: Path) -> None:
    """From the start, and when it is promoted later."""
    config, key = keyed(tmp_path)
    sign(config, promote(config, OTHER), key)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS, THIRDS)
        stage.run(lambda: stage.engine.bar >= 5)
        sign(config, promote(config, THIRD, alias="unused"), key)
        promote(config, THIRD)
        stage.run_to_end()
        assert len(stage.said[OTHERS]) == 14
        assert stage.said[THIRDS]
        assert refusals(stage) == []


SIGNATURES = {
    "none": (lambda _digest: None, "is not signed; sign it with"),
    "nonsense": (lambda _digest: b"trust me\n", "is not one: sign it again"),
    "another key's": (Key(bytes(32)).sign, "is signed with key"),
}


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(("made", "said"), SIGNATURES.values(), ids=SIGNATURES)
def test_one_that_is_not_signed_is_refused(
    made: Callable[[str], bytes | None],
    said: str,
    early: bool,  # noqa: FBT001  a case
    tmp_path: Path,
) -> None:
    """At start as later: told once, never computed, and everything else goes on, a signed one too."""
    config, key = keyed(tmp_path)

    def promoted() -> None:
        ref = promote(config, OTHER)
        if (signature := made(ref.digest)) is not None:
            write_signature(config.registry / "bundles" / ref.digest, signature)

    if early:
        promoted()
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS, THIRDS)
        stage.run(lambda: stage.engine.bar >= 4)
        if not early:
            promoted()
        stage.run(lambda: "plan_refused" in stage.events)
        sign(config, promote(config, THIRD), key)
        promote(config, OTHER)
        promote(config, THIRD)
        stage.run_to_end(TOY, THIRDS)
        assert stage.said[OTHERS] == []
        assert stage.said[THIRDS]
        assert len(stage.said[TOY]) == 14
        told = refusals(stage)
        assert [said in each for each in told] == [True]


def test_it_is_taken_once_it_is_signed(tmp_path: Path) -> None:
    """The next change on record has it read again."""
    config, key = keyed(tmp_path)
    ref = promote(config, OTHER)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run(lambda: stage.engine.bar >= 4)
        assert len(refusals(stage)) == 1
        sign(config, ref, key)
        promote(config, TOY_SET, alias="spare")
        stage.run_to_end()
        assert stage.said[OTHERS]
        assert len(refusals(stage)) == 1


def test_a_signature_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    """A folder in its place: an alert, no crash."""
    config, _ = keyed(tmp_path)
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY)
        ref = promote(config, OTHER)
        place(config.registry / "bundles" / ref.digest).mkdir()
        stage.run_to_end()
        (told,) = refusals(stage)
        assert told.startswith("IsADirectoryError")
        assert len(stage.said[TOY]) == 14


def test_without_a_key_signatures_are_not_looked_at(tmp_path: Path) -> None:
    """Whatever lies there."""
    config = config_of(tmp_path)
    ref = promote(config, OTHER)
    write_signature(config.registry / "bundles" / ref.digest, b"trust me\n")
    with playing(Stage(config, toy_market(1))) as stage:
        stage.follow(TOY, OTHERS)
        stage.run_to_end()
        assert len(stage.said[OTHERS]) == 14


def test_a_key_that_cannot_be_used_is_a_wrong_configuration(tmp_path: Path) -> None:
    """As the worker has it: said before anything is computed."""
    config, _ = keyed(tmp_path)
    (tmp_path / "key").unlink()
    with pytest.raises(ConfigError, match=r"key .* cannot be read"):
        Wishes(config, ManualClock(0), structlog.get_logger())
