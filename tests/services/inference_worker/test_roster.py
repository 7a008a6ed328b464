"""Which model each arm serves: the alias, else what served last; what serves is on record once a change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from alphabus.messages import Model, Signals
from alphabus.testing import ManualClock, signals
from common.config import Config
from common.errors import ModelError
from common.factors.plan import compile_set
from common.models.manifest import FactorRecord
from common.models.registry import Registry
from services.inference_worker.roster import Roster
from tests.common.models.sample_bundle import make_bundle
from tests.services.cluster import silent_log, toy_config, toy_registry
from tests.services.markets import FEATURES, TOY_SET

ARMS = {"champion": {"alias": "champion"}, "second": {"alias": "challenger", "capital": 0.0}}


@contextmanager
def roster(config: Config) -> Iterator[Roster]:
    """A roster that is closed at the end."""
    it = Roster(config, ManualClock(), silent_log())
    yield it
    it.close()


@contextmanager
def registry(root: Path) -> Iterator[Registry]:
    """The registry as a person uses it."""
    with Registry(root, clock=lambda: 0) as it:
        yield it


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Two arms of one model."""
    return toy_config(tmp_path, toy_registry(tmp_path / "registry"), arms=ARMS)


def spoken(model: Model, bar: int = 1, arm: str = "champion") -> Signals:
    """A fresh section of an arm."""
    return signals(bar, {"A": 1.0}, arm=arm, model=model)


def test_an_arm_serves_what_its_alias_points_at(config: Config) -> None:
    """With the features in the model's order, and the topic its factors come on."""
    with roster(config) as it:
        posts = it.posts()
    assert list(posts) == ["champion", "second"]
    post = posts["champion"]
    assert (post.model.name, post.model.version, post.folder.name) == ("demo", 1, post.model.digest)
    assert post.features == FEATURES
    assert post.factor_topic == f"toy.{compile_set(TOY_SET).digest.hex()[:8]}"


def test_without_an_alias_what_served_last(config: Config) -> None:
    """By the `serving` rows of this instance and arm."""
    with roster(config) as it:
        it.record(spoken(it.posts()["champion"].model))
    changed = config.model_copy(update={"arms": {"champion": config.arms["champion"].model_copy(
        update={"alias": "gone"})}})  # fmt: skip
    with roster(changed) as it:
        assert it.posts()["champion"].model.version == 1


def test_without_any_model_it_says_what_to_do(tmp_path: Path) -> None:
    """Nothing was ever promoted."""
    with roster(toy_config(tmp_path, tmp_path / "empty")) as it, pytest.raises(ModelError, match=r"scripts\.models"):
        it.posts()


def test_arms_share_one_plan(config: Config) -> None:
    """Two plans under one name: the worker would score one arm with the other's factors."""
    record = FactorRecord(TOY_SET.name, "ff" * 32, TOY_SET.factors)
    with registry(config.registry) as models:
        ref = models.add(make_bundle("older", factor_set=record), author="test")
        models.promote("test", "challenger", ref.name, ref.version, by="test", why="test")
    with roster(config) as it, pytest.raises(ModelError, match=r"arm second: .* plan ffffffff, arm champion"):
        it.posts()


def test_a_row_for_each_change_of_what_serves(config: Config) -> None:
    """Not for each bar; another journal is a change, too."""
    with roster(config) as it:
        model = it.posts()["champion"].model
        for bar in (1, 2, 3):
            it.record(spoken(model, bar))
        it.record(spoken(model, 2, "second"))
        it.record(replace(spoken(model, 4), journal=b"x" * 16))
    with closing(sqlite3.connect(config.registry / "registry.sqlite")) as database:
        rows = database.execute("SELECT arm, bar FROM serving ORDER BY rowid").fetchall()
    assert rows == [("champion", 1), ("second", 2), ("champion", 4)]


def test_what_cannot_be_recorded_is_tried_again(config: Config) -> None:
    """A version that the registry does not know does not stop the signals."""
    with roster(config) as it:
        model = it.posts()["champion"].model
        it.record(spoken(replace(model, version=9), 1))
        it.record(spoken(model, 2))
    with registry(config.registry) as models:
        served = models.last_served("test", "champion")
    assert served is not None
    assert served.bar == 2
