"""Files of a research folder: names of any letters, whole writes, and damage that is named."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from common.errors import LabError
from common.research.lab import Lab
from tests.common.research.lab.daily import bars


def test_a_name_of_any_letters_has_a_file_of_its_own(lab: Lab) -> None:
    """Slashes, dots and signs neither leave the folder nor meet one another."""
    names = ["BTC/USDT.BINANCE", "../escape.X", "BTC%2FUSDT.BINANCE", "中文.X", "a b.X", ".X"]
    for number, name in enumerate(names):
        lab.save_bar_data(bars(name, close=float(number + 1)), "d")
    assert lab.list_bar_symbols("d") == sorted(names)
    for number, name in enumerate(names):
        assert lab.load_bar_df([name], "d")["close"][0] == number + 1
    assert {path.parent for path in lab.root.rglob("*.parquet")} == {lab.root / "daily"}


@pytest.mark.parametrize("name", ["", "x" * 101, "new\nline", "nul\0"])
def test_what_cannot_be_a_name_is_refused(lab: Lab, name: str) -> None:
    """For a symbol and for a signal alike."""
    with pytest.raises(LabError, match="a name is 1 to 100 printable letters"):
        lab.save_signal(name, bars())
    with pytest.raises(LabError, match="a name is 1 to 100 printable letters"):
        lab.save_bar_data(bars(name), "d")


def test_a_failed_write_leaves_what_was_there(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk says no half way: the old file stands, and no other one."""
    lab.save_signal("s", bars(days=2))

    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
    with pytest.raises(LabError, match=r"s\.parquet cannot be written: no space left on device; what was there stays"):
        lab.save_signal("s", bars(days=3))
    monkeypatch.undo()
    assert lab.load_signal("s").equals(bars(days=2))
    assert [path.name for path in (lab.root / "signal").iterdir()] == ["s.parquet"]


WRITES: tuple[Callable[[Lab], object], ...] = (
    lambda lab: lab.save_bar_data(bars(), "d"),
    lambda lab: lab.save_component_data("INDEX", {date(2024, 1, 2): ["A"]}),
    lambda lab: lab.save_signal("s", bars()),
    lambda lab: lab.add_contract_setting("A.X", 0, 0, 1, 0.01),
)


@pytest.mark.parametrize("write", WRITES)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, write: Callable[[Lab], object]) -> None:
    """With the system's reason, as an error of the lab's."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    lab = Lab(tmp_path / "file" / "lab", clock=lambda: 1, author="tester")
    with pytest.raises(LabError, match=r"file/lab/.* cannot be written: Not a directory"):
        write(lab)


@pytest.mark.parametrize(
    ("place", "asks"),
    [
        (
            "daily/A%2EX",
            (
                lambda lab: lab.load_bar_df(["A.X"], "d"),
                lambda lab: lab.load_bar_data("A.X", "d"),
                lambda lab: lab.save_bar_data(bars(), "d"),
            ),
        ),
        (
            "component/INDEX",
            (
                lambda lab: lab.load_component_data("INDEX"),
                lambda lab: lab.load_constituents("INDEX"),
                lambda lab: lab.save_component_data("INDEX", {date(2024, 1, 2): ["A"]}),
            ),
        ),
        ("signal/s", (lambda lab: lab.load_signal("s"),)),
    ],
)
def test_a_damaged_file_is_named(lab: Lab, place: str, asks: tuple[Callable[[Lab], object], ...]) -> None:
    """Also before something is laid over it; it stays as it is."""
    path = lab.root / f"{place.replace('%2E', '.')}.parquet"
    path.parent.mkdir(parents=True)
    for content in (b"", b"PAR1 and then nothing of it"):
        path.write_bytes(content)
        for ask in asks:
            with pytest.raises(LabError, match=rf"{path.name}: .* cannot be read as parquet: .*; remove it"):
                ask(lab)
        assert path.read_bytes() == content


def test_a_table_of_something_else_is_named(lab: Lab) -> None:
    """What lies in the place of bars or members, and has not their columns."""
    for folder in ("daily", "component"):
        (lab.root / folder).mkdir(parents=True)
        pl.DataFrame({"x": [1]}).write_parquet(lab.root / folder / "A.parquet")
    with pytest.raises(LabError, match=r"A.parquet: symbol 'A' lacks datetime, .*; it has x: remove it"):
        lab.load_bar_df(["A"], "d")
    with pytest.raises(LabError, match=r"A.parquet: index 'A' lacks date, symbol; it has x: remove it"):
        lab.load_component_data("A")
