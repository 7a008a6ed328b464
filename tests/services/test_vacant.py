"""An arm of which no model can be loaded at a start: it says so, is served once that is mended, and costs no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alphabus.codec import decode
from alphabus.messages import Alert, Signals
from common.errors import ModelError
from common.models.records import ModelRef
from common.models.registry import Registry
from common.models.signature import load_key, make_key
from tests.services.cluster import MS, Cluster, add_version, promote, toy_bundle, toy_config, toy_registry
from tests.services.test_swap import HISTORY, PACED, ears, market, until, until_bar

ARMS = {"champion": {"alias": "champion", "capital": 1.0}, "shadow": {"alias": "shadow", "capital": 0.0}}
LIVE = 14
LAST = HISTORY + LIVE
DEADLINE: dict[str, Any] = {"feed": {"pace_s": 0.2}, "inference": PACED}
WAIT: dict[str, Any] = {"feed": {"pace_s": 0.2}}
POLICIES = pytest.mark.parametrize("tables", [DEADLINE, WAIT], ids=["deadline", "wait"])


class Archive:
    """`demo` 1 serves the champion; 2 is what the shadow is to be served by."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, toy_registry(folder / "registry")
        self.ref = add_version(self.root, toy_bundle(seed=8))
        self.tables: dict[str, Any] = {"arms": ARMS}
        self._sound = b""

    @property
    def _weights(self) -> Path:
        return self.root / "bundles" / self.ref.digest / "model.txt"

    def damage(self) -> None:
        """One bit is flipped in the weights."""
        promote(self.root, 2, alias="shadow")
        self._sound = self._weights.read_bytes()
        self._weights.write_bytes(bytes([self._sound[0] ^ 1]) + self._sound[1:])

    def remove(self) -> None:
        """No alias of that name."""

    def leave_unsigned(self) -> None:
        """There is a key, and nobody vouches for the second."""
        promote(self.root, 2, alias="shadow")
        key = make_key(self.folder / "key")
        with Registry(self.root, clock=lambda: 0) as registry:
            registry.sign(registry.version("demo", 1).ref, key)

    def mend(self, how: str) -> None:
        """What a person does about it."""
        with Registry(self.root, clock=lambda: 0) as registry:
            if how == "leave_unsigned":
                registry.sign(self.ref, load_key(self.folder / "key"))
            elif how == "damage":
                self._weights.write_bytes(self._sound)
            else:
                registry.promote("test", "shadow", "demo", 2, by="ann", why="mended")

    def swaps(self) -> list[tuple[Any, Any, str]]:
        """From what to what the shadow changed hands, and why; or to what it did not."""
        with Registry(self.root, clock=lambda: 0) as registry:
            rows = [row for row in registry.history("test") if row.action in {"swap", "swap_failed"}]
        assert {row.arm for row in rows} <= {"shadow"}
        return [(row.source, row.target, row.why) for row in rows]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """A registry of one's own."""
    return Archive(tmp_path)


@contextmanager
def running(archive: Archive, trouble: str, tables: dict[str, Any]) -> Iterator[Cluster]:
    """The pipeline over an archive with this trouble, to its end."""
    getattr(archive, trouble)()
    config = toy_config(archive.folder, archive.root, **(archive.tables | tables))
    if trouble == "leave_unsigned":
        config = config.model_copy(update={"key": archive.folder / "key"})
    cluster = Cluster(config, market(LIVE))
    try:
        yield cluster
        cluster.run(pass_ns=5 * MS)
    finally:
        cluster.close()
    assert cluster.refused == []


def told(said: list[Signals]) -> list[tuple[int, str, str, int]]:
    """Bar, status, reason and version of each."""
    return [(it.bar, it.status.value, it.reason.value, it.model.version) for it in said]


def vacant_alerts(cluster: Cluster) -> list[dict[str, str]]:
    """What was told of arms that nobody serves; the worker is started again, since that is told at a start."""
    channel = ears(cluster)
    cluster.restart("inference_worker")
    for _ in range(3):
        cluster.round(5 * MS)
    found = []
    while (frames := channel.receive()) is not None:
        message = decode(frames).message
        if isinstance(message, Alert) and message.event == "arm_vacant":
            found.append(dict(message.detail))
    channel.close()
    return found


WHY = {"damage": "digest", "leave_unsigned": "is not signed", "remove": "has no alias 'shadow'"}


@POLICIES
@pytest.mark.parametrize("trouble", WHY)
def test_the_others_serve(archive: Archive, trouble: str, tables: dict[str, Any]) -> None:
    """Every bar is the champion's, fresh; the shadow is void, and names what was wanted of it, if anything was."""
    with running(archive, trouble, tables) as cluster:
        pass
    bars = range(HISTORY + 1, LAST + 1)
    assert told(cluster.record()) == [(bar, "fresh", "", 1) for bar in bars]
    version = 0 if trouble == "remove" else 2
    assert told(cluster.record("shadow")) == [(bar, "void", "nothing_yet", version) for bar in bars]
    assert archive.swaps() == []
    assert {it.model.name for it in cluster.record("shadow")} == {"none" if trouble == "remove" else "demo"}


