"""The figures of a run, as one readable and one machine's form."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from alphabus.endpoints import SERVICES
from alphabus.messages import Heartbeat
from common.replay.preparation import Prepared
from common.research.information import Summary as Skill

QUANTILES = {"p50": 0.5, "p99": 0.99, "max": 1.0}
STAGES = ("feed_to_engine", "factors", "engine_to_worker", "queue", "inference", "total")


@dataclass(frozen=True, slots=True)
class Missing:
    """A replayed section for which an arm published nothing."""

    arm: str
    stamp: str


def replayed_stamps(prepared: Prepared) -> dict[int, int]:
    """Stamp of every section that is replayed by its close time, ascending, ns; where clocks go back, one twice."""
    frame = prepared.table.frame
    replayed = frame.filter(frame["time"] >= prepared.split.split_ns).unique("time").sort("time")
    return dict(zip(replayed["time"].to_list(), replayed["stamp"].to_list(), strict=True))


def missing_sections(prepared: Prepared, rows: Sequence[Mapping[str, Any]]) -> list[Missing]:
    """Every replayed section without a signal, by arm."""
    stamps = replayed_stamps(prepared)
    there = {(row["arm"], row["time"]) for row in rows}
    return [
        Missing(arm, _stamp(stamp))
        for arm in prepared.config.arms
        for time, stamp in stamps.items()
        if (arm, time) not in there
    ]


def summarise_run(
    prepared: Prepared,
    rows: Sequence[Mapping[str, Any]],
    *,
    digest: str,
    skill: Skill,
    monitor: Heartbeat | None,
    trouble: str,
) -> dict[str, Any]:
    """Everything worth knowing of a run; plain values, JSON has a word for each."""
    final = {(row["arm"], row["bar"]): row for row in rows}
    missing = missing_sections(prepared, rows)
    ref = prepared.trained.ref
    return {
        "instance": prepared.config.instance,
        "bars": str(prepared.config.feed.source.bars),
        "stamped": prepared.table.stamped,
        "zone": prepared.table.zone,
        "interval_s": prepared.table.interval_ns / 1e9,
        "model": {"name": ref.name, "version": ref.version, "digest": ref.digest, "reused": prepared.trained.reused},
        "policy": prepared.config.inference.policy.value,
        "sections": {
            "history": prepared.split.history,
            "replayed": prepared.split.replayed,
            "first_replayed": _stamp(next(iter(replayed_stamps(prepared).values()))),
            "with_signal": len(final),
            "missing": [asdict(section) for section in missing],
        },
        "signals": _by_status(final.values()),
        "revisions": sum(row["revision"] > 0 for row in rows),
        "rejected": prepared.table.rejected_by_reason,
        "latency_ms": latencies(rows),
        "rank_ic": {key: _number(value) for key, value in asdict(skill).items()},
        "processes": {
            "restarts": restarts(prepared.config.logs),
            "refused_messages": {} if monitor is None else _refused(monitor.counters),
        },
        "digest": digest,
        "trouble": trouble,
    }


def latencies(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Milliseconds by stage: median, 99th percentile, longest."""
    found: dict[str, dict[str, float]] = {}
    for stage in STAGES:
        spent = [row["latency"][stage] for row in rows if stage in row["latency"]]
        if spent:
            found[stage] = {
                label: round(float(np.quantile(spent, share, method="higher")) / 1e6, 3)
                for label, share in QUANTILES.items()
            }
    return found


def _by_status(rows: Any) -> dict[str, int]:
    counted = Counter(f"{row['status']} ({row['reason']})" if row["reason"] else row["status"] for row in rows)
    return dict(sorted(counted.items()))


def restarts(logs: Path | None) -> dict[str, int]:
    """How often each process died, by its supervisor's log: the monitor may not have met one that died early."""
    counts = dict.fromkeys(SERVICES, 0)
    path = (logs or Path()) / "supervisor.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        row = _row(line)
        if row.get("event") == "died":
            counts[row["child"].rpartition(".")[2]] += 1
    return counts


def _row(line: str) -> Mapping[str, Any]:
    """What a log says; nothing where a full disk took only a part of it."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _refused(counters: Mapping[str, int]) -> dict[str, int]:
    """Messages refused by all processes, by reason."""
    found: Counter[str] = Counter()
    for key, count in counters.items():
        reason = key.partition(".refused_")[2]
        if reason:
            found[reason] += count
    return dict(found)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _stamp(stamp: int) -> str:
    return datetime.fromtimestamp(stamp / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
