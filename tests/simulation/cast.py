"""Who serves in a simulation: a registry of small models, and executors whose answers tell which of them spoke."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from alphabus.messages import Factors
from common.factors.sets import FactorSet
from common.service import Context
from services.inference_worker.child_process import Dying
from services.inference_worker.exchange import Answer
from services.inference_worker.post import Post
from tests.services.cluster import add_version, promote, toy_bundle, toy_registry
from tests.services.markets import TOY_SET
from tests.services.seats import Behave, FormulaSeat, formula

GOOD, BAD, SLOW = (1, 2), 3, 4
SLOW_SET = FactorSet(
    "slow", (("ema", "ta_ema(close, 3)"), ("mean", "ts_mean(close, 4)"), ("rank", "cs_rank(close)")), TOY_SET.label
)


class VersionedSeat(FormulaSeat):
    """Answers by a formula of its version; the bad one answers nonsense."""

    def __init__(self, post: Post, context: Context, dying: Dying, behave: Behave) -> None:
        self._version = post.model.version
        super().__init__(post, context, dying, _nonsense if self._version == BAD else behave)

    def _answer(self, factors: Factors) -> Answer:
        return Answer(1, formula(factors, self._features) * self._version)


def _nonsense(_bar: int, _attempt: int) -> str:
    return "invalid"


def moody(dice: Random, chance: float) -> Behave:
    """An executor that fails now and then, never more than thrice at one section."""

    def behave(_bar: int, attempt: int) -> str:
        if attempt <= 3 and dice.random() < chance:
            return dice.choice(("slow", "hang", "crash", "invalid"))
        return "answer"

    return behave


def make_registry(root: Path) -> Path:
    """Two good models and a bad one of the same factors, and one of recursive factors, which the challenger is."""
    toy_registry(root)
    for bundle in (toy_bundle(seed=8), toy_bundle(seed=9), toy_bundle(SLOW_SET, seed=10)):
        add_version(root, bundle)
    promote(root, SLOW, alias="challenger")
    return root


def copy_registry(root: Path, folder: Path, champion: int = 1) -> Path:
    """One of its own for a run, with this version as champion."""
    shutil.copytree(root, folder)
    if champion != 1:
        promote(folder, champion)
    return folder
