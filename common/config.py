"""Configuration: one TOML file, frozen and validated, read once at start."""

from __future__ import annotations

import difflib
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from alphabus.endpoints import INSTANCE, Endpoints, default_run_dir
from common.errors import ConfigError

MS = 1_000_000


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
    """A file of bars that is replayed; times before `split_ns` (bar close, UTC) are history."""

    bars: Path
    zone: str = "UTC"
    stamp: Literal["auto", "open", "close"] = "auto"
    interval: str = "auto"
    split_ns: int = 0


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
    sync: Literal["always", "interval", "never"] = "interval"


class FactorEngine(_Table):
    """The factor engine: which factor set it computes."""

    set: str = "basic"
    """A shipped set by its name, or a file of one's own (.toml, .py)."""

    @property
    def name(self) -> str:
        """What the set is called in topics and in a model's manifest: a file by its stem."""
        return Path(self.set).stem if self.set.endswith((".toml", ".py")) else self.set


class Arm(_Table):
    """One model that scores every bar; `capital` is its share, 0 for a shadow."""

    alias: Name = "champion"
    capital: float = Field(default=1.0, ge=0.0, le=1.0)


class Inference(_Table):
    """The inference worker: deadlines, fallback, and when a symbol gets no value."""

    policy: Policy = Policy.WAIT
    deadline_ms: int | None = Field(default=None, ge=1)
    late_until_ms: int | None = Field(default=None, ge=0)
    hang_after_ms: int = Field(default=30_000, ge=10)
    attempts: int = Field(default=5, ge=1, le=100)
    """How often a section is computed under `wait` before it is held all the same."""
    min_coverage: float = Field(default=0.5, ge=0.0, le=1.0)
    min_features: float = Field(default=0.5, ge=0.0, le=1.0)
    max_age_bars: int = Field(default=5, ge=0)
    faults: Path | None = None
    """A plan of faults for the executor; only tests name one."""


class BusLimits(_Table):
    """Queues, memory and heartbeats of every process."""

    high_water: int = Field(default=256, ge=4, le=100_000)
    outbox_mb: int = Field(default=256, ge=1)
    heartbeat_ms: int = Field(default=500, ge=10, le=1000)  # three missed must show within 3 s


class Config(_Table):
    """Everything a process of one instance may know."""

    instance: Name
    state: Path
    logs: Path | None = None
    run_dir: Path | None = None
    registry: Path = Path("state/registry")
    interval_ns: int = Field(default=0, ge=0)
    """The bar interval; 0 when unknown."""
    feed: Feed
    factors: FactorEngine = FactorEngine()
    arms: dict[Name, Arm] = {"champion": Arm()}
    inference: Inference = Inference()
    bus: BusLimits = BusLimits()

    @model_validator(mode="after")
    def _capital_is_shared(self) -> Config:
        total = sum(arm.capital for arm in self.arms.values())
        if not self.arms or total > 1.0:
            raise ValueError(f"at least one arm, and capital shares of at most 1 together, not {total}")
        return self

    @model_validator(mode="after")
    def _pace_is_one(self) -> Config:
        if self.feed.speed is not None and (self.feed.pace_s is not None or self.interval_ns == 0):
            raise ValueError("feed.speed and feed.pace_s exclude each other, and feed.speed needs interval_ns")
        if self.is_paced and self.paced_interval_ns < MS:
            raise ValueError("feed.speed and feed.pace_s must leave at least a millisecond from section to section")
        return self

    @property
    def endpoints(self) -> Endpoints:
        """Addresses and topics of the instance."""
        return Endpoints(self.run_dir or default_run_dir(), self.instance)

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
