"""Everything one instance is told, what contradicts itself in it, and what follows from it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from alphabus.endpoints import Endpoints, default_run_dir
from alphabus.options import Queues
from common.config.arms import Arm
from common.config.bus import BusLimits
from common.config.factor_engine import FactorEngine
from common.config.feed import LATEST_NS, Feed
from common.config.inference import Inference
from common.config.signals import SignalCache, SignalTopics
from common.config.table import Name, Table

MS = 1_000_000
SLOWEST_NS = 31 * 86_400 * 1_000_000_000
MIB = 1024 * 1024
MESSAGES_A_SECTION = 3  # of the feed, only one of which is large
SLACK = 8  # messages beside the sections of a credit window: universes, heartbeats


class Config(Table):
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
    arms: dict[Name, Arm] = Field(default={"champion": Arm()})
    inference: Inference = Inference()
    signals: SignalTopics = SignalTopics()
    cache: SignalCache = SignalCache()
    bus: BusLimits = BusLimits()

    @model_validator(mode="after")
    def _capital_is_shared(self) -> Config:
        total = sum(arm.capital for arm in self.arms.values())
        if not self.arms:
            raise ValueError("arms = {}: there is at least one arm; leave the table out to have a champion")
        if total > 1.0:
            shares = ", ".join(f"arms.{name}.capital = {arm.capital:g}" for name, arm in self.arms.items())
            raise ValueError(f"{shares}: capital shares of at most 1 together, not {total:g}")
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
        if self.is_paced and not MS <= self.paced_interval_ns <= SLOWEST_NS:
            key, value = ("speed", self.feed.speed) if self.feed.pace_s is None else ("pace_s", self.feed.pace_s)
            told = f"feed.{key} = {value:g} leaves {self.paced_interval_ns:,} ns from section to section"
            raise ValueError(f"{told}: it must be from a millisecond to 31 days")
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

    @model_validator(mode="after")
    def _record_tells_who_is_tracked(self) -> Config:
        kept, needed = self.feed.retention, self.feed.needed_sections
        if (kept.max_mb or kept.max_days) and kept.keep_sections < needed:
            raise ValueError(
                f"feed.retention.keep_sections = {kept.keep_sections} must be at least {needed} (feed.patience_bars + "
                f"the larger of feed.forget_bars and the square of patience_bars + 1), or a restart would forget "
                f"symbols at another bar"
            )
        return self

    @property
    def endpoints(self) -> Endpoints:
        """Addresses and topics of the instance."""
        return Endpoints(self.run_dir or default_run_dir(), self.instance, self.bus.tcp.by_service)

    @property
    def queues(self) -> Queues:
        """How much may wait on each link: what a credit window needs, and more only where that fits into the budget."""
        section = (self.bus.section_kb or 0) * 1024
        window = max(MESSAGES_A_SECTION, len(self.signal_names)) * self.feed.credit + SLACK
        most = self.bus.high_water if section else min(self.bus.high_water, window)
        return Queues(most, self.bus.queue_mb * MIB, window, section)

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
            return round(min(self.interval_ns / self.feed.speed, LATEST_NS))
        return 0 if self.feed.pace_s is None else round(min(self.feed.pace_s * 1e9, LATEST_NS))

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
