"""Configuration: one TOML file, frozen and validated, read once at start."""

from __future__ import annotations

import difflib
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from alphabus.endpoints import INSTANCE, SERVICES, Endpoints, default_run_dir, is_tcp
from alphabus.options import Queues
from common.errors import ConfigError

MS = 1_000_000
MIB = 1024 * 1024
SLACK = 8  # messages beside the sections of a credit window: universes, heartbeats


def _name(value: str) -> str:
    if not INSTANCE.fullmatch(value):
        raise ValueError(f"a name that matches {INSTANCE.pattern}")
    return value


Name = Annotated[str, AfterValidator(_name)]


class Policy(StrEnum):
    """What the worker does when an answer is late: publish the fallback, or wait."""

    DEADLINE = "deadline"
    WAIT = "wait"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Table):
    """A file of bars: replayed, times before `split_ns` (bar close, UTC) are history; or all of it is, and goes on."""

    kind: Literal["file", "generated"] = "file"
    bars: Path
    zone: str = "UTC"
    stamp: Literal["auto", "open", "close"] = "auto"
    interval: str = "auto"
    split_ns: int = 0
    seed: int = Field(default=1, ge=0)
    """Of what a generated source makes up; another seed is another market."""


class Retention(_Table):
    """How much of the feed's journal is kept: old segments go beyond a bound, never what a consumer still lacks."""

    max_mb: int | None = Field(default=None, ge=1)
    max_days: float | None = Field(default=None, gt=0.0)
    """Since a segment was written to."""
    keep_sections: int = Field(default=1000, ge=1)
    """The newest that stay whatever the bounds say: what a restart reads again."""


class Feed(_Table):
    """The bar feed: where bars come from, and how fast they go out."""

    source: Source
    pace_s: float | None = Field(default=None, gt=0.0)
    """Seconds from section to section; neither this nor `speed`: as fast as acknowledgements allow."""
    speed: float | None = Field(default=None, gt=0.0)
    """Times real time: a section every bar interval divided by this; hours without bars are passed over."""
    credit: int = Field(default=16, ge=1, le=1024)
    """Sections an unpaced replay may be ahead of the slowest consumer."""
    patience_bars: int = Field(default=20, ge=1)
    """Bars a symbol may be unseen before it is no longer expected."""
    members: Path | None = None
    """A file of who is a member from when to when (symbol, from, to); none: whoever is expected."""
    sync: Literal["always", "behind", "interval", "never"] = "interval"
    retention: Retention = Retention()


class FactorEngine(_Table):
    """The factor engine: which factor set it computes beside those of the models, and how it recovers."""

    set: str = "basic"
    """A shipped set by its name, or a file of one's own (.toml, .py)."""
    snapshot_sections: int = Field(default=250, ge=1)
    """After so many sections the state of each plan is put on disk, for a restart to go on from."""

    @property
    def name(self) -> str:
        """What the set is called in topics and in a model's manifest: a file by its stem."""
        return Path(self.set).stem if self.set.endswith((".toml", ".py")) else self.set


class Arm(_Table):
    """One model that scores every bar; `capital` is its share, 0 for a shadow."""

    alias: Name = "champion"
    capital: float = Field(default=1.0, ge=0.0, le=1.0)
    fallback: Literal["previous", "default", "void"] = "previous"
    """What goes out when no answer comes in time."""
    default_value: float | None = Field(default=None, allow_inf_nan=False)
    """With `previous` it stands in as long as there is nothing earlier."""
    max_age_bars: int | None = Field(default=None, ge=0)
    """This and the next two: what `inference` says, unless the arm says otherwise."""
    max_age_seconds: float | None = Field(default=None, gt=0.0)
    across_sessions: bool | None = None

    @model_validator(mode="after")
    def _default_has_a_value(self) -> Arm:
        if (self.fallback == "default" and self.default_value is None) or (
            self.fallback == "void" and self.default_value is not None
        ):
            raise ValueError("fallback 'default' needs a default_value, fallback 'void' takes none")
        return self


class Breaker(_Table):
    """When an arm stops asking its executor, and for how long; only under `deadline`."""

    failures: int = Field(default=5, ge=1, le=1000)
    """Bad calls in a row: failures, and answers that were too slow."""
    share: float = Field(default=0.5, gt=0.0, le=1.0)
    window: int = Field(default=20, ge=1, le=1000)
    """The `share` of bad calls is of so many."""
    slow_share: float = Field(default=1.0, gt=0.0, le=10.0)
    """An answer is too slow that took longer than this share of the deadline, or missed it."""
    open_ms: int = Field(default=5000, ge=1)
    longest_open_ms: int = Field(default=300_000, ge=1)


