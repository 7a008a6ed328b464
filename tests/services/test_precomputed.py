"""Signals computed ahead are those of the live path, and the cache answers with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from alphabus.client import SignalClient
from alphabus.errors import NoSectionError, RequestError
from alphabus.messages import Status
from alphabus.section import Section
from common.errors import ConfigError, DatasetError
from common.market.membership import Membership
from common.market.parts import BarParts, open_parts
from common.market.span import Span
from common.models.registry import Registry
from common.replay.results import SCHEMA, read_signals
from common.research import precompute
from common.research.precompute_check import ARM
from common.research.precompute_file import read_precomputed, write_precomputed
from common.research.precompute_write import write_answers
from common.research.roll_call import Conditions, RollCall
from services.bar_feed import service as feed_service
from services.signal_cache.admission import admit
from tests.docs.process_facts import defaults
from tests.services.cluster import MS, Cluster, toy_bundle
from tests.services.precomputing import DAYS, HISTORY, PARTIAL, Ahead, Leaving, processed_registry

OWN = ("arm", "capital")
"""Columns in which the two differ: who speaks, and with what weight."""


@pytest.fixture(scope="module", params=[False, True], ids=["everybody", "members"])
def ahead(request: pytest.FixtureRequest, registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Ahead:
    """Bars of everybody, and the same where some join and leave."""
    folder = tmp_path_factory.mktemp("ahead")
    members = folder / "members.csv" if request.param else None
    if members is not None:
        rows = [f"S{number:04},2021-01-04,{'2021-04-12' if number % 3 == 0 else ''}" for number in range(1, 20)]
        members.write_text("\n".join(["symbol,from,to", *rows, "S0021,2021-04-14,"]), encoding="utf-8")
    return Ahead(folder, registry, members)


@contextmanager
def running(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster that is closed at the end."""
    try:
        yield cluster
    finally:
        cluster.close()


def test_they_are_what_the_services_publish(ahead: Ahead) -> None:
    """Every fresh section of a replay, to the bit, with symbols, flags, number and origin; a held one is left out."""
    with running(ahead.cluster(ahead.config("replay"))) as cluster:
        cluster.run()
    replayed = read_signals(cluster.config.state, ["champion"])
    fresh = replayed.filter(pl.col("status") == "fresh").sort("bar", "symbol")
    found = ahead.computed()
    assert_frame_equal(found.rows.drop(OWN), fresh.drop(OWN), check_exact=True)
    held = replayed.filter(pl.col("status") != "fresh")
    assert {(each.bar, each.reason.value) for each in found.tally.left_out} == set(
        held.select("bar", "reason").unique().iter_rows()
    )
    assert {each.bar for each in found.tally.left_out} == {day + 1 for day in PARTIAL}
    assert set(fresh["flag"].unique()) >= ({0, 1, 4} if ahead.members else {0, 1})
    assert fresh["bar"].min() == HISTORY + 1


def test_who_is_forgotten_has_no_row_in_either(registry: Path, tmp_path: Path) -> None:
    """Live as ahead, however little is in memory; who is back has the value it would have had, and so has everybody."""
    ahead = Leaving(tmp_path, registry)
    with running(ahead.cluster(ahead.config("replay", feed={"forget_bars": 6}))) as cluster:
        cluster.run()
    fresh = read_signals(cluster.config.state, ["champion"]).filter(pl.col("status") == "fresh").sort("bar", "symbol")
    forgetful = replace(ahead.conditions, forget_bars=6)
    for sizes in ({}, {"block_numbers": 40, "panel_cells": 60}):
        found = ahead.computed(conditions=forgetful, **sizes).rows
        assert_frame_equal(found.drop(OWN), fresh.drop(OWN), check_exact=True)
    whole = ahead.computed().rows
    assert_frame_equal(whole.join(found, on=["bar", "symbol"], how="semi"), found, check_exact=True)
    left = whole.join(found, on=["bar", "symbol"], how="anti")
    assert set(left["symbol"]) >= {"S0002", "S0003", "S0004", "S0005"}
    assert not left.filter(pl.col("flag") == 0).height
    back = set(found.filter(pl.col("bar") == DAYS)["symbol"]) & set(left["symbol"])
    assert "S0003" in back
    assert back.isdisjoint({"S0002", "S0004", "S0005"})


