"""Which model each arm serves: the alias, else what served last; and how one is told that an alias has moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphabus.messages import Model, Signals
from alphabus.testing import ManualClock, signals
from common.config import Config
from common.errors import ConfigError, ModelError
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.models.bundle import Bundle
from common.models.golden import encode_array
from common.models.manifest import Span
from common.models.records import Event, ModelRef
from common.models.registry import Registry
from common.models.signature import make_key
from services.inference_worker.actions import Swap, Told
from services.inference_worker.roster.roster import Roster, Wish
from services.inference_worker.roster.wishes import LOOK_NS
from tests.services.cluster import add_version, promote, toy_bundle, toy_config, toy_registry
from tests.services.inference_worker.books import busy
from tests.services.markets import FEATURES, TOY_SET

ARMS = {"champion": {"alias": "champion"}, "second": {"alias": "challenger", "capital": 0.0}}


@dataclass(slots=True)
class Office:
    """A roster, and what it told."""

    roster: Roster
    clock: ManualClock
    told: list[tuple[str, Told]] = field(default_factory=list)

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """Arm and event of what a person should know."""
        return [(arm, told.event) for arm, told in self.told if told.level != "info"]

    def wishes(self) -> dict[str, Wish]:
        """What moved since last asked, by arm; time passes first."""
        self.clock.advance(LOOK_NS)
        return {wish.arm: wish for wish in self.roster.wishes()}


@contextmanager
def office(config: Config) -> Iterator[Office]:
    """A roster that is closed at the end."""
    told: list[tuple[str, Told]] = []
    clock = ManualClock()
    it = Roster(config, clock, lambda arm, word: told.append((arm, word)))
    yield Office(it, clock, told)
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


def renamed(config: Config, alias: str) -> Config:
    """One arm that wants another alias."""
    arm = config.arms["champion"].model_copy(update={"alias": alias})
    return config.model_copy(update={"arms": {"champion": arm}})


def spoken(model: Model, bar: int = 1, arm: str = "champion") -> Signals:
    """A fresh section of an arm."""
    return signals(bar, {"A": 1.0}, arm=arm, model=model)


def serve(config: Config) -> None:
    """What the aliases mean has served."""
    with office(config) as it:
        for arm, post in it.roster.posts().items():
            it.roster.ledger.serve(spoken(post.model, arm=arm))


def test_an_arm_serves_what_its_alias_points_at(config: Config) -> None:
    """With the features in the model's order, and the topic its factors come on; nothing worth a warning."""
    with office(config) as it:
        posts = it.roster.posts()
        assert it.warnings == []
        assert [told.event for _, told in it.told] == ["model", "model"]
    assert list(posts) == ["champion", "second"]
    post = posts["champion"]
    assert (post.model.name, post.model.version, post.folder.name) == ("demo", 1, post.model.digest)
    assert post.features == FEATURES
    assert post.factor_topic == f"toy.{compile_set(TOY_SET).digest.hex()[:8]}"


def test_a_post_knows_what_the_bundle_says(config: Config) -> None:
    """When its training data ended; the duty carries it, with the plan's digest."""
    ref = add_version(config.registry, toy_bundle(seed=8, spans={"training": Span(1, 77, 2)}))
    with office(config) as it:
        post = it.roster.post(ref)
    duty = post.duty("champion", 0.5)
    assert (duty.model_time_ns, duty.plan, duty.voice.capital) == (77, compile_set(TOY_SET).digest, 0.5)
    assert duty.prediction_range is None


def test_without_an_alias_what_served_last(config: Config) -> None:
    """By the `serving` rows of this instance and arm; and it says so."""
    serve(config)
    with office(renamed(config, "gone")) as it:
        assert it.roster.posts()["champion"].model.version == 1
        assert it.warnings == [("champion", "alias_missing")]


def test_without_any_model_it_says_what_to_do(tmp_path: Path, config: Config) -> None:
    """Nothing was ever promoted; or an alias was misspelt."""
    with registry(tmp_path / "empty"):
        pass
    with office(toy_config(tmp_path, tmp_path / "empty")) as it, pytest.raises(ModelError, match=r"scripts\.models"):
        it.roster.posts()
    with office(renamed(config, "champoin")) as it, pytest.raises(ModelError, match="did you mean 'champion'"):
        it.roster.posts()


