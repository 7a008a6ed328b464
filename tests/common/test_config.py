"""Configuration: every field has a value that is refused, and the refusal says where, what and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from common.config import MS, Arm, Config, Policy, load_config, make_config
from common.config.instance import MIB, SLACK
from common.errors import ConfigError

GOOD: dict[str, Any] = {"instance": "demo", "state": "state", "feed": {"source": {"bars": "bars.parquet"}}}

# Key: a value that is refused, and words that the refusal must hold.
BAD: dict[str, tuple[Any, str]] = {
    "instance": ("No Capitals", "a name that matches"),
    "state": (5, "path"),
    "logs": (5, "path"),
    "run_dir": (5, "path"),
    "registry": (5, "path"),
    "key": (5, "path"),
    "kinds": ("forest", "tuple"),
    "interval_ns": (-1, "greater than or equal to 0"),
    "feed": ("fast", "valid dictionary"),
    "feed.source": ("file", "valid dictionary"),
    "feed.source.kind": ("socket", "'file' or 'generated'"),
    "feed.source.bars": (5, "path"),
    "feed.source.zone": (5, "string"),
    "feed.source.stamp": ("middle", "'auto', 'open' or 'close'"),
    "feed.source.interval": (15, "string"),
    "feed.source.split_ns": ("soon", "integer"),
    "feed.source.seed": (-1, "greater than or equal to 0"),
    "feed.pace_s": (-0.1, "greater than 0"),
    "feed.speed": (0.0, "greater than 0"),
    "feed.credit": (0, "greater than or equal to 1"),
    "feed.patience_bars": (0, "greater than or equal to 1"),
    "feed.forget_bars": (0, "greater than or equal to 1"),
    "feed.members": (5, "path"),
    "feed.sync": ("sometimes", "'always', 'behind', 'interval' or 'never'"),
    "feed.on_full": ("hope", "'wait' or 'halt'"),
    "feed.retention": (90, "valid dictionary"),
    "feed.retention.max_mb": (0, "greater than or equal to 1"),
    "feed.retention.max_days": (0.0, "greater than 0"),
    "feed.retention.keep_sections": (0, "greater than or equal to 1"),
    "factors": ("basic", "valid dictionary"),
    "factors.set": (5, "string"),
    "factors.snapshot_sections": (0, "greater than or equal to 1"),
    "arms": ([], "valid dictionary"),
    "arms.champion": (1.0, "valid dictionary"),
    "arms.champion.alias": ("../up", "a name that matches"),
    "arms.champion.capital": (1.5, "less than or equal to 1"),
    "arms.champion.fallback": ("guess", "'previous', 'default' or 'void'"),
    "arms.champion.default_value": (float("inf"), "finite"),
    "arms.champion.max_age_bars": (-1, "greater than or equal to 0"),
    "arms.champion.max_age_seconds": (0.0, "greater than 0"),
    "arms.champion.across_sessions": ("seldom", "boolean"),
    "inference": (0, "valid dictionary"),
    "inference.policy": ("hope", "'deadline' or 'wait'"),
    "inference.deadline_ms": (0, "greater than or equal to 1"),
    "inference.late_until_ms": (-1, "greater than or equal to 0"),
    "inference.hang_after_ms": (9, "greater than or equal to 10"),
    "inference.attempts": (101, "less than or equal to 100"),
    "inference.candidate_wait_s": (0, "greater than 0"),
    "inference.min_coverage": (1.1, "less than or equal to 1"),
    "inference.min_features": ("half", "number"),
    "inference.max_age_bars": (-1, "greater than or equal to 0"),
    "inference.max_age_seconds": (0.0, "greater than 0"),
    "inference.across_sessions": ("seldom", "boolean"),
    "inference.max_model_age_days": (0.0, "greater than 0"),
    "inference.gate": ("shut", "'flag' or 'hold'"),
    "inference.gate_widening": (-0.5, "greater than or equal to 0"),
    "inference.breaker": ("off", "valid dictionary"),
    "inference.breaker.failures": (0, "greater than or equal to 1"),
    "inference.breaker.share": (0.0, "greater than 0"),
    "inference.breaker.window": (1001, "less than or equal to 1000"),
    "inference.breaker.slow_share": (0.0, "greater than 0"),
    "inference.breaker.open_ms": (0, "greater than or equal to 1"),
    "inference.breaker.longest_open_ms": (0, "greater than or equal to 1"),
    "inference.spare": ("perhaps", "boolean"),
    "inference.memory_mb": (-1, "greater than or equal to 0"),
    "inference.faults": (5, "path"),
    "signals": (1, "valid dictionary"),
    "signals.blend": ("maybe", "boolean"),
    "cache": ("x.parquet", "valid dictionary"),
    "cache.precomputed": (5, "path"),
    "bus": (True, "valid dictionary"),
    "bus.high_water": (3, "greater than or equal to 4"),
    "bus.section_kb": (0, "greater than or equal to 1"),
    "bus.queue_mb": (0, "greater than or equal to 1"),
    "bus.outbox_mb": (0, "greater than or equal to 1"),
    "bus.heartbeat_ms": (1001, "less than or equal to 1000"),
    "bus.keys": (5, "path"),
    "bus.tcp": ("10.0.0.1", "valid dictionary"),
    "bus.tcp.bar_feed": ("tcp://10.0.0.1:7001", "valid tuple"),
    "bus.tcp.factor_engine": (7003, "valid tuple"),
    "bus.tcp.inference_worker": (True, "valid tuple"),
    "bus.tcp.signal_cache": ({}, "valid tuple"),
    "bus.tcp.monitor": ("", "valid tuple"),
}
REQUIRED = ("instance", "state", "feed", "feed.source", "feed.source.bars")
TABLES = sorted({key.rpartition(".")[0] for key in BAD} - {"arms"})  # a key of `arms` is the name of an arm


def keys(table: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every key of a configuration, through all its tables; arms are shown by one."""
    for name, field in table.model_fields.items():
        kind = field.annotation
        yield path + name
        if name == "arms":
            yield from ("arms.champion", *keys(Arm, "arms.champion."))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{path}{name}.")