class Inference(_Table):
    """The inference worker: deadlines, fallback, and when a symbol gets no value."""

    policy: Policy = Policy.WAIT
    deadline_ms: int | None = Field(default=None, ge=1)
    late_until_ms: int | None = Field(default=None, ge=0)
    hang_after_ms: int = Field(default=30_000, ge=10)
    attempts: int = Field(default=5, ge=1, le=100)
    """How many executors may fail at a section before it is held, or a model that never spoke gives way."""
    candidate_wait_s: float = Field(default=600.0, gt=0.0, le=86_400.0)
    """How long a model that is to take over may wait for its factors."""
    min_coverage: float = Field(default=0.5, ge=0.0, le=1.0)
    min_features: float = Field(default=0.5, ge=0.0, le=1.0)
    max_age_bars: int = Field(default=5, ge=0)
    max_age_seconds: float | None = Field(default=None, gt=0.0)
    """By section time."""
    across_sessions: bool = True
    """Whether a signal may be held on another day than the one it was made for."""
    max_model_age_days: float | None = Field(default=None, gt=0.0, le=36_500.0)
    """From the end of a model's training data to the section."""
    gate: Literal["flag", "hold"] = "flag"
    """A suspect answer is published and told, or held back."""
    gate_widening: float = Field(default=1.0, ge=0.0, le=1e6)
    """How many widths of the training's range of predictions are allowed on either side of it."""
    breaker: Breaker = Breaker()
    spare: bool = True
    """Whether every arm has a second child that is loaded and takes over at once."""
    memory_mb: int = Field(default=4096, ge=0)
    """MiB of memory a child may have, 0 for no limit."""
    faults: Path | None = None
    """A plan of faults for the executor; only tests name one."""


class SignalTopics(_Table):
    """Topics of signals beside those of the arms."""

    blend: bool = False
    """Ranks of all arms, weighted by capital, on a topic of their own."""


class SignalCache(_Table):
    """The signal cache, beside its record of what was published."""

    precomputed: Path | None = None
    """A file of signals computed ahead, which answers for the arm `precomputed`."""


def _tcp_address(value: str) -> str:
    if not is_tcp(value):
        raise ValueError("an address tcp://HOST:PORT")
    return value


TcpAddress = Annotated[str, AfterValidator(_tcp_address)]
TcpEnds = tuple[TcpAddress, TcpAddress]


class Tcp(_Table):
    """Services that are met over TCP instead of the run folder: addresses of their live and their asked end."""

    bar_feed: TcpEnds | None = None
    factor_engine: TcpEnds | None = None
    inference_worker: TcpEnds | None = None
    signal_cache: TcpEnds | None = None
    monitor: TcpEnds | None = None

    @model_validator(mode="after")
    def _ends_differ(self) -> Tcp:
        addresses = [address for ends in self.by_service.values() for address in ends]
        if len(set(addresses)) != len(addresses):
            raise ValueError("bus.tcp: every end of every service has an address of its own")
        return self

    @property
    def by_service(self) -> dict[str, tuple[str, str]]:
        """Those that have addresses."""
        return {name: ends for name in SERVICES if (ends := getattr(self, name)) is not None}


class BusLimits(_Table):
    """Queues, memory, heartbeats and addresses of every process."""

    high_water: int = Field(default=256, ge=4, le=100_000)
    section_kb: int | None = Field(default=None, ge=1)
    """How large a section of factors is; none: unknown, so that only messages count."""
    queue_mb: int = Field(default=64, ge=1)
    """What may wait on each link, once `section_kb` is known; a credit window always may."""
    outbox_mb: int = Field(default=256, ge=1)
    heartbeat_ms: int = Field(default=500, ge=10, le=1000)  # three missed must show within 3 s
    keys: Path = Path("state/keys")
    """Folder of the keys; only looked at when `tcp` names a service."""
    tcp: Tcp = Tcp()


