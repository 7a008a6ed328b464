"""The whole pipeline under seeded mischief: whatever is lost, repeated, delayed or killed, the record is the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest

from alphabus.endpoints import SERVICES
from alphabus.messages import Reason, Signals, Status
from alphabus.testing import SeededMischief
from common.config import Config
from tests.services.cluster import ROUND_NS, Assassin, Cluster, said, toy_config, toy_registry
from tests.services.markets import toy_market
from tests.services.seats import Behave

SEEDS = int(os.environ.get("ALPHABUS_SEEDS", "100"))
FIRST_SEED = int(os.environ.get("ALPHABUS_FIRST_SEED", "0"))
BATCH = 25
MARKETS = 6
STORMY_ROUNDS = 300
PACED_ROUNDS_NS = (0, 1_000_000, 5_000_000, 20_000_000)

PACED = {"pace_s": 0.2}
DEADLINE = {"policy": "deadline", "deadline_ms": 50, "late_until_ms": 120, "attempts": 4}
TWO_ARMS = {"champion": {"alias": "champion", "capital": 0.5}, "challenger": {"alias": "challenger", "capital": 0.5}}
Told = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One model for all seeds."""
    return toy_registry(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="module")
def undisturbed(registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Told]:
    """What the cache has on record of a market when nothing goes wrong."""
    found: dict[int, Told] = {}

    def of(market: int) -> Told:
        if market not in found:
            config = toy_config(tmp_path_factory.mktemp("calm"), registry, arms=TWO_ARMS)
            found[market] = told(calm_run(config, market))
        return found[market]

    return of


def dice_of(seed: int) -> Random:
    """All chance of a run."""
    return Random(seed)  # noqa: S311  dice, not secrets


def calm_run(config: Config, market: int) -> Cluster:
    """A run that nothing happens to."""
    cluster = Cluster(config, toy_market(market))
    cluster.run()
    cluster.close()
    return cluster


def told(cluster: Cluster) -> Told:
    """Every section of every arm on record, to the bit."""
    return [said(signals) for arm in cluster.config.arms for signals in cluster.record(arm)]


def moody(dice: Random, chance: float) -> Behave:
    """An executor that fails now and then, never more than thrice at one section."""

    def behave(_bar: int, attempt: int) -> str:
        return (
            dice.choice(("slow", "hang", "crash", "invalid")) if attempt <= 3 and dice.random() < chance else "answer"
        )

    return behave


def stormy_run(
    config: Config, market: int, dice: Random, rounds_ns: Sequence[int] = ROUND_NS, fury: float = 1.0
) -> Cluster:
    """Mischief on every link, kills in the middle of a turn and between turns, then calm until the end."""
    weather = SeededMischief(
        dice,
        drop=fury * dice.choice((0, 0.02, 0.2)),
        duplicate=dice.choice((0, 0.1)),
        delay=fury * dice.choice((0, 0.05, 0.3)),
    )
    assassin = Assassin(dice, fury * dice.choice((0, 0.002, 0.02)), weather)
    moods = moody(dice, dice.choice((0, 0.2)))
    cluster = Cluster(config, toy_market(market), behave=moods, mischief=assassin)
    kills = fury * dice.choice((0, 0.01, 0.05))
    for _ in range(STORMY_ROUNDS):
        if cluster.ended:
            break
        for name in dice.sample(SERVICES, len(SERVICES)):
            if dice.random() < 0.8:
                cluster.step(name)
            if dice.random() < kills:
                cluster.restart(name)
        cluster.clock.advance(dice.choice(rounds_ns))
    weather.calm()
    assassin.retire()
    cluster.run(pass_ns=max(rounds_ns))
    cluster.close()
    return cluster


@pytest.mark.parametrize("batch", range(FIRST_SEED, FIRST_SEED + SEEDS, BATCH))
def test_the_record_is_that_of_an_undisturbed_run(
    batch: int, registry: Path, undisturbed: Callable[[int], Told], tmp_path: Path
) -> None:
    """Under `wait` every section is on record once, in order, with the bits of a run that nothing happened to."""
    for seed in range(batch, batch + BATCH):
        print(f"seed {seed}: ALPHABUS_FIRST_SEED={seed} ALPHABUS_SEEDS=1")  # noqa: T201  shown when it fails
        config = toy_config(tmp_path / str(seed), registry, arms=TWO_ARMS)
        cluster = stormy_run(config, seed % MARKETS, dice_of(seed))
        assert cluster.refused == []
        assert told(cluster) == undisturbed(seed % MARKETS)


def check_promise(record: list[Signals], computed: dict[int, Signals], bars: list[int], max_age_bars: int) -> None:
    """What is promised under a deadline, of one arm's record; `computed` are the values of an undisturbed run."""
    assert [signals.bar for signals in record if signals.revision == 0] == bars
    before: Signals | None = None
    for signals in record:
        if signals.revision:
            assert (signals.status, signals.revision) == (Status.LATE, 1)
            assert before is not None
            assert (before.bar, before.revision) == (signals.bar, 0)
            assert before.status in (Status.HELD, Status.VOID)
        if signals.status is Status.VOID:
            assert signals.reason in (Reason.NOTHING_YET, Reason.MAX_AGE)
            assert np.isnan(signals.values).all()
        else:
            assert signals.computed_from is not None
            assert signals.age == signals.bar - signals.computed_from.bar <= max_age_bars
            assert (signals.age == 0) == (signals.status in (Status.FRESH, Status.LATE))
            assert content(signals) == content(computed[signals.computed_from.bar])
        before = signals


def content(signals: Signals) -> tuple[bytes, ...]:
    """Values and flags, and whose they are."""
    return signals.universe, signals.columns["signal"].tobytes(), signals.columns["flag"].tobytes()


@pytest.mark.parametrize("batch", range(FIRST_SEED, FIRST_SEED + SEEDS // 2, BATCH))
def test_the_promise_holds_under_a_deadline(batch: int, registry: Path, tmp_path: Path) -> None:
    """Each section once and in order, at most one revision, held values unchanged and of a named age."""
    oracles: dict[int, dict[int, Signals]] = {}
    for seed in range(batch, batch + BATCH):
        print(f"seed {seed}: ALPHABUS_FIRST_SEED={seed} ALPHABUS_SEEDS=2")  # noqa: T201  shown when it fails
        market = seed % MARKETS
        if market not in oracles:
            calm = calm_run(toy_config(tmp_path / f"calm-{market}", registry), market)
            oracles[market] = {signals.bar: signals for signals in calm.record() if signals.age == 0}
        config = toy_config(tmp_path / str(seed), registry, feed=PACED, inference=DEADLINE)
        cluster = stormy_run(config, market, dice_of(seed), PACED_ROUNDS_NS, fury=0.1)
        source = toy_market(market)
        bars = list(range(source.split + 1, len(source.sections) + 1))
        check_promise(cluster.record(), oracles[market], bars, config.inference.max_age_bars)