def with_value(key: str, value: Any) -> dict[str, Any]:
    """The good configuration with one value changed; None takes the key away."""
    values: dict[str, Any] = {**GOOD, "feed": {"source": dict(GOOD["feed"]["source"])}}
    *path, last = [part for part in key.split(".") if part]
    table = values
    for part in path:
        table = table.setdefault(part, {})
    table[last] = value
    if value is None:
        del table[last]
    return values


def refusal(values: dict[str, Any]) -> str:
    """What is said of a configuration that is refused."""
    with pytest.raises(ConfigError) as caught:
        make_config(values, "demo.toml")
    return str(caught.value)


def test_every_key_has_a_wrong_value() -> None:
    """A new key without an entry in the table fails here."""
    assert set(keys(Config)) == set(BAD)


@pytest.mark.parametrize("key", BAD)
def test_a_wrong_value_is_told(key: str) -> None:
    """File, key, value and what is allowed; nothing else is complained about."""
    value, allowed = BAD[key]
    told = refusal(with_value(key, value))
    assert told.startswith(f"demo.toml: {key} = {value!r}: ")
    assert allowed in told
    assert "\n" not in told


@pytest.mark.parametrize("table", TABLES)
def test_an_unknown_key_is_told_with_what_is_allowed(table: str) -> None:
    """In every table: the key, and those there are."""
    key = f"{table}.zzz".lstrip(".")
    told = refusal(with_value(key, 1))
    assert told.startswith(f"demo.toml: {key} = 1: unknown key; there is ")
    beside = {name.rpartition(".")[2] for name in BAD if name.rpartition(".")[0] == table}
    if table != "arms.champion":
        assert set(told.partition("there is ")[2].split(", ")) == beside


@pytest.mark.parametrize(
    ("key", "meant"), [("feed.credits", "credit"), ("inference.polcy", "policy"), ("arms.champion.captal", "capital")]
)
def test_a_misspelt_key_gets_a_hint(key: str, meant: str) -> None:
    """The closest key of that table."""
    assert f"did you mean {meant!r}?" in refusal(with_value(key, 1))


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_told(key: str) -> None:
    """Those without a default; of a table the key in it that has to be written."""
    told = "feed.source.bars" if key.startswith("feed") else key
    assert refusal(with_value(key, None)) == f"demo.toml: {told}: missing; it has no default"


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("arms.champion.capital", "0.5", "a valid number, without quotes"),
        ("arms.champion.capital", True, "a valid number, without quotes"),
        ("arms.champion.max_age_bars", "3", "a valid integer, without quotes"),
        ("feed.credit", True, "a valid integer, without quotes"),
        ("inference.spare", 1, "a boolean: true or false"),
        ("inference.spare", "true", "a boolean: true or false"),
    ],
)
def test_what_only_looks_like_a_value_is_no_value(key: str, value: Any, wanted: str) -> None:
    """A number in quotes, a truth value for a number: told like any other, without the library's own words."""
    assert refusal(with_value(key, value)) == f"demo.toml: {key} = {value!r}: Input should be {wanted}" + (
        ", no quotes" if "boolean" in wanted else ""
    )