def test_the_command_names_all_that_it_needs(config: Config) -> None:
    """The alias that is missing, and the registry it is missing in; each arm has its own."""
    arms = {name: {"alias": f"{name}ly", "capital": 0.0} for name in ("night", "day")}
    of = config.model_copy(update={"arms": toy_config(config.state, config.registry, arms=arms).arms})
    with office(of) as it, pytest.raises(ModelError) as caught:
        it.roster.posts()
    for name in arms:
        assert f"arm {name}: instance 'test' has no alias '{name}ly'" in str(caught.value)
        assert f"promote MODEL --instance test --alias {name}ly --registry {config.registry}" in str(caught.value)


def test_a_damaged_bundle_leaves_what_served_last(config: Config) -> None:
    """A worker that restarts finds what really served; without anything, nobody serves the arm, and that is told."""
    ref = add_version(config.registry, toy_bundle(seed=8))
    path = config.registry / "bundles" / ref.digest / "model.txt"
    promote(config.registry, ref.version)
    path.write_bytes(path.read_bytes()[:-1])
    with office(config) as it:
        posts = it.roster.posts()
        assert (posts["champion"].is_vacant, posts["second"].is_vacant) == (True, False)
        assert "model.txt" in posts["champion"].trouble
        assert it.warnings == [("champion", "arm_vacant")]
    promote(config.registry, 1)
    serve(config)
    promote(config.registry, ref.version)
    with office(config) as it:
        assert it.roster.posts()["champion"].model.version == 1
        assert it.warnings == [("champion", "alias_refused")]


def test_what_failed_to_take_over_is_not_tried_again_at_a_start(config: Config) -> None:
    """Until the alias is moved once more."""
    serve(config)
    ref = add_version(config.registry, toy_bundle(seed=8))
    promote(config.registry, ref.version)
    with office(config) as it:
        posts = it.roster.posts()
        assert posts["champion"].ref == ref
        it.roster.note_swap("champion", Swap(ref, ref, failed=True, why="it answered NaN"))
    with office(config) as it:
        assert it.roster.posts()["champion"].model.version == 1
        assert it.warnings == [("champion", "alias_refused")]
        details = [told.detail["detail"] for _, told in it.told if told.event == "alias_refused"]
        assert details == ["demo/2 failed to take over before: it answered NaN"]
        assert it.wishes() == {}
    promote(config.registry, 1)
    promote(config.registry, ref.version)
    with office(config) as it:
        assert it.roster.posts()["champion"].model.version == ref.version


@pytest.mark.parametrize("moved_ns", [0, 2**62])
def test_a_refusal_is_of_the_move_that_it_answers(config: Config, moved_ns: int) -> None:
    """Whatever the clocks say: also where the wall clock was set back, or the row had to wait for a later move."""
    serve(config)
    ref = add_version(config.registry, toy_bundle(seed=8))
    with Registry(config.registry, clock=lambda: moved_ns) as person:
        person.promote("test", "champion", *ref.key, by="ann", why="better")
        with office(config) as it:
            assert it.roster.posts()["champion"].ref == ref
            it.roster.note_swap("champion", Swap(None, ref, failed=True, why="it answered NaN"))
        with office(config) as it:
            assert it.roster.posts()["champion"].model.version == 1
        person.promote("test", "champion", *ref.key, by="ann", why="sure", again=True)
        with busy(config.registry), office(config) as it:
            assert it.roster.posts()["champion"].ref == ref
            it.roster.note_swap("champion", Swap(None, ref, failed=True, why="it answered NaN again"))
        person.promote("test", "champion", *ref.key, by="ann", why="very sure", again=True)
    with office(config) as it:
        assert it.roster.ledger.waiting == ()
        assert it.roster.posts()["champion"].ref == ref


def test_an_alias_that_moves_is_told_once(config: Config) -> None:
    """To the arms that have it; other changes of the registry are none of theirs."""
    ref = add_version(config.registry, toy_bundle(seed=8))
    with office(config) as it:
        it.roster.posts()
        assert it.wishes() == {}
        promote(config.registry, ref.version)
        moved = it.wishes()
        assert list(moved) == ["champion"]
        post = moved["champion"].post
        assert post is not None
        assert post.ref == ref
        with registry(config.registry) as models:
            models.record(Event("halt", "test", arm="champion"), by="ann", why="")
        assert it.wishes() == {}
        promote(config.registry, 1)
        assert list(it.wishes()) == ["champion"]


def test_the_registry_is_not_asked_at_every_turn(config: Config) -> None:
    """Only after a moment; the alias is seen all the same."""
    ref = add_version(config.registry, toy_bundle(seed=8))
    with office(config) as it:
        it.roster.posts()
        it.wishes()
        promote(config.registry, ref.version)
        assert list(it.roster.wishes()) == []
        assert list(it.wishes()) == ["champion"]


