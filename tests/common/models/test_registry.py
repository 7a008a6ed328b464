"""The registry: versions, aliases, history, serving; two connections; older and newer files."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphabus.clock import ManualClock
from common.errors import BundleError, RegistryBusyError, RegistryError
from common.models.bundle import Bundle
from common.models.records import AliasRow, Change, Event, ModelRef, Serving
from common.models.registry import Registry
from common.models.schema import MIGRATIONS
from common.models.signature import Key
from tests.common.models.sample_bundle import draft


def _bundle(name: str = "demo", seed: int = 0) -> Bundle:
    return Bundle.make(draft(name, scores={"seed": float(seed)}), {})


def _clock() -> int:
    return 1_000


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry with two versions of `demo` and one of `other`."""
    with Registry(tmp_path, clock=_clock) as opened:
        for bundle in (_bundle(seed=1), _bundle(seed=2), _bundle("other")):
            opened.add(bundle, author="ann")
        yield opened


def _promote(registry: Registry, name: str, version: int, instance: str = "sp500") -> ModelRef:
    return registry.promote(instance, "champion", name, version, by="ann", why="because")


def _serving(bar: int, version: int, *, journal: bytes = b"j" * 16, arm: str = "champion") -> Serving:
    return Serving("sp500", journal, "live", arm, bar, 10 * bar, "demo", version)


def test_versions_count_from_one_for_each_name(registry: Registry) -> None:
    """In order of registration, with time and author from outside the bundle."""
    assert [str(row.ref) for row in registry.models()] == ["demo/1", "demo/2", "other/1"]
    assert registry.version("demo").ref == ModelRef("demo", 2, _bundle(seed=2).digest)
    assert {(row.created_ns, row.author, row.kind) for row in registry.models()} == {(1_000, "ann", "lightgbm")}


def test_the_same_bundle_keeps_its_version(registry: Registry) -> None:
    """Registered again it gets no new one, and no row of history."""
    before = registry.history()
    assert registry.add(_bundle(seed=1), author="bob").version == 1
    assert registry.history() == before


def test_a_version_is_found_by_its_training_key(registry: Registry) -> None:
    """The newest one, under its name if one is asked for."""
    key = draft().training.key
    assert registry.find(key) is not None
    found = registry.find(key, name="demo")
    assert found is not None
    assert str(found.ref) == "demo/2"
    assert registry.find("f" * 64) is None
    assert registry.find(key, name="none") is None


def test_only_a_true_bundle_is_registered(tmp_path: Path) -> None:
    """A digest without its folder, and a path instead of a digest."""
    with Registry(tmp_path, clock=_clock) as registry:
        for digest in ("0" * 64, "../bundles", "/"):
            with pytest.raises(BundleError):
                registry.register(digest, author="ann")
        assert registry.models() == []


def test_an_alias_means_what_it_was_promoted_to(registry: Registry) -> None:
    """Each instance has its own, and each change is one row of history with both ends."""
    _promote(registry, "demo", 1)
    _promote(registry, "demo", 2)
    _promote(registry, "other", 1, "crypto")
    assert str(registry.resolve("sp500", "champion")) == "demo/2"
    assert str(registry.resolve("crypto", "champion")) == "other/1"
    assert registry.aliases("sp500") == [AliasRow("sp500", "champion", registry.resolve("sp500", "champion"))]
    assert registry.history("sp500", "champion") == [
        Change(4, 1_000, "promote", "sp500", "champion", None, ("demo", 1), "ann", "because"),
        Change(5, 1_000, "promote", "sp500", "champion", ("demo", 1), ("demo", 2), "ann", "because"),
    ]


def test_a_promotion_to_the_same_version_is_no_change(registry: Registry) -> None:
    """No second row."""
    _promote(registry, "demo", 1)
    _promote(registry, "demo", 1)
    assert len(registry.history("sp500")) == 1