def test_everything_wrong_is_told_at_once() -> None:
    """One line each."""
    told = refusal({**GOOD, "instance": "-", "surprise": 1})
    assert len(told.splitlines()) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"arms": {}}, "arms = {}: there is at least one arm"),
        ({"arms": {"a": {"capital": 0.6}, "b": {"capital": 0.5}}}, "arms.b.capital = 0.5: capital shares of at most 1"),
        ({"feed": {**GOOD["feed"], "pace_s": 1.0, "speed": 2.0}, "interval_ns": 1}, "exclude each other"),
        ({"feed": {**GOOD["feed"], "speed": 2.0}}, "needs interval_ns"),
        ({"bus": {"tcp": {"monitor": ["ipc://a", "tcp://b:1"]}}}, "an address tcp://HOST:PORT"),
        ({"bus": {"tcp": {"monitor": ["tcp://10.0.0.1:1", "tcp://10.0.0.1:65536"]}}}, "an address tcp://HOST:PORT"),
        ({"bus": {"tcp": {"monitor": ["tcp://localhost:1", "tcp://[::1]:2"]}}}, "not a name"),
        ({"bus": {"tcp": {"monitor": ["tcp://10.0.0.1:1"]}}}, "bus.tcp.monitor.1: missing"),
        ({"bus": {"tcp": {"monitor": ["tcp://[::1]:1", "tcp://[::1]:1"]}}}, "an address of its own"),
        (
            {"feed": {**GOOD["feed"], "pace_s": 1e9}},
            "ns from section to section: it must be from a millisecond to 31 days",
        ),
        ({"feed": {**GOOD["feed"], "pace_s": 1e300}}, "feed.pace_s = 1e+300 leaves 9,223,372,036,854,775,807 ns"),
        ({"feed": {**GOOD["feed"], "speed": 1e-300}, "interval_ns": MS}, "feed.speed = 1e-300 leaves 9,223,372,036,"),
        ({"feed": {"source": {"bars": "x.csv", "split_ns": 10**19}}}, "less than or equal to 9223372036854775807"),
        ({"feed": {**GOOD["feed"], "pace_s": 0.00001}}, "feed.pace_s = 1e-05 leaves 10,000 ns from section to section"),
        ({"feed": {**GOOD["feed"], "speed": 5e6}, "interval_ns": MS}, "feed.speed = 5e+06 leaves 0 ns"),
        ({"arms": {"a": {"fallback": "default"}}}, "needs a default_value"),
        ({"arms": {"a": {"fallback": "void", "default_value": 0.0}}}, "takes none"),
        ({"arms": {"blend": {}}, "signals": {"blend": True}}, "give the arm another name"),
        ({"arms": {"precomputed": {}}}, "rename the arm"),
        ({"arms": {"a": {"capital": 0.0}}, "signals": {"blend": True}}, "at least one arm some"),
        ({"feed": {"source": {"bars": "x.parquet", "kind": "generated"}}}, "needs feed.pace_s or feed.speed"),
        (
            {"feed": {"source": {"bars": "x.parquet", "kind": "generated", "split_ns": 1}, "pace_s": 1.0}},
            "takes no feed.source.split_ns",
        ),
        (
            {"feed": {**GOOD["feed"], "credit": 8, "retention": {"max_mb": 1, "keep_sections": 257}}},
            "feed.retention.keep_sections = 257 must be at least 258",
        ),
        (
            {"feed": {**GOOD["feed"], "retention": {"max_days": 1.0}}, "factors": {"snapshot_sections": 985}},
            "feed.retention.keep_sections = 1000 must be at least 1001",
        ),
        (
            {"feed": {**GOOD["feed"], "forget_bars": 981, "retention": {"max_mb": 1}}},
            "feed.retention.keep_sections = 1000 must be at least 1001 (feed.patience_bars",
        ),
        (
            {"feed": {**GOOD["feed"], "forget_bars": 9, "retention": {"max_mb": 1, "keep_sections": 460}}},
            "feed.retention.keep_sections = 460 must be at least 461",
        ),
    ],
)
def test_values_that_do_not_go_together(changes: dict[str, Any], told: str) -> None:
    """Each is right alone."""
    assert told in refusal(GOOD | changes)


