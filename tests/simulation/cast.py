"""Who serves in a simulation: a registry of small models, and executors whose answers tell which of them spoke."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from alphabus.messages import Factors
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.models.bundle import Bundle
from common.models.manifest import FactorRecord
from common.service import Context
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Answer
from services.inference_worker.roster.post import Post
from tests.common.models.sample_bundle import draft
from tests.services.cluster import add_version, promote
from tests.services.markets import TOY_SET
from tests.services.seats import Behave, FormulaSeat, formula

GOOD, BAD, SLOW = (1, 2), 3, 4
FILES = ("model", "golden_inputs.npy", "golden_outputs.npy")
FILE, BUNDLES = "registry.sqlite", "bundles"
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
    for number, of in enumerate((TOY_SET, TOY_SET, TOY_SET, SLOW_SET), start=1):
        add_version(root, _bundle(number, of))
    promote(root, GOOD[0], alias="champion")
    promote(root, SLOW, alias="challenger")
    return root


def _bundle(number: int, of: FactorSet) -> Bundle:
    """A version whose weights nobody reads, since executors answer by formula: a fit takes as long as ten seeds."""
    record = FactorRecord(of.name, compile_set(of).digest.hex(), of.factors)
    manifest = draft(factor_set=record, features=tuple(name for name, _ in of.factors))
    return Bundle.make(manifest, {name: bytes([number]) for name in FILES})


def copy_registry(root: Path, folder: Path, champion: int = 1) -> Path:
    """One of its own for a run, with this version as champion; bundles never change, and are shared."""
    folder.mkdir(parents=True)
    shutil.copy(root / FILE, folder)
    (folder / BUNDLES).symlink_to(root / BUNDLES)
    if champion != 1:
        promote(folder, champion)
    return folder
