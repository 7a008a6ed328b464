"""What the worker says when a child reports that the fast scorer could not be used."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from alphabus.codec import decode
from alphabus.messages import Alert
from services.inference_worker.executor.exchange import Ready
from services.inference_worker.roster.post import Post
from tests.services.cluster import Cluster, toy_config, toy_registry
from tests.services.inference_worker.children import next_message, running
from tests.services.markets import toy_market
from tests.services.seats import FormulaSeat


def alerts(cluster: Cluster) -> list[Alert]:
    """All that the worker raises while two sections are scored."""
    bus = cluster.services["inference_worker"].context.bus
    topic = bus.endpoints.topic("alerts", "inference_worker")
    channel = bus.transport.subscriber(bus.endpoints.live("inference_worker"), [topic])
    cluster.run()
    assert len(cluster.record()) == 2
    heard = []
    while (frames := channel.receive()) is not None:
        heard.append(decode(frames).message)
    return [alert for alert in heard if isinstance(alert, Alert)]


@pytest.mark.e2e
def test_wrong_bits_in_a_real_child_raise_an_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child proves its scorer before it is ready, finds few rows off by a bit, and serves by LightGBM."""
    plan = tmp_path / "faults.toml"
    plan.write_text('[[fault]]\naction = "wrong_bits"\nstarts = [1]\n')

    def ready(_seat: FormulaSeat, post: Post) -> Ready:
        with running(post.folder, fault=plan) as executor:
            said = next_message(executor)
        assert isinstance(said, Ready)
        return said

    monkeypatch.setattr(FormulaSeat, "_ready", ready)
    config = toy_config(tmp_path, toy_registry(tmp_path / "registry"))
    with closing(Cluster(config, toy_market(1, live=2))) as cluster:
        (alert,) = alerts(cluster)
    detail = dict(alert.detail)
    assert (alert.event, detail.pop("arm"), detail.pop("scorer")) == ("scorer_refused", "champion", "lightgbm")
    assert "with other scores than LightGBM's own" in detail["detail"]


@pytest.mark.parametrize("alarming", [True, False])
def test_wrong_bits_raise_an_alert_and_a_model_that_is_not_covered_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, alarming: bool
) -> None:
    """With the arm, who scores instead, and why; sections are scored all the same."""

    def ready(_seat: FormulaSeat, post: Post) -> Ready:
        identity = (post.model.name, "formula", post.model.digest, post.features)
        return Ready(*identity, scorer="lightgbm", refusal="3 rows differ", alarming=alarming)

    monkeypatch.setattr(FormulaSeat, "_ready", ready)
    config = toy_config(tmp_path, toy_registry(tmp_path / "registry"))
    with closing(Cluster(config, toy_market(1, live=2))) as cluster:
        told = [(alert.event, dict(alert.detail)) for alert in alerts(cluster)]
    expected = {"arm": "champion", "scorer": "lightgbm", "detail": "3 rows differ"}
    assert told == ([("scorer_refused", expected)] if alarming else [])