def test_a_promotion_again_is_on_record(registry: Registry) -> None:
    """A row from the version to itself, the newest change of the alias; a reader sees that something happened."""
    _promote(registry, "demo", 1)
    with Registry(registry.root, clock=_clock, read_only=True) as reader:
        seen = reader.data_version()
        registry.promote("sp500", "champion", "demo", 1, by="bob", why="mended", again=True)
        assert reader.data_version() != seen
        last = reader.last_change("sp500", "champion")
    assert last == registry.history()[-1]
    assert (last.action, last.source, last.target, last.why) == ("promote", ("demo", 1), ("demo", 1), "mended")


def test_a_first_promotion_may_be_told_to_be_again(registry: Registry) -> None:
    """It is the first all the same: one row, from nothing."""
    registry.promote("sp500", "champion", "demo", 1, by="bob", why="", again=True)
    assert [change.source for change in registry.history("sp500")] == [None]


def test_a_rollback_passes_over_what_did_not_move(registry: Registry) -> None:
    """Promoted again and again, the alias goes back to what it meant before it moved; alone, to nothing."""
    _promote(registry, "demo", 1)
    registry.promote("sp500", "champion", "demo", 1, by="bob", why="", again=True)
    with pytest.raises(RegistryError, match="nothing to go back to"):
        registry.rollback("sp500", "champion", by="bob", why="")
    _promote(registry, "demo", 2)
    registry.promote("sp500", "champion", "demo", 2, by="bob", why="", again=True)
    assert registry.rollback("sp500", "champion", by="bob", why="").version == 1


def test_a_rollback_verifies_where_it_goes(registry: Registry) -> None:
    """A bundle that was damaged, or is not signed, is refused before the alias moves."""
    _promote(registry, "demo", 1)
    _promote(registry, "demo", 2)
    strict = Registry(registry.root, clock=_clock, key=Key(b"k" * 32))
    with strict, pytest.raises(BundleError, match="is not signed"):
        strict.rollback("sp500", "champion", by="bob", why="")
    (registry.folder(registry.version("demo", 1).ref) / "manifest.json").write_bytes(b"{}")
    before = registry.history()
    with pytest.raises(BundleError):
        registry.rollback("sp500", "champion", by="bob", why="")
    assert (registry.resolve("sp500", "champion").version, registry.history()) == (2, before)


@pytest.mark.parametrize(
    ("instance", "alias", "name", "version", "told"),
    [
        ("sp500", "champion", "demoo", 1, "did you mean 'demo'"),
        ("sp500", "champion", "demo", 3, "its versions are 1 to 2"),
        ("sp500", "Champion", "demo", 1, "alias name"),
        ("sp500", "../x", "demo", 1, "alias name"),
        ("sp500", "a" * 65, "demo", 1, "alias name"),
        ("sp500", "a\n", "demo", 1, "alias name"),
        ("sp/500", "champion", "demo", 1, "instance name"),
        ("", "champion", "demo", 1, "instance name"),
    ],
)
def test_a_wrong_promotion_changes_nothing(
    registry: Registry, *, instance: str, alias: str, name: str, version: int, told: str
) -> None:
    """It is refused by name, and neither alias nor history has changed."""
    before = registry.history()
    with pytest.raises(RegistryError) as refused:
        registry.promote(instance, alias, name, version, by="ann", why="")
    assert told in str(refused.value)
    assert (registry.aliases(), registry.history()) == ([], before)


def test_unknown_aliases_get_the_closest(registry: Registry) -> None:
    """Did you mean."""
    _promote(registry, "demo", 1)
    with pytest.raises(RegistryError, match="did you mean 'champion'"):
        registry.resolve("sp500", "champoin")
    with pytest.raises(RegistryError, match="has no alias"):
        registry.resolve("crypto", "champion")


def test_who_served_at_a_bar_is_one_question(registry: Registry) -> None:
    """The last row at or before the bar, of the journal asked for or the newest one."""
    old = b"i" * 16
    for row in (_serving(5, 2, journal=old), _serving(3, 1), _serving(7, 2), _serving(7, 1), _serving(9, 2, arm="b")):
        registry.record_serving(row)
    versions = [registry.served_at("sp500", "champion", bar) for bar in (2, 3, 6, 7, 100)]
    assert [row and row.version for row in versions] == [None, 1, 1, 1, 1]
    assert registry.served_at("sp500", "champion", 6, journal=old) == _serving(5, 2, journal=old)
    assert registry.last_served("sp500", "champion") == _serving(7, 1)
    assert registry.last_served("sp500", "c") is None
    assert registry.served_at("sp500", "c", 1) is None