@pytest.mark.parametrize("more", [{}, {"retention": {"max_mb": 1, "keep_sections": 461}}])
def test_a_record_that_tells_who_is_tracked(more: dict[str, Any]) -> None:
    """The fewest sections that do; all of them where there is no bound."""
    feed = {**GOOD["feed"], "forget_bars": 441, **more}
    assert make_config(GOOD | {"feed": feed}, "demo.toml").feed.forget_bars == 441


@pytest.mark.parametrize("retention", [{"max_mb": 1, "keep_sections": 258}, {"keep_sections": 1}])
def test_a_record_that_reaches_the_snapshots(retention: dict[str, Any]) -> None:
    """The fewest that do; without a bound nothing goes, and the number does not matter."""
    feed = {**GOOD["feed"], "credit": 8, "retention": retention}
    assert make_config(GOOD | {"feed": feed}, "demo.toml").feed.retention.keep_sections == retention["keep_sections"]


@pytest.mark.parametrize(
    ("content", "told"), [(b"instance = ", "not TOML"), (b"\xff", "not TOML"), (b"instance = 'demo'", "state: missing")]
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    """Whatever is wrong with it."""
    path = tmp_path / "demo.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=told) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(ConfigError, match=r"cannot be read .* give the file with --config"):
        load_config(tmp_path / "none.toml")


def test_a_configuration_is_frozen() -> None:
    """What was validated stays what it is."""
    with pytest.raises(ValueError, match="frozen"):
        make_config(GOOD, "demo").instance = "other"


SECOND = 1000 * MS


@pytest.mark.parametrize(
    ("feed", "inference", "deadline_ns", "late_until_ns"),
    [
        ({}, {}, 50 * MS, 50 * MS),
        ({"pace_s": 1.0}, {}, 50 * MS, 500 * MS),
        ({"pace_s": 10.0}, {}, 200 * MS, 5 * SECOND),
        ({"pace_s": 86_400.0}, {}, 5 * SECOND, 60 * SECOND),
        ({"speed": 60.0}, {}, 50 * MS, 500 * MS),
        ({"pace_s": 1.0}, {"deadline_ms": 7, "late_until_ms": 0}, 7 * MS, 0),
    ],
)
def test_deadlines(feed: dict[str, Any], inference: dict[str, Any], deadline_ns: int, late_until_ns: int) -> None:
    """2 % of the paced interval within 50 ms and 5 s; late answers until half of it, at most 60 s; or as configured."""
    values = {**GOOD, "interval_ns": 60 * SECOND, "feed": {**GOOD["feed"], **feed}, "inference": inference}
    config = make_config(values, "demo")
    assert (config.deadline_ns, config.late_until_ns) == (deadline_ns, late_until_ns)
    assert config.is_paced == bool(feed)


def test_defaults_are_those_of_a_replay() -> None:
    """Under `wait`, at full speed, one champion with all the capital."""
    config = make_config(GOOD, "demo")
    assert (config.inference.policy, config.is_paced, config.paced_interval_ns) == (Policy.WAIT, False, 0)
    assert config.arms == {"champion": Arm(alias="champion", capital=1.0)}


@pytest.mark.parametrize("section", [50_000, 632_000, 6_320_000, 63_200_000])
@pytest.mark.parametrize("told", [False, True])
def test_what_may_wait_is_bounded_in_bytes(section: int, *, told: bool) -> None:
    """By `queue_mb`, or by the sections of a credit window, whether or not anybody said how large a section is."""
    bus = {"section_kb": -(-section // 1024)} if told else {}
    config = make_config({**GOOD, "bus": bus}, "the test")
    window = 3 * config.feed.credit + SLACK
    assert config.queues.limit >= min(window, config.bus.high_water)
    assert config.queues.limit * section <= max(config.bus.queue_mb * MIB, window * section)


def test_a_credit_window_has_room_for_every_arm() -> None:
    """Each says something of each section."""
    arms = {f"arm_{number}": {"capital": 0.1} for number in range(8)}
    assert make_config({**GOOD, "arms": arms}, "the test").queues.limit == 8 * 16 + SLACK