class Config(_Table):
    """Everything a process of one instance may know."""

    instance: Name
    state: Path
    logs: Path | None = None
    run_dir: Path | None = None
    registry: Path = Path("state/registry")
    key: Path | None = None
    """A key file: bundles that are not signed with it are refused."""
    kinds: tuple[str, ...] | None = None
    """The user's own kinds of model, each `name=module:Class`."""
    interval_ns: int = Field(default=0, ge=0)
    """The bar interval; 0 when unknown."""
    feed: Feed
    factors: FactorEngine = FactorEngine()
    arms: dict[Name, Arm] = {"champion": Arm()}
    inference: Inference = Inference()
    signals: SignalTopics = SignalTopics()
    cache: SignalCache = SignalCache()
    bus: BusLimits = BusLimits()

    @model_validator(mode="after")
    def _capital_is_shared(self) -> Config:
        total = sum(arm.capital for arm in self.arms.values())
        if not self.arms or total > 1.0:
            raise ValueError(f"at least one arm, and capital shares of at most 1 together, not {total}")
        return self

    @model_validator(mode="after")
    def _blend_can_be_made(self) -> Config:
        if self.signals.blend and "blend" in self.arms:
            raise ValueError("signals.blend takes the topic of an arm named blend: give the arm another name")
        if self.signals.blend and not any(arm.capital for arm in self.arms.values()):
            raise ValueError("signals.blend weighs arms by their capital: give at least one arm some")
        return self

    @model_validator(mode="after")
    def _precomputed_is_no_arm(self) -> Config:
        if "precomputed" in self.arms:
            raise ValueError("an arm cannot be named precomputed, which stands for cache.precomputed: rename the arm")
        return self

    @model_validator(mode="after")
    def _pace_is_one(self) -> Config:
        if self.feed.speed is not None and (self.feed.pace_s is not None or self.interval_ns == 0):
            raise ValueError("feed.speed and feed.pace_s exclude each other, and feed.speed needs interval_ns")
        if self.is_paced and self.paced_interval_ns < MS:
            raise ValueError("feed.speed and feed.pace_s must leave at least a millisecond from section to section")
        return self

    @model_validator(mode="after")
    def _generated_is_paced(self) -> Config:
        source = self.feed.source
        if source.kind == "generated" and (source.split_ns or not self.is_paced):
            raise ValueError(
                'feed.source.kind = "generated" needs feed.pace_s or feed.speed, by which its clock moves, and takes '
                "no feed.source.split_ns: the whole file is history"
            )
        return self

    @model_validator(mode="after")
    def _record_reaches_the_snapshots(self) -> Config:
        kept, credit = self.feed.retention, self.feed.credit
        needed = self.factors.snapshot_sections + credit
        if (kept.max_mb or kept.max_days) and kept.keep_sections < needed:
            raise ValueError(
                f"feed.retention.keep_sections = {kept.keep_sections} must be at least {needed} (factors."
                f"snapshot_sections + feed.credit), or a restart would find no record from its snapshot on"
            )
        return self

    @property
    def endpoints(self) -> Endpoints:
        """Addresses and topics of the instance."""
        return Endpoints(self.run_dir or default_run_dir(), self.instance, self.bus.tcp.by_service)

    @property
    def queues(self) -> Queues:
        """How much may wait on each link."""
        section = (self.bus.section_kb or 0) * 1024
        return Queues(self.bus.high_water, self.bus.queue_mb * MIB, 3 * self.feed.credit + SLACK, section)

    @property
    def acknowledge_every(self) -> int:
        """At which multiples of a bar a stage acknowledges: four times in a credit window, which so never runs dry."""
        return max(self.feed.credit // 4, 1)

    @property
    def signal_names(self) -> tuple[str, ...]:
        """Whose signals have a topic: the arms, and the blend if there is one."""
        return (*self.arms, "blend") if self.signals.blend else tuple(self.arms)

    @property
    def paced_interval_ns(self) -> int:
        """Time from section to section as the feed paces them; 0 when it does not."""
        if self.feed.speed is not None:
            return round(self.interval_ns / self.feed.speed)
        return 0 if self.feed.pace_s is None else round(self.feed.pace_s * 1e9)

    @property
    def is_paced(self) -> bool:
        """Whether sections go out by time, not by acknowledgements."""
        return self.feed.pace_s is not None or self.feed.speed is not None

    @property
    def deadline_ns(self) -> int:
        """From due to fallback: as configured, else 2 % of the paced interval within 50 ms and 5 s."""
        if self.inference.deadline_ms is not None:
            return self.inference.deadline_ms * MS
        return min(max(self.paced_interval_ns // 50, 50 * MS), 5000 * MS)

    @property
    def late_until_ns(self) -> int:
        """From due to giving a slow answer up: as configured, else half of the paced interval, at most 60 s."""
        if self.inference.late_until_ms is not None:
            return self.inference.late_until_ms * MS
        return max(min(self.paced_interval_ns // 2, 60_000 * MS), self.deadline_ns)


def load_config(path: Path) -> Config:
    """Read and validate; raises ConfigError that names file, key, value and what is allowed."""
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give the file with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    return make_config(values, str(path))


def make_config(values: dict[str, Any], origin: str) -> Config:
    """Validate values that came from `origin`; raises ConfigError."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_told(origin, problem) for problem in error.errors())) from None


def _told(origin: str, problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if not key:
        return f"{origin}: {problem['msg'].removeprefix('Value error, ')}"
    if problem["type"] == "extra_forbidden":
        allowed = _keys_beside(problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), allowed, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(allowed)}"
        return f"{origin}: {key} = {problem['input']!r}: unknown key; {hint}"
    if problem["type"] == "missing":
        return f"{origin}: {key}: missing; it has no default"
    return f"{origin}: {key} = {problem['input']!r:.200}: {problem['msg']}"


def _keys_beside(path: tuple[Any, ...]) -> list[str]:
    table: type[BaseModel] = Config
    for part in path:
        if part in table.model_fields:
            kind = table.model_fields[part].annotation
            table = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else Arm
    return list(table.model_fields)
