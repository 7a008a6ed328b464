"""Fault plans: what is planned happens once, and a plan that cannot be read is refused."""

from pathlib import Path

import numpy as np
import pytest

from common.errors import ConfigError
from services.inference_worker.executor.exchange import Request
from services.inference_worker.executor.faults import CRASHES, LIES, NO_FAULTS, Faults, read_faults


def _read(folder: Path, text: str) -> Faults:
    path = folder / "plan.toml"
    path.write_text(text)
    return read_faults(path, 1)


def _request(bar: int, *, number: int = 1, attempt: int = 1) -> Request:
    return Request(number, bar, attempt, 4)


def test_without_a_plan_nothing_changes() -> None:
    """The hooks of an empty plan do nothing."""
    NO_FAULTS.loading()
    NO_FAULTS.before(_request(1))
    np.testing.assert_array_equal(NO_FAULTS.change(_request(1), np.arange(4.0)), np.arange(4.0))


@pytest.mark.parametrize("action", sorted(LIES))
def test_every_lie_changes_the_answer(tmp_path: Path, action: str) -> None:
    """At its bar and at no other."""
    faults = _read(tmp_path, f'[[fault]]\naction = "{action}"\nbars = [7]\n')
    truth = np.arange(1.0, 5.0)
    faults.before(_request(7))
    assert not np.array_equal(faults.change(_request(7), truth), truth)
    assert np.array_equal(faults.change(_request(8), truth), truth)


@pytest.mark.parametrize("action", ["late", "wrong_bits", *sorted(CRASHES), *sorted(LIES)])
def test_every_action_can_be_planned(tmp_path: Path, action: str) -> None:
    """By bar, by request and by start."""
    for where in ("bars", "requests", "starts"):
        plan = _read(tmp_path, f'[[fault]]\naction = "{action}"\n{where} = [3]\n')
        assert [fault.action for fault in plan.fault] == [action]


@pytest.mark.parametrize(("attempt", "fires"), [(1, True), (2, True), (3, False)])
def test_it_fires_as_often_as_planned(tmp_path: Path, attempt: int, *, fires: bool) -> None:
    """`times` bounds the attempts at one bar."""
    faults = _read(tmp_path, '[[fault]]\naction = "raise"\nbars = [7]\ntimes = 2\n')
    assert faults.fault[0].due(_request(7, attempt=attempt)) is fires


def test_requests_are_told_by_their_id(tmp_path: Path) -> None:
    """Ids go on over children, so an ordinal comes once."""
    faults = _read(tmp_path, '[[fault]]\naction = "raise"\nrequests = [3]\n')
    with pytest.raises(RuntimeError, match="on purpose"):
        faults.before(_request(1, number=3))
    faults.before(_request(3, number=1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fault = 1", "fault"),
        ("[[fault]]\n", "action"),
        ('[[fault]]\naction = "explode"\nbars = [1]\n', "action must be one of"),
        ('[[fault]]\naction = "spin"\n', "exactly one of"),
        ('[[fault]]\naction = "spin"\nbars = [1]\nstarts = [1]\n', "exactly one of"),
        ('[[fault]]\naction = "spin"\nbars = [1]\nwhen = 1\n', "when"),
        ('[[fault]]\naction = "spin"\nbars = "all"\n', "bars"),
        ("[[fault]\n", "plan.toml"),
        ("[[typo]]\n", "typo"),
    ],
)
def test_a_broken_plan_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """The error names the file and what is wrong."""
    with pytest.raises(ConfigError) as refused:
        _read(tmp_path, text)
    assert told in str(refused.value)
    assert "plan.toml" in str(refused.value)


def test_a_missing_plan_is_refused(tmp_path: Path) -> None:
    """A drill without its plan is no drill."""
    with pytest.raises(ConfigError, match=r"none\.toml"):
        read_faults(tmp_path / "none.toml", 1)
