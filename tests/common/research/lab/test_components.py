"""Members of an index in a research folder: lists by date, stays, and what counts for the pipeline."""

from datetime import date

import numpy as np
import pytest

from common.errors import LabError
from common.research.lab import Lab


def test_components_make_stays_and_constituents(lab: Lab) -> None:
    """Runs of listed dates as vnpy finds them; for the pipeline a list holds until the next one."""
    lists = {date(2024, 1, 2): ["A", "B"], date(2024, 1, 3): ["A"], date(2024, 1, 5): ["A", "B"]}
    lab.save_component_data("INDEX", lists)
    assert lab.load_component_data("INDEX") == lists
    assert lab.load_component_data("INDEX", date(2024, 1, 3)) == dict(list(lists.items())[1:])
    assert lab.load_component_symbols("INDEX", end=date(2024, 1, 2)) == ["A", "B"]
    assert lab.load_component_symbols("INDEX", date(2024, 1, 4), date(2024, 1, 4)) == ["A"]  # the list in force
    assert lab.load_component_symbols("INDEX", date(2024, 1, 2), date(2024, 1, 4)) == ["A", "B"]
    assert lab.load_component_symbols("INDEX", date(2023, 1, 2), date(2023, 1, 4)) == []
    assert lab.load_component_filters("INDEX") == {
        "A": [(date(2024, 1, 2), date(2024, 1, 5))],
        "B": [(date(2024, 1, 2), date(2024, 1, 2)), (date(2024, 1, 5), date(2024, 1, 5))],
    }
    days = [int(np.datetime64(f"2024-01-0{day}T12", "ns").astype(np.int64)) for day in (1, 2, 3, 4, 5, 9)]
    mask = lab.load_constituents("INDEX").among(["A", "B"]).members(np.array(days))
    assert mask.tolist() == [[False, False], [True, True], [True, False], [True, False], [True, True], [True, True]]


def test_a_list_saved_again_replaces_its_date(lab: Lab) -> None:
    """Other dates stay; a date without symbols is refused."""
    lab.save_component_data("INDEX", {date(2024, 1, 2): ["A"], date(2024, 1, 3): ["A"]})
    lab.save_component_data("INDEX", {date(2024, 1, 3): ["C", "C", "B"]})
    assert lab.load_component_data("INDEX") == {date(2024, 1, 2): ["A"], date(2024, 1, 3): ["B", "C"]}
    with pytest.raises(LabError, match="at least one symbol"):
        lab.save_component_data("INDEX", {date(2024, 1, 4): []})
    assert lab.list_all_components() == ["INDEX"]
    lab.remove_component_data("INDEX")
    assert lab.list_all_components() == []


def test_an_empty_list_says_that_nobody_is_left(lab: Lab) -> None:
    """A stay ends with it, in the lists as in the stays and in what the pipeline takes."""
    lists = {date(2024, 1, 2): ["A"], date(2024, 1, 4): [], date(2024, 1, 5): ["A"], date(2024, 1, 8): []}
    lab.save_component_data("INDEX", lists)
    assert lab.load_component_data("INDEX") == lists
    single = [(date(2024, 1, day), date(2024, 1, day)) for day in (2, 5)]
    assert lab.load_component_filters("INDEX") == {"A": single}
    days = [int(np.datetime64(f"2024-01-0{day}", "ns").astype(np.int64)) for day in range(1, 10)]
    mask = lab.load_constituents("INDEX").among(["A"]).members(np.array(days))[:, 0]
    assert [day for day, member in enumerate(mask, 1) if member] == [2, 3, 5, 6, 7]


def test_a_day_that_stands_twice_is_refused(lab: Lab) -> None:
    """Two spellings of one date would leave it open which list counts."""
    with pytest.raises(LabError, match="'20240102' is no day, or one that stands there twice"):
        lab.save_component_data("INDEX", {"2024-01-02": ["A"], "20240102": ["B"]})