def test_a_wish_that_cannot_serve_says_why(config: Config) -> None:
    """A manifest that was edited, and once."""
    ref = add_version(config.registry, toy_bundle(seed=8))
    path = config.registry / "bundles" / ref.digest / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"demo", b"dame"))
    with office(config) as it:
        it.roster.posts()
        promote(config.registry, ref.version)
        wish = it.wishes()["champion"]
        assert (wish.ref, wish.post, "digest" in wish.why) == (ref, None, True)
        assert it.wishes() == {}


@pytest.mark.parametrize("at_start", [True, False])
def test_a_version_that_the_system_does_not_let_us_read_is_no_end_of_the_worker(
    config: Config, monkeypatch: pytest.MonkeyPatch, *, at_start: bool
) -> None:
    """No descriptor is left, a disk fails: it is said of the version, and what served last serves on."""
    serve(config)
    ref = add_version(config.registry, toy_bundle(seed=8))
    promote(config.registry, ref.version)

    def refuses(_registry: Registry, wanted: ModelRef) -> Any:
        if wanted == ref:
            raise OSError(24, "Too many open files")
        return found(_registry, wanted)

    verb = "load" if at_start else "inspect"
    found = getattr(Registry, verb)
    monkeypatch.setattr(Registry, verb, refuses)
    with office(config) as it:
        if at_start:
            assert it.roster.posts()["champion"].model.version == 1
            assert it.warnings == [("champion", "alias_refused")]
        else:
            with pytest.raises(ModelError, match="cannot be read: Too many open files"):
                it.roster.post(ref)


def test_a_reference_without_a_range_is_no_range(config: Config) -> None:
    """Statistics of another make: the gate then has no range, and the worker lives."""
    reference: dict[str, Any] = {"file": "reference.npy", "columns": ["rows", "missing"]}
    files = {"reference.npy": encode_array(np.zeros((len(FEATURES) + 1, 2)))}
    made = toy_bundle(seed=8)
    ref = add_version(
        config.registry, Bundle.make(replace(made.manifest, reference=reference), {**made.files, **files})
    )
    with office(config) as it:
        assert it.roster.post(ref).prediction_range is None


def test_features_must_be_among_the_factors(config: Config) -> None:
    """A renamed one is refused before anything is loaded, with what was probably meant."""
    features = ("mean_3", "return_one", "rank")
    ref = add_version(config.registry, toy_bundle(seed=8, features=features))
    with office(config) as it, pytest.raises(ModelError, match=r"'return_one', .* did you mean 'return_1'"):
        it.roster.post(ref)


@pytest.mark.parametrize("signed", [True, False])
def test_with_a_key_what_is_not_signed_is_refused(tmp_path: Path, config: Config, *, signed: bool) -> None:
    """At the start and when an alias moves; the same bundles serve once they are signed."""
    key = make_key(tmp_path / "key")
    ref = add_version(config.registry, toy_bundle(seed=8))
    if signed:
        with registry(config.registry) as models:
            for version in (1, 2):
                models.sign(models.version("demo", version).ref, key)
    keyed = config.model_copy(update={"key": tmp_path / "key"})
    with office(keyed) as it:
        if not signed:
            with pytest.raises(ModelError, match="not signed"):
                it.roster.posts()
            with pytest.raises(ModelError, match="not signed"):
                it.roster.post(ref)
        else:
            assert it.roster.posts()["champion"].model.version == 1
            assert it.roster.post(ref).ref == ref


def test_a_key_that_cannot_be_used_is_a_wrong_configuration(tmp_path: Path, config: Config) -> None:
    """Starting again would not help."""
    with (
        pytest.raises(ConfigError, match="no-such-key"),
        office(config.model_copy(update={"key": tmp_path / "no-such-key"})),
    ):
        pass


def test_a_set_that_calls_the_users_own_code_needs_the_users_file(config: Config) -> None:
    """A bundle does not carry code: the worker says which set to configure."""
    own: Any = toy_bundle(FactorSet("other", TOY_SET.factors, TOY_SET.label), seed=8).manifest.factor_set
    record = type(own)(own.name, own.plan, own.factors, operators=("mine",))
    ref = add_version(config.registry, toy_bundle(seed=8, factor_set=record))
    with office(config) as it, pytest.raises(ModelError, match=r"calls mine, .* factors\.set"):
        it.roster.post(ref)