def test_only_registered_versions_can_have_served(registry: Registry) -> None:
    """A fact about a model nobody knows is refused."""
    with pytest.raises(RegistryError, match="FOREIGN KEY"):
        registry.record_serving(_serving(1, 9))


def test_a_change_elsewhere_is_seen(registry: Registry) -> None:
    """The data version moves with changes of other connections, and only with them."""
    with Registry(registry.root, clock=_clock, read_only=True, timeout_s=0.0) as reader:
        seen = reader.data_version()
        assert reader.data_version() == seen
        _promote(registry, "demo", 1)
        assert reader.data_version() != seen
        assert str(reader.resolve("sp500", "champion")) == "demo/1"


def test_a_reader_changes_nothing(registry: Registry) -> None:
    """Read-only means it."""
    reader = Registry(registry.root, clock=_clock, read_only=True)
    with reader, pytest.raises(RegistryError, match="readonly"):
        _promote(reader, "demo", 1)


def test_a_reader_does_not_wait_for_a_writer(registry: Registry) -> None:
    """While another connection holds the write lock, it reads what was committed before."""
    _promote(registry, "demo", 1)
    with Registry(registry.root, clock=_clock, read_only=True, timeout_s=0.0) as reader, registry._connection.writing():
        assert str(reader.resolve("sp500", "champion")) == "demo/1"


def test_a_second_writer_is_told_to_try_again(registry: Registry) -> None:
    """With no time to wait it is refused as busy and has changed nothing."""
    with Registry(registry.root, clock=_clock, timeout_s=0.0) as second:
        with registry._connection.writing(), pytest.raises(RegistryBusyError, match="try again"):
            _promote(second, "demo", 1)
        assert second.aliases() == []
        _promote(second, "demo", 1)
        assert len(registry.aliases()) == 1


def test_a_failed_change_leaves_no_trace(registry: Registry) -> None:
    """The clock breaks between the alias and its history: neither is there."""

    def broken() -> int:
        raise RuntimeError("no time")

    with Registry(registry.root, clock=broken) as second, pytest.raises(RuntimeError, match="no time"):
        _promote(second, "demo", 1)
    assert registry.aliases() == []


def test_it_is_durable_and_lets_readers_pass(registry: Registry) -> None:
    """WAL, and synchronous FULL: a commit is on disk when it returns."""
    assert registry._connection.row("PRAGMA journal_mode") == ("wal",)
    assert registry._connection.row("PRAGMA synchronous") == (2,)


def test_a_new_file_has_the_current_schema(registry: Registry) -> None:
    """Counted by user_version."""
    assert registry._connection.row("PRAGMA user_version") == (len(MIGRATIONS),)


