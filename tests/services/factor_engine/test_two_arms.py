"""Two arms of two plans beside the real worker: states are damaged, processes restart, and no section waits."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from alphabus.messages import Signals
from common.config import Config
from common.factors.sets import FactorSet
from services.factor_engine.snapshot import SUFFIX, decode_snapshot
from tests.services.cluster import MS, Cluster, add_version, promote, toy_bundle, toy_config, toy_registry
from tests.services.markets import TOY_SET, ToySource, raw_section

OTHER = FactorSet(
    "other",
    (("return_2", "close / ts_delay(close, 2) - 1"), ("mean_5", "ts_mean(close, 5)"), ("low_rank", "cs_rank(low)")),
    TOY_SET.label,
)
HISTORY, LIVE = 6, 60
ARMS = {name: {"alias": name, "capital": 0.5} for name in ("champion", "challenger")}


def market() -> ToySource:
    """Four symbols that always trade."""
    closes = [{s: 10.0 + bar % 7 + ord(s) for s in "ABCD"} for bar in range(1, HISTORY + LIVE + 1)]
    return ToySource(tuple(raw_section(bar, close) for bar, close in enumerate(closes, 1)), HISTORY)


def config_of(folder: Path) -> Config:
    """The champion wants the configured plan, the challenger the other one; each section waits for both."""
    folder.mkdir()
    registry = toy_registry(folder / "registry")
    add_version(registry, toy_bundle(OTHER, seed=10))
    promote(registry, 2, "challenger")
    return toy_config(folder, registry, arms=ARMS, factors={"set": TOY_SET.name, "snapshot_sections": 3})


def snapshots(config: Config) -> list[Path]:
    """Files of both plans."""
    return sorted((config.state / "factor_engine").glob(f"*{SUFFIX}"))


def heard(cluster: Cluster) -> dict[str, list[tuple[int, str, bytes]]]:
    """Bar, status and values of what each arm said."""
    found: dict[str, list[Signals]] = {arm: cluster.record(arm) for arm in ARMS}
    return {
        arm: [(it.bar, it.status.value, it.columns["signal"].tobytes()) for it in said] for arm, said in found.items()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[int, str, bytes]]]:
    """What is said when nothing happens."""
    cluster = Cluster(config_of(tmp_path_factory.mktemp("calm") / "two"), market())
    cluster.run()
    cluster.close()
    return heard(cluster)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_states_change_no_signal(
    seed: int, undisturbed: dict[str, list[tuple[int, str, bytes]]], tmp_path: Path
) -> None:
    """One file or both, again and again, with the worker killed in between: every section is said, to the same bits."""
    dice = Random(seed)  # noqa: S311  dice, not secrets
    config = config_of(tmp_path / "two")
    cluster = Cluster(config, market())
    for _ in range(6):
        for _ in range(dice.randrange(3, 25)):
            cluster.round(20 * MS)
        for path in dice.sample(snapshots(config), dice.randrange(3)):
            path.write_bytes(path.read_bytes()[:-1])
        cluster.restart("factor_engine")
        if dice.random() < 0.3:
            cluster.restart("inference_worker")
    cluster.run()
    cluster.close()
    assert heard(cluster) == undisturbed
    assert {status for said in undisturbed.values() for _, status, _ in said} == {"fresh"}


def test_the_plan_of_before_keeps_up(tmp_path: Path) -> None:
    """Both arms go over to one plan and the worker starts anew: the other plan's state goes on with it."""
    config = config_of(tmp_path / "two")
    cluster = Cluster(config, market())
    while cluster.services["signal_cache"].bar < HISTORY + 10:
        cluster.round(20 * MS)
    promote(config.registry, 1, "challenger")
    for _ in range(10):
        cluster.round(20 * MS)
    cluster.restart("inference_worker")
    cluster.run()
    for _ in range(100):
        cluster.round(20 * MS)
    bars = [decode_snapshot(path.read_bytes()).position.bar for path in snapshots(config)]
    cluster.close()
    assert len(bars) == 2
    assert min(bars) >= HISTORY + LIVE - 6