@pytest.mark.parametrize("trouble", WHY)
def test_a_person_is_told_what_to_do(archive: Archive, trouble: str) -> None:
    """Once a start: the arm, the model, the reason, and the command that mends it with all that it needs."""
    with running(archive, trouble, WAIT) as cluster:
        (alert,) = vacant_alerts(cluster)
    assert alert["arm"] == "shadow"
    assert alert.get("wanted", "") == ("" if trouble == "remove" else "demo/2")
    assert WHY[trouble] in alert["detail"]
    assert f"--instance test --alias shadow --registry {archive.root}" in alert["detail"]


@POLICIES
@pytest.mark.parametrize("trouble", WHY)
def test_it_is_served_once_that_is_mended(archive: Archive, trouble: str, tables: dict[str, Any]) -> None:
    """As a candidate is: between two bars, without a restart, and on record as one that came after nobody."""
    with running(archive, trouble, tables) as cluster:
        until_bar(cluster, HISTORY + 2)
        archive.mend(trouble)
        until(cluster, lambda: bool(archive.swaps()))
    said = told(cluster.record("shadow"))
    first = next(bar for bar, status, _, _ in said if status == "fresh")
    assert HISTORY + 2 < first < LAST
    assert said == [
        (
            bar,
            *(("void", "nothing_yet") if bar < first else ("fresh", "")),
            0 if trouble == "remove" and bar < first else 2,
        )
        for bar in range(HISTORY + 1, LAST + 1)
    ]
    ((source, target, why),) = archive.swaps()
    assert (source, target) == (None, ("demo", 2))
    assert ("were changed" if trouble != "remove" else "was moved") in why


def test_what_is_changed_for_the_worse_is_refused(archive: Archive) -> None:
    """It says so, and tries again when it is changed once more."""
    with running(archive, "damage", DEADLINE) as cluster:
        manifest = archive.root / "bundles" / archive.ref.digest / "manifest.json"
        sound = manifest.read_bytes()
        until_bar(cluster, HISTORY + 2)
        manifest.write_bytes(sound.replace(b"demo", b"dame"))
        until(cluster, lambda: len(archive.swaps()) == 1)
        manifest.write_bytes(sound)
        archive.mend("damage")
        until(cluster, lambda: len(archive.swaps()) == 2)
    (_, refused, why), (source, target, _) = archive.swaps()
    assert (refused, source, target) == (("demo", 2), None, ("demo", 2))
    assert "digest" in why


def test_what_it_meant_before_relieves_it(archive: Archive) -> None:
    """As it does for a model that never answers: what was moved away from is there, and sound."""
    promote(archive.root, 1, alias="shadow")
    with running(archive, "damage", WAIT) as cluster:
        pass
    assert told(cluster.record("shadow")) == [(bar, "fresh", "", 1) for bar in range(HISTORY + 1, LAST + 1)]
    (_, refused, _), (source, target, why) = archive.swaps()
    assert (refused, source, target) == (("demo", 2), None, ("demo", 1))
    assert "digest" in why


@POLICIES
def test_what_it_said_before_is_held(archive: Archive, tables: dict[str, Any]) -> None:
    """It served, its files are damaged, the worker starts again: held, as when no child can be started."""
    promote(archive.root, 2, alias="shadow")
    with running(archive, "remove", tables) as cluster:
        until_bar(cluster, HISTORY + 3)
        archive.damage()
        cluster.restart("inference_worker")
    said = [(status, reason) for _, status, reason, _ in told(cluster.record("shadow"))]
    served = said.count(("fresh", ""))
    assert served >= 3
    # inference.max_age_bars is 2
    held = [("held", "crash")] * 2
    assert said == [*[("fresh", "")] * served, *held, *[("void", "max_age")] * (LIVE - served - 2)]
    assert {it[1] for it in told(cluster.record())} <= {"fresh", "held"}


def test_where_no_arm_can_serve_there_is_no_start(archive: Archive) -> None:
    """Each arm is named, with its model and its reason."""
    archive.damage()
    weights = archive.root / "bundles" / ref_of(archive.root, 1).digest / "model.txt"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(
        ModelError, match=r"arm champion: demo/1 cannot .*; arm shadow: demo/2 cannot .* --alias shadow"
    ):
        Cluster(toy_config(archive.folder, archive.root, **archive.tables), market(LIVE))


def ref_of(root: Path, version: int) -> ModelRef:
    """One of them."""
    with Registry(root, clock=lambda: 0) as registry:
        return registry.version("demo", version).ref
