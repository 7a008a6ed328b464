"""The research folder: what is saved is there, what is corrected is replaced, what is wrong is refused whole."""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import LabError, RegistryError
from common.market.store import load_bars
from common.research.lab import Contract, Lab
from tests.common.models.sample_bundle import make_bundle

DAY = timedelta(days=1)
START = datetime(2024, 1, 1)  # noqa: DTZ001  stamps of daily bars have no zone


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """An empty lab."""
    return Lab(tmp_path / "lab", clock=lambda: 1, author="tester")


def bars(
    symbol: str = "A.X", days: int = 5, *, close: float = 10.0, first: int = 0, zone: str | None = None
) -> pl.DataFrame:
    """Daily bars of one symbol, one price throughout."""
    stamps = pl.Series("datetime", [START + DAY * (first + number) for number in range(days)])
    stamps = stamps if zone is None else stamps.dt.replace_time_zone(zone)
    numbers = {name: [close] * days for name in ("open", "high", "low", "close")}
    return pl.DataFrame({"datetime": stamps, "symbol": [symbol] * days, **numbers, "volume": [100.0] * days})


def test_what_is_saved_is_loaded(lab: Lab) -> None:
    """Bars of two symbols come back as one long frame by time and symbol, to the bit."""
    whole = pl.concat([bars("A.X", close=0.1 + 0.2), bars("B.X", days=3)])
    saved = lab.save_bar_data(whole, "d")
    assert asdict(saved) == {"symbols": 2, "new": 8, "replaced": 0}
    assert lab.load_bar_df(["B.X", "A.X"], "d").equals(whole.sort("datetime", "symbol"))
    assert lab.list_bar_symbols("d") == ["A.X", "B.X"]
    assert lab.list_bar_symbols("1m") == []


def test_a_corrected_bar_replaces_the_older_one(lab: Lab) -> None:
    """The one saved last stands, whichever way they are ordered; counted are only bars that really changed."""
    lab.save_bar_data(bars(close=10.0), "d")
    saved = lab.save_bar_data(pl.concat([bars(close=11.0, first=4, days=3), bars(close=10.0, first=0, days=1)]), "d")
    assert asdict(saved) == {"symbols": 1, "new": 2, "replaced": 1}
    assert lab.load_bar_df(["A.X"], "d")["close"].to_list() == [10.0] * 4 + [11.0] * 3
    again = lab.save_bar_data(bars(close=10.0, first=4, days=1), "d")
    assert (again.new, again.replaced) == (0, 1)


@settings(deadline=None)  # it opens files, and a busy disk is no failure
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(1, 9)), min_size=1, max_size=6))
def test_any_sequence_of_saves_leaves_the_last_word_of_each_stamp(
    tmp_path_factory: pytest.TempPathFactory, saves: list[tuple[int, int, int]]
) -> None:
    """Against a dictionary of stamp to close."""
    lab = Lab(tmp_path_factory.mktemp("lab"), clock=lambda: 1, author="tester")
    expected: dict[datetime, float] = {}
    for first, days, close in saves:
        before = dict(expected)
        expected |= {START + DAY * (first + number): float(close) for number in range(days)}
        saved = lab.save_bar_data(bars(first=first, days=days, close=float(close)), "d")
        assert saved.new == len(expected) - len(before)
        assert saved.replaced == sum(before[stamp] != expected[stamp] for stamp in before)
    found = lab.load_bar_df(["A.X"], "d")
    assert dict(zip(found["datetime"], found["close"], strict=True)) == dict(sorted(expected.items()))


def test_a_zone_is_kept_and_two_kinds_of_stamps_do_not_mix(lab: Lab) -> None:
    """Stamps with a zone come back with it; bare ones for the same symbol are refused, and nothing is lost."""
    zoned = bars(zone="Asia/Shanghai")
    lab.save_bar_data(zoned, "1m")
    assert lab.load_bar_df(["A.X"], "1m").equals(zoned)
    with pytest.raises(LabError, match="convert these"):
        lab.save_bar_data(bars(), "1m")
    assert lab.load_bar_df(["A.X"], "1m").equals(zoned)
    lab.save_bar_data(bars("B.X"), "1m")
    with pytest.raises(LabError, match="load them apart"):
        lab.load_bar_df(["A.X", "B.X"], "1m")


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        (None, "2024-01-02", "2024-01-04"),
        (None, datetime(2024, 1, 2), datetime(2024, 1, 4)),  # noqa: DTZ001  as the file writes them
        ("Asia/Shanghai", "2024-01-02", "2024-01-04"),
        ("Asia/Shanghai", datetime(2024, 1, 1, 16, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=ZoneInfo("Asia/Shanghai"))),
    ],
)
def test_a_span_is_read_as_the_file_writes_its_stamps(
    lab: Lab, zone: str | None, start: datetime | str, end: datetime | str
) -> None:
    """Both ends belong to it; `extended_days` reaches back for a look-back."""
    lab.save_bar_data(bars(zone=zone), "d")
    assert lab.load_bar_df(["A.X"], "d", start, end)["datetime"].dt.day().to_list() == [2, 3, 4]
    assert lab.load_bar_df(["A.X"], "d", start, end, extended_days=1)["datetime"].dt.day().to_list() == [1, 2, 3, 4]


def test_saved_bars_are_a_file_of_bars(lab: Lab, tmp_path: Path) -> None:
    """What a lab gives, replay and training take."""
    lab.save_bar_data(bars(days=8), "d")
    lab.load_bar_df(["A.X"], "d").write_parquet(tmp_path / "bars.parquet")
    table = load_bars(tmp_path / "bars.parquet")
    assert (table.frame.height, table.rejected.height) == (8, 0)


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


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda frame: frame.drop("close"), "lacks close"),
        (lambda frame: frame.drop("symbol"), "lacks symbol"),
        (lambda frame: frame.with_columns(datetime=pl.lit("today")), "must hold dates"),
        (lambda frame: frame.with_columns(datetime=pl.lit(None, dtype=pl.Datetime("us"))), "have no datetime"),
    ],
)
def test_a_frame_that_is_no_bars_changes_nothing(
    lab: Lab, spoil: Callable[[pl.DataFrame], pl.DataFrame], said: str
) -> None:
    """The error names what is missing; what was on file stays."""
    lab.save_bar_data(bars(), "d")
    with pytest.raises(LabError, match=said):
        lab.save_bar_data(spoil(bars(close=99.0)), "d")
    assert lab.load_bar_df(["A.X"], "d").equals(bars())


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


def test_a_day_that_stands_twice_is_refused(lab: Lab) -> None:
    """Two spellings of one date would leave it open which list counts."""
    with pytest.raises(LabError, match="'20240102' is no day, or one that stands there twice"):
        lab.save_component_data("INDEX", {"2024-01-02": ["A"], "20240102": ["B"]})


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


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    (tmp_path / "lab").write_text("", encoding="utf-8")
    with pytest.raises(LabError, match="is not a folder"):
        Lab(tmp_path / "lab", clock=lambda: 1, author="tester")