def test_a_newer_file_is_refused(registry: Registry) -> None:
    """For reading and for writing, with what to do."""
    registry._connection.rows(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    for read_only in (True, False):
        with pytest.raises(RegistryError, match="update"):
            Registry(registry.root, clock=_clock, read_only=read_only)


def test_what_is_no_registry_is_refused(tmp_path: Path) -> None:
    """Another file under its name, and a folder without one."""
    with pytest.raises(RegistryError, match="there is no registry"):
        Registry(tmp_path, clock=_clock, read_only=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "registry.sqlite").write_bytes(b"not a database, but long enough to be taken for one" * 20)
    for read_only in (True, False):
        with pytest.raises(RegistryError, match="not a database"):
            Registry(tmp_path, clock=_clock, read_only=read_only)


def test_an_unfinished_migration_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that fails leaves the file as it was, and the next opening starts again."""
    monkeypatch.setattr("common.models.schema.MIGRATIONS", (*MIGRATIONS, ("CREATE NONSENSE",)))
    with pytest.raises(RegistryError, match="NONSENSE"):
        Registry(tmp_path, clock=_clock)
    monkeypatch.undo()
    with Registry(tmp_path, clock=_clock) as registry:
        assert registry.models() == []


def test_times_come_from_the_clock_handed_in(tmp_path: Path) -> None:
    """A manual clock, and nothing else."""
    clock = ManualClock(5)
    with Registry(tmp_path, clock=clock.wall_ns) as registry:
        registry.add(_bundle(), author="ann")
        assert registry.history()[0].time_ns == registry.models()[0].created_ns == 5


def test_the_file_is_plain_sqlite(registry: Registry) -> None:
    """Any tool can read who served."""
    registry.record_serving(_serving(1, 1))
    connection = sqlite3.connect(registry.root / "registry.sqlite")
    assert connection.execute("SELECT name, version FROM serving").fetchall() == [("demo", 1)]
    connection.close()


def test_a_rollback_goes_to_what_it_was_before(registry: Registry) -> None:
    """One row of history; twice leads back to where it was."""
    _promote(registry, "demo", 1)
    _promote(registry, "demo", 2)
    for version in (1, 2, 1):
        assert registry.rollback("sp500", "champion", by="bob", why="worse").version == version
    assert registry.resolve("sp500", "champion").version == 1
    last = registry.history("sp500", "champion")[-1]
    assert (last.action, last.source, last.target, last.by) == ("rollback", ("demo", 2), ("demo", 1), "bob")


def test_without_a_before_there_is_no_rollback(registry: Registry) -> None:
    """Neither for an alias that is new, nor for one that is not there, nor to a version that is gone."""
    with pytest.raises(RegistryError, match="has no alias"):
        registry.rollback("sp500", "champion", by="bob", why="")
    _promote(registry, "demo", 1)
    with pytest.raises(RegistryError, match="nothing to go back to"):
        registry.rollback("sp500", "champion", by="bob", why="")
    _promote(registry, "demo", 2)
    registry._connection.rows("UPDATE models SET removed_ns = 1 WHERE version = 1")  # as an older program could
    with pytest.raises(RegistryError, match="has no version 1; it was removed"):
        registry.rollback("sp500", "champion", by="bob", why="")
    assert registry.resolve("sp500", "champion").version == 2


def test_a_removed_version_is_gone_and_its_number_stays(registry: Registry) -> None:
    """No folder, no row in the list, no model for its key; what it served is still known; the next number is new."""
    registry.record_serving(_serving(1, 2))
    registry.record_serving(_serving(2, 1))
    folder = registry.folder(registry.version("demo", 2).ref)
    registry.remove("demo", 2, by="ann", why="old")
    assert not folder.exists()
    assert [str(row.ref) for row in registry.models()] == ["demo/1", "other/1"]
    assert [(str(row.ref), row.removed_ns) for row in registry.models(removed=True)] == [("demo/2", 1_000)]
    found = registry.find(draft().training.key, name="demo")
    assert found is not None
    assert found.ref.version == 1
    assert registry.served_at("sp500", "champion", 1) == _serving(1, 2)
    with pytest.raises(RegistryError, match="it was removed"):
        registry.version("demo", 2)
    assert registry.add(_bundle(seed=3), author="ann").version == 3
    assert registry.history()[-2].action == "remove"


def test_a_removed_version_can_come_back(registry: Registry) -> None:
    """The same bundle has the same number again."""
    registry.remove("demo", 1, by="ann", why="")
    assert registry.add(_bundle(seed=1), author="bob").version == 1
    assert registry.load(registry.version("demo", 1).ref) == _bundle(seed=1)
    assert registry.models(removed=True) == []


def test_what_a_killed_save_left_is_swept(registry: Registry) -> None:
    """By the next one that adds; bundles and what is being looked at stay."""
    left = registry.bundles / ".new-0123-1"
    left.mkdir()
    (left / "manifest.json").write_bytes(b"half")
    (registry.bundles / ".old-0123-1").mkdir()
    (registry.bundles / f".{'0' * 64}.signature.1.tmp").write_bytes(b"half")
    before = len(registry.models())
    registry.add(_bundle(seed=9), author="ann")
    assert not [path for path in registry.bundles.iterdir() if path.name.startswith(".")]
    assert len(list(registry.bundles.iterdir())) == before + 1
    assert registry.sweep() == []


def test_events_stand_in_the_history(registry: Registry) -> None:
    """A swap that failed moves no alias, and no rollback goes there."""
    _promote(registry, "demo", 1)
    _promote(registry, "demo", 2)
    event = Event("swap_failed", "sp500", "champion", "second", ("demo", 1), ("demo", 2))
    registry.record(event, by="worker", why="golden answers differ")
    last = registry.history("sp500")[-1]
    assert (last.action, last.arm, last.source, last.target) == ("swap_failed", "second", ("demo", 1), ("demo", 2))
    assert (last.by, last.why) == ("worker", "golden answers differ")
    assert registry.rollback("sp500", "champion", by="bob", why="").version == 1


def test_how_an_arm_stands_is_the_newest_of_each_event(registry: Registry) -> None:
    """Of this arm of this instance, in the order they came; the alias has its own newest change."""
    for action, instance, arm in (
        ("halt", "sp500", "a"), ("open", "sp500", "a"), ("resume", "sp500", "a"), ("halt", "sp500", "b"),
        ("halt", "crypto", "a"), ("halt", "sp500", "a"),
    ):  # fmt: skip
        registry.record(Event(action, instance, arm=arm), by="ann", why="")  # type: ignore[arg-type]
    assert [change.action for change in registry.events("sp500", "a")] == ["open", "resume", "halt"]
    assert [change.action for change in registry.events("sp500", "b")] == ["halt"]
    assert registry.events("sp500", "c") == []
    assert registry.last_change("sp500", "champion") is None
    _promote(registry, "demo", 2)
    change = registry.last_change("sp500", "champion")
    assert change is not None
    assert (change.action, change.target) == ("promote", ("demo", 2))


def test_a_bundle_is_inspected_without_its_weights(registry: Registry) -> None:
    """Its words and its reference, each verified; a flipped manifest is refused, flipped weights are not read."""
    ref = registry.version("demo", 1).ref
    folder = registry.folder(ref)
    whole = registry.load(ref)
    (folder / "notes.txt").write_bytes(b"flipped")
    assert registry.inspect(ref).manifest == whole.manifest
    body = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(body.replace(b"demo", b"dame"))
    with pytest.raises(BundleError, match="digest"):
        registry.inspect(ref)


@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_file_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, read_only: bool
) -> None:
    """Whoever opens it, nothing in it is lost, and its history goes on."""
    with monkeypatch.context() as patched:
        for module in ("schema", "connection"):
            patched.setattr(f"common.models.{module}.MIGRATIONS", MIGRATIONS[:1])
        Registry(tmp_path, clock=_clock).close()
    old = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
    old.execute("INSERT INTO models VALUES ('demo', 1, ?, 'lightgbm', ?, 5, 'ann')", ("1" * 64, "2" * 64))
    old.execute("INSERT INTO aliases VALUES ('sp500', 'champion', 'demo', 1)")
    old.execute(
        "INSERT INTO history VALUES (7, 5, 'promote', 'sp500', 'champion', NULL, NULL, 'demo', 1, 'ann', 'first')"
    )
    old.close()
    with Registry(tmp_path, clock=_clock, read_only=read_only) as registry:
        assert [str(row.ref) for row in registry.models()] == ["demo/1"]
        assert registry.resolve("sp500", "champion").digest == "1" * 64
        expected = Change(7, 5, "promote", "sp500", "champion", None, ("demo", 1), "ann", "first")
        assert registry.history() == [expected]
    with Registry(tmp_path, clock=_clock) as registry:
        registry.record(Event("halt", "sp500", arm="champion"), by="ann", why="")
        assert registry.history()[-1].number == 8
