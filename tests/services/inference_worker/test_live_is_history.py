"""A section that passes an executor has the bits the same rows have in a history, whatever the universe does."""

from __future__ import annotations

import os
from collections import deque
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.messages import universe_digest
from common.errors import ModelError
from common.factors.processors.feature_block import FeatureBlock
from common.models.bundle import save_bundle
from services.inference_worker.executor.attendance import Attendance, decode_names, encode_names
from services.inference_worker.executor.child_link import ChildLink
from services.inference_worker.executor.exchange import Answer, Message, Ready, Request, Scored
from services.inference_worker.executor.executor import Executor
from services.inference_worker.executor.scorer import Scorer
from services.inference_worker.executor.slate import Slate
from tests.common.models.processed_samples import CHAINS, behind, bundle_behind, sections
from tests.common.models.sample_bundle import NAMES
from tests.services.inference_worker.children import next_message, ready

MODEL = cache(behind)
SYMBOLS = 9


class ChildInside:
    """A channel with the child's scoring at its other end, over the same shared memory, without a process."""

    def __init__(self, chain: str, kind: str, slate: Slate) -> None:
        self._scorer = Scorer(MODEL(chain, kind), Slate(os.dup(slate.descriptor)))
        self._said: deque[Message] = deque([Ready("demo", kind, "0" * 64, NAMES, sections=True)])
        self.asked: list[Request] = []

    def send(self, message: Message) -> None:
        """Score at once."""
        assert isinstance(message, Request)
        self.asked.append(message)
        values = self._scorer.score(message)
        self._scorer.predictions(message)[...] = values
        self._said.append(Scored(message.id, len(values)))

    def receive(self) -> Message | None:
        """What it said."""
        return self._said.popleft() if self._said else None


def executor_over(chain: str, kind: str) -> tuple[Executor, ChildInside]:
    """An executor that is ready."""
    slate = Slate.create()
    inside = ChildInside(chain, kind, slate)
    made = Executor(ChildLink(cast("Any", None), cast("Any", inside), slate), count(1))
    assert isinstance(made.receive(), Ready)
    return made, inside


def ask(executor: Executor, block: FeatureBlock, section: int, tracked: list[int]) -> Answer:
    """Hand over one section of the tracked symbols as a worker would."""
    symbols = tuple(block.symbols[place] for place in tracked)
    stamp, counted = int(block.stamp[section]), block.rows[section, tracked]
    attendance = Attendance(stamp, universe_digest(symbols), symbols, counted)
    executor.submit(block.values[:, section, tracked], bar=section + 1, attendance=attendance)
    answer = next_message(executor) if executor.ready and executor.ready.digest != "0" * 64 else executor.receive()
    assert isinstance(answer, Answer)
    return answer


def check(answer: Answer, block: FeatureBlock, section: int, tracked: list[int], whole: Any) -> None:
    """Bits of the values, and who is silent."""
    rows = whole.rows[section, tracked]
    expected = whole.values[section, tracked]
    assert answer.silent is not None
    np.testing.assert_array_equal(answer.silent, block.rows[section, tracked] & ~rows)
    assert answer.values[rows].view(np.int64).tolist() == expected[rows].view(np.int64).tolist()
    assert np.isnan(answer.values[~rows]).all()


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("kind", ["lightgbm", "linear"])
@settings(max_examples=12, deadline=None, derandomize=True)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), out=st.sampled_from([0.0, 0.3]))
def test_a_section_has_the_bits_of_the_history(
    chain: str, kind: str, data: st.DataObject, seed: int, out: float
) -> None:
    """Symbols come and go between sections; whoever counts is always there."""
    block = sections(seed, count=6, symbols=SYMBOLS, out=out)
    whole = MODEL(chain, kind).answer(block)
    executor, _ = executor_over(chain, kind)
    for section in range(6):
        others = data.draw(st.sets(st.integers(0, SYMBOLS - 1)))
        tracked = sorted(others | set(np.flatnonzero(block.rows[section]).tolist()))
        if tracked:
            check(ask(executor, block, section, tracked), block, section, tracked, whole)


def test_names_go_along_only_when_the_universe_changes() -> None:
    """A section costs its numbers; the names of its symbols were said before."""
    block = sections(3, count=6, symbols=SYMBOLS, out=0.0)
    executor, inside = executor_over("replace_inf", "linear")
    everyone, few = list(range(SYMBOLS)), [0, 2, 5]
    for section, tracked in enumerate([everyone, everyone, few, few, everyone, everyone]):
        ask(executor, block, section, tracked)
    assert [request.names > 0 for request in inside.asked] == [True, False, True, False, True, False]
    assert [request.stamp for request in inside.asked] == block.stamp.tolist()


@pytest.mark.parametrize("chain", ["several", "replace_inf"])
@pytest.mark.parametrize("kind", ["lightgbm", "linear", "mlp"])
def test_a_real_child_gives_the_same(chain: str, kind: str, tmp_path: Path) -> None:
    """Its own process, the bundle from disk, proven and as fast as it can be."""
    folder = save_bundle(tmp_path, bundle_behind(chain, kind))
    block, model = sections(5, count=5, symbols=SYMBOLS), behind(chain, kind)
    whole = model.answer(block)
    with ready(folder) as executor:
        assert executor.ready is not None
        assert executor.ready.sections
        for section in range(5):
            tracked = sorted({section, *np.flatnonzero(block.rows[section]).tolist()})
            check(ask(executor, block, section, tracked), block, section, tracked, whole)


def test_a_section_without_attendance_is_refused(tmp_path: Path) -> None:
    """Before it is sent: a chain that does not know who counts would say something else."""
    folder = save_bundle(tmp_path, bundle_behind("cs_norm"))
    with ready(folder) as executor:
        with pytest.raises(ModelError, match="say who counts"):
            executor.submit(np.zeros((3, 4)), bar=1)
        with pytest.raises(ModelError, match="say who counts"):
            executor.submit(np.zeros((3, 4)), bar=1, attendance=Attendance(0, b"u", ("A",), np.ones(1, np.bool_)))
        assert executor.outstanding is None


def test_a_section_of_nobody_is_answered() -> None:
    """An empty universe between two others."""
    block = sections(3, count=3, symbols=SYMBOLS, out=0.0)
    executor, _ = executor_over("several", "linear")
    whole = MODEL("several", "linear").answer(block)
    for section, tracked in enumerate([[1, 2, 3], [], [1, 2, 3]]):
        answer = ask(executor, block, section, tracked)
        assert answer.values.shape == (len(tracked),)
        assert answer.silent is not None
        assert np.isfinite(answer.values).tolist() == (~answer.silent).tolist()
    assert whole.rows.any()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_names_survive_the_slate(names: list[str]) -> None:
    """Whatever letters a symbol has."""
    slate = Slate.create()
    body = encode_names(tuple(names))
    slate.grow(3, len(names), len(body))
    slate.write_names(3, len(names), body)
    slate.rows(3, len(names))[...] = 1.0
    assert decode_names(slate.read_names(3, len(names), len(body))) == tuple(names)
    slate.close()
