"""What the children of a seat are seen to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alphabus.messages import Reason
from services.inference_worker.executor.exchange import Answer, Failed, Ready

REASONS: Mapping[str, Reason] = {"load": Reason.CRASH, "crash": Reason.CRASH, "invalid": Reason.INVALID}


@dataclass(frozen=True, slots=True)
class Spare:
    """A child that serves nobody at present is ready, or was lost, and why."""

    pid: int
    lost: str = ""


Happened = Ready | Answer | Failed | Spare
