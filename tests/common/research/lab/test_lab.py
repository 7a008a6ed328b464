"""The research folder itself: models and signals, days in words or as dates, and what is not there."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from common.errors import LabError, RegistryError
from common.research.lab import Lab
from tests.common.models.sample_bundle import make_bundle
from tests.common.research.lab.daily import bars


def test_models_are_the_registrys(lab: Lab) -> None:
    """Saved under the next version, loaded verified, listed, removed; the same bundle keeps its version."""
    bundle = make_bundle()
    ref = lab.save_model(bundle)
    assert lab.save_model(bundle) == ref
    assert lab.load_model(ref.name).digest == bundle.digest
    assert lab.list_all_models() == [ref.name]
    lab.remove_model(ref.name, ref.version)
    assert lab.list_all_models() == []
    with pytest.raises(RegistryError):
        lab.load_model(ref.name)


def test_signals_are_frames(lab: Lab) -> None:
    """As saved; replaced whole; a wrong name gets the closest one."""
    lab.save_signal("momentum", bars(days=2))
    lab.save_signal("momentum", bars(days=3))
    assert lab.load_signal("momentum").equals(bars(days=3))
    assert lab.list_all_signals() == ["momentum"]
    with pytest.raises(LabError, match="did you mean 'momentum'"):
        lab.load_signal("momentun")
    lab.remove_signal("momentum")
    assert lab.list_all_signals() == []


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda lab: lab.load_bar_df(["NOBODY"], "d"), "no symbol 'NOBODY'"),
        (lambda lab: lab.load_bar_df([], "d"), "no symbols were asked for"),
        (lambda lab: lab.load_bar_df(["A.X"], "h"), "interval 'h'"),
        (lambda lab: lab.load_bar_df(["A.X"], "d", "yesterday"), "no date"),
        (lambda lab: lab.load_component_data("NONE"), "no index 'NONE'"),
        (lambda lab: lab.remove_bar_data("NOBODY", "d"), "no symbol 'NOBODY'"),
    ],
)
def test_what_is_not_there_is_said(lab: Lab, ask: Callable[[Lab], object], said: str) -> None:
    """What, and where."""
    with pytest.raises(LabError, match=said):
        ask(lab)


@pytest.mark.parametrize("form", [str, lambda day: day, lambda day: datetime(day.year, day.month, day.day)])  # noqa: DTZ001
def test_days_are_given_in_words_or_as_dates(lab: Lab, form: Callable[[date], Any]) -> None:
    """Members and bars alike, where they are saved and where they are asked for."""
    first, second, third = (date(2024, 1, day) for day in (2, 3, 5))
    lab.save_component_data("INDEX", {form(first): ["A", "B"], form(second): ["A"], form(third): ["A"]})
    assert lab.load_component_data("INDEX", form(second), form(second)) == {second: ["A"]}
    assert lab.load_component_symbols("INDEX", form(second)) == ["A"]
    assert lab.load_component_filters("INDEX", end=form(second)) == {"A": [(first, second)], "B": [(first, first)]}
    lab.save_bar_data(bars(), "d")
    assert lab.load_bar_df(["A.X"], "d", form(second), form(third))["datetime"].dt.day().to_list() == [3, 4, 5]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("01/31/2024", "'01/31/2024' is no date .* write 2024-01-31: year, month, day"),
        (20240131, "20240131 is no date: give 2024-03-01 or a datetime.date"),
    ],
)
def test_what_is_no_day_is_said(lab: Lab, day: Any, said: str) -> None:
    """Wherever a lab takes one, and before anything is written."""
    lab.save_component_data("INDEX", {"2024-01-02": ["A"]})
    asks: tuple[Callable[[], object], ...] = (
        lambda: lab.load_component_data("INDEX", day),
        lambda: lab.load_component_symbols("INDEX", day),
        lambda: lab.load_component_filters("INDEX", None, day),
        lambda: lab.load_bar_df(["A.X"], "d", day),
        lambda: lab.save_component_data("OTHER", {day: ["A"]}),
    )
    for ask in asks:
        with pytest.raises(LabError, match=said):
            ask()
    assert lab.list_all_components() == ["INDEX"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    (tmp_path / "lab").write_text("", encoding="utf-8")
    with pytest.raises(LabError, match="is not a folder"):
        Lab(tmp_path / "lab", clock=lambda: 1, author="tester")