def test_who_finds_no_place_has_no_row_in_either(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More symbols than a section holds: the same wait for a place, and get one, to the bit, and all is counted."""
    monkeypatch.setattr(feed_service, "Membership", partial(Membership, most=21))
    monkeypatch.setattr(precompute, "RollCall", partial(RollCall, most=21))
    ahead = Leaving(tmp_path, registry)
    with running(ahead.cluster(ahead.config("replay", feed={"forget_bars": 6}))) as cluster:
        cluster.run()
        counters = cluster.services["bar_feed"].counters.snapshot()
    fresh = read_signals(cluster.config.state, ["champion"]).filter(pl.col("status") == "fresh").sort("bar", "symbol")
    crowded = replace(ahead.conditions, forget_bars=6)
    for sizes in ({}, {"block_numbers": 40, "panel_cells": 60}):
        found = ahead.computed(conditions=crowded, **sizes)
        assert_frame_equal(found.rows.drop(OWN), fresh.drop(OWN), check_exact=True)
        assert found.tally.rejected["too_many_symbols"] >= counters["sections_too_many_symbols"] > 0
    listed = fresh.group_by("bar").len()["len"]
    assert listed.max() == 21
    rows = (cluster.config.state / "quarantine" / "sections.jsonl").read_text(encoding="utf-8").splitlines()
    waited = {symbol for row in rows for symbol in json.loads(row)["symbols"]}
    assert waited & set(fresh["symbol"]), "nobody got the place of one who left"


def test_processors_are_passed_as_live(tmp_path: Path) -> None:
    """A model whose processors drop rows and compare symbols says the same ahead as section by section."""
    bars = Ahead(tmp_path, tmp_path / "registry").bars
    ahead = Ahead(tmp_path, processed_registry(tmp_path / "registry", bars))
    assert ahead.served.model.reads_sections
    with running(ahead.cluster(ahead.config("replay"))) as cluster:
        cluster.run()
    fresh = read_signals(cluster.config.state, ["champion"]).filter(pl.col("status") == "fresh").sort("bar", "symbol")
    for block_numbers in (1, 10**6):
        rows = ahead.computed(block_numbers=block_numbers).rows
        assert_frame_equal(rows.drop(OWN), fresh.drop(OWN), check_exact=True)
    assert 3 in fresh["flag"]


@pytest.mark.parametrize("block_numbers", [1, 500])
def test_blocks_change_nothing(ahead: Ahead, block_numbers: int) -> None:
    """Section by section, or some at a time."""
    assert_frame_equal(ahead.computed(block_numbers=block_numbers).rows, ahead.computed().rows, check_exact=True)


@pytest.mark.parametrize(("part_rows", "panel_cells"), [(1, 1), (300, 10**6), (300, 100), (10**6, 100)])
def test_how_much_is_in_memory_changes_nothing(ahead: Ahead, tmp_path: Path, part_rows: int, panel_cells: int) -> None:
    """A file written part by part is the one of all bars at once: rows, symbols without a bar, digests, counts."""
    expected = ahead.computed()
    parts = open_parts(ahead.bars, part_rows=part_rows)
    asked = ahead.question(bars=parts, panel_cells=panel_cells, block_numbers=50)
    with Registry(ahead.registry, clock=lambda: 0, read_only=True) as models:
        manifest = models.load(ahead.served.ref).manifest
    told, tally = write_answers(tmp_path / "signals.parquet", asked, manifest)
    file = read_precomputed(tmp_path / "signals.parquet")
    assert_frame_equal(file.rows, expected.rows, check_exact=True)
    assert told == file.provenance == ahead.provenance(expected)
    assert tally.left_out == expected.tally.left_out
    assert tally.rejected == ahead.table.rejected_by_reason
    assert [path.name for path in tmp_path.iterdir()] == ["signals.parquet"]


def test_nothing_is_written_where_nothing_is_said(ahead: Ahead, tmp_path: Path) -> None:
    """An older file stays as it is."""
    stub = int(ahead.table.frame["stamp"].unique().sort()[PARTIAL[0]])
    (tmp_path / "signals.parquet").write_bytes(b"older")
    with Registry(ahead.registry, clock=lambda: 0, read_only=True) as models:
        manifest = models.load(ahead.served.ref).manifest
    with pytest.raises(DatasetError, match="the span has 1 section, none with"):
        write_answers(tmp_path / "signals.parquet", ahead.question(span=Span(stub, stub)), manifest)
    assert (tmp_path / "signals.parquet").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 1


def test_later_bars_change_nothing(ahead: Ahead) -> None:
    """A span that ends earlier has the first rows of the longer one, and its bars end with it."""
    whole = ahead.computed().rows
    last = int(whole["stamp"].unique().sort()[9])
    first = int(whole["stamp"].min())  # type: ignore[arg-type]  # Int64
    shorter = ahead.computed(span=Span(first, last))
    assert_frame_equal(shorter.rows, whole.filter(pl.col("stamp") <= last), check_exact=True)
    upto = replace(ahead.table, frame=ahead.table.frame.filter(pl.col("stamp") <= last))
    assert shorter.tally.bars.hexdigest() == ahead.computed(bars=BarParts.of(upto)).tally.bars.hexdigest()


def test_a_span_without_bars_is_refused(ahead: Ahead) -> None:
    """And one whose only section is partial."""
    stub = int(ahead.table.frame["stamp"].unique().sort()[PARTIAL[0]])
    for span, words in ((Span(0, 1), "no bar in that span"), (Span(stub, stub), "the span has 1 section, none with")):
        with pytest.raises(DatasetError, match=words):
            ahead.computed(span=span)


def test_the_file_says_what_was_computed(ahead: Ahead) -> None:
    """Columns as a replay's file, and back to the same rows."""
    path = ahead.write()
    assert list(pl.read_parquet_schema(path)) == ["datetime", *list(SCHEMA)[1:]]
    file = read_precomputed(path)
    assert_frame_equal(file.rows, ahead.computed().rows, check_exact=True)
    assert set(file.rows["arm"]) == {ARM}
    assert file.provenance.digest == ahead.served.ref.digest
    assert file.provenance.plan == ahead.served.plan.digest.hex()


@contextmanager
def asking(cluster: Cluster, arm: str = "champion") -> Iterator[SignalClient]:
    """A client on the cluster's bus; while it waits, everybody has a turn."""

    def wait(handles: object, timeout_ns: int) -> None:
        cluster.round(1 * MS)

    client = SignalClient(
        "test",
        arm,
        run_dir=Path("/memory"),
        mode="replay",
        transport=cluster._transport,
        clock=cluster.clock,
        wait=wait,
    )
    with client:
        yield client


def rows_of(section: Section | None) -> pl.DataFrame:
    """A section as rows of a file."""
    assert section is not None
    values, flags = pl.Series(section.values), pl.Series(section.flags)
    return pl.DataFrame({"symbol": section.symbols, "signal": values, "flag": flags})


def test_the_cache_answers_without_inference(ahead: Ahead) -> None:
    """Every bar of the file, before the pipeline has computed anything, with its own numbering and provenance."""
    path = ahead.write()
    rows, told = ahead.computed().rows, read_precomputed(path).provenance
    with running(ahead.cluster(ahead.config("answer", cache={"precomputed": str(path)}))) as cluster:
        with asking(cluster) as client:
            for (time, bar), part in rows.group_by("time", "bar", maintain_order=True):
                section = client.get_signal(time, wait=0, arm=ARM)
                assert_frame_equal(rows_of(section), part.select("symbol", "signal", "flag"), check_exact=True)
                assert section is not None
                it = section.signals
                assert (it.bar, it.arm, it.status, it.model.digest) == (bar, ARM, Status.FRESH, told.digest)
                assert (it.journal, it.capital) == (told.seal[:16], 0.0)
        assert cluster.services["signal_cache"].counters.snapshot()["sections_precomputed"] == told.sections


def test_what_is_not_in_the_file_goes_the_live_way(ahead: Ahead) -> None:
    """The champion's section, computed or held; before its first, and between two bars, the champion's errors."""
    path, times = ahead.write("shorter.parquet"), ahead.table.times
    with running(ahead.cluster(ahead.config("live", cache={"precomputed": str(path)}))) as cluster:
        cluster.run()
        with asking(cluster) as client:
            partial = client.get_signal(int(times[PARTIAL[0]]), wait=0, arm=ARM)
            assert partial is not None
            assert (partial.signals.arm, partial.signals.status) == ("champion", Status.HELD)
            for time in (int(times[HISTORY - 1]), int(times[HISTORY]) + 1):
                with pytest.raises(NoSectionError):
                    client.get_signal(time, wait=0, arm=ARM)


def test_what_is_not_in_the_file_is_waited_for(ahead: Ahead) -> None:
    """A bar the pipeline is still to compute comes as soon as the champion has it."""
    first = int(ahead.table.frame.filter(pl.col("time") >= ahead.split)["stamp"].min())  # type: ignore[arg-type]
    found = ahead.computed(span=Span(first, first))
    path = ahead.folder / "one.parquet"
    write_precomputed(path, found.rows, ahead.provenance(found), ahead.table.form)
    config = ahead.config("wait", cache={"precomputed": str(path)})
    with running(ahead.cluster(config)) as cluster, asking(cluster) as client:
        later = client.get_signal(int(ahead.table.times[HISTORY + 2]), wait=3600 * 1000 * MS, arm=ARM)
    assert later is not None
    assert (later.signals.arm, later.signals.status, later.signals.bar) == ("champion", Status.FRESH, HISTORY + 3)


def test_without_a_file_the_arm_is_unknown(ahead: Ahead) -> None:
    """At once, as any arm that is not there."""
    refused = pytest.raises(RequestError, match="no arm 'precomputed'; there is champion")
    with running(ahead.cluster(ahead.config("without"))) as cluster, asking(cluster) as client, refused:
        client.get_signal(ahead.split, wait=3600 * 1000 * MS, arm=ARM)


def test_latest_and_history_read_the_file(ahead: Ahead) -> None:
    """Page by page, each universe before the first section that has it."""
    path = ahead.write()
    rows = ahead.computed().rows
    config = ahead.config("history", cache={"precomputed": str(path)})
    with running(ahead.cluster(config)) as cluster, asking(cluster, ARM) as client:
        latest, history = client.latest(), client.history(0, 10**6)
    assert [section.signals.bar for section in history] == rows["bar"].unique(maintain_order=True).to_list()
    assert_frame_equal(pl.concat(map(rows_of, history)), rows.select("symbol", "signal", "flag"), check_exact=True)
    assert_frame_equal(rows_of(latest), rows_of(history[-1]))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "instance": ({"instance": "other"}, "for instance 'other', and this is 'test'"),
    "version": ({"version": 9}, "its rows are not all of demo/9"),
    "patience": ({"conditions": {"feed.patience_bars": 7}}, "feed.patience_bars = 7, and this instance has 3"),
    "forgetting": (
        {"conditions": {"feed.patience_bars": 3, "feed.forget_bars": 7}},
        "feed.forget_bars = 7, and this instance has None",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_not_for_this_instance_is_refused(name: str, ahead: Ahead) -> None:
    """At start, before anything is opened, naming key, file and what differs."""
    changes, words = WRONG[name]
    path = ahead.write(f"{name}.parquet", **changes)
    with pytest.raises(ConfigError, match=f"cache.precomputed: .*{words}"):
        ahead.cluster(ahead.config(f"refused-{name}", cache={"precomputed": str(path)}))
    assert not (ahead.folder / f"refused-{name}" / "state" / "signals").exists()


def test_other_lengths_of_bars_are_refused(ahead: Ahead) -> None:
    """Where the instance says how long its bars are."""
    config = ahead.config("length", cache={"precomputed": str(ahead.write())})
    with pytest.raises(ConfigError, match="interval_ns is 60"):
        admit(ahead.write(), config.model_copy(update={"interval_ns": 60}), lambda: 0)


def test_a_model_of_another_registry_is_refused(ahead: Ahead, tmp_path: Path) -> None:
    """One that is not there, one of the same name and version that is another, and no registry at all."""
    path = ahead.write()
    with Registry(tmp_path / "other", clock=lambda: 0) as models:
        models.add(toy_bundle(seed=8), author="test")
    with Registry(tmp_path / "empty", clock=lambda: 0):
        pass
    for name, words in (("other", "its demo/1 is"), ("empty", "not one of this instance"), ("none", "not one of this")):
        config = ahead.config("models").model_copy(update={"registry": tmp_path / name})
        with pytest.raises(ConfigError, match=words):
            admit(path, config, lambda: 0)


def test_the_conditions_are_those_of_an_instance() -> None:
    """Their defaults are the configuration's, and each is a key of it."""
    words = Conditions().words
    true = defaults()
    assert words == {name: true[name] for name in words}
