"""Contracts in a research folder: the file that vnpy writes, sound numbers alone, and nobody's entry lost."""

import json
import threading
from dataclasses import asdict
from typing import Any

import pytest

from common.errors import LabError
from common.research.lab import Contract, Lab


def test_contracts_are_vnpys_file(lab: Lab) -> None:
    """By symbol, with the four numbers; removed ones are gone, and a foreign file is refused by name."""
    lab.add_contract_setting("A.X", 0.0005, 0.0015, 1, 0.01)
    lab.add_contract_setting("B.X", 0, 0, 300, 0.2)
    assert lab.load_contract_settings() == {"A.X": Contract(0.0005, 0.0015, 1, 0.01), "B.X": Contract(0, 0, 300, 0.2)}
    lab.remove_contract_setting("A.X")
    assert list(lab.load_contract_settings()) == ["B.X"]
    with pytest.raises(LabError, match=r"did you mean 'B\.X'"):
        lab.remove_contract_setting("B.Y")
    (lab.root / "contract.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(LabError, match=r"contract.json: no contract settings"):
        lab.load_contract_settings()


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "1", None, True])
def test_a_contract_is_made_of_sound_numbers(place: int, value: Any) -> None:
    """Negative, endless or no number at all."""
    numbers: list[Any] = [0.1, 0.1, 1.0, 0.01]
    numbers[place] = value
    with pytest.raises(LabError, match="of a contract is a number"):
        Contract(*numbers)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ([1, 2], r"not \[1, 2\]"),
        ({"size": 1}, "these and no others"),
        ({**asdict(Contract(0.1, 0.1, 1, 0.01)), "min_volume": 1}, "min_volume"),
        ({**asdict(Contract(0.1, 0.1, 1, 0.01)), "size": 0}, "size of a contract is a number, more than 0"),
    ],
)
def test_a_setting_that_is_no_contract_is_named(lab: Lab, setting: Any, said: str) -> None:
    """By where it stands; so it is in a file of ours."""
    with pytest.raises(LabError, match=rf"^here: .*{said}"):
        Contract.of(setting, "here")
    lab.root.mkdir()
    (lab.root / "contract.json").write_text(json.dumps({"A.X": setting}), encoding="utf-8")
    with pytest.raises(LabError, match=rf"contract.json: no contract settings: A.X: .*{said}"):
        lab.load_contract_settings()


def test_contracts_of_two_writers_are_all_there(lab: Lab) -> None:
    """Both read the file, add theirs, and write it."""
    start = threading.Barrier(3)

    def add(letter: str) -> None:
        start.wait()
        for number in range(10):
            lab.add_contract_setting(f"{letter}{number}.X", 0, 0, 1, 0.01)

    threads = [threading.Thread(target=add, args=(letter,)) for letter in "ABC"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lab.load_contract_settings()) == 30
