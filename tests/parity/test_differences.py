"""Every difference from vnpy 4.5.0 that docs/factors.md names, with both numbers."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.factors.block import Block, present_bars
from common.factors.engine import Engine
from common.factors.parser import parse
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.robust_zscore_norm import RobustZscoreNorm
from tests.common.factors.panels import plan_of
from tests.parity.asking import Answer, ask, evaluated
from tests.parity.nodes import canonical
from tests.parity.rows import Floats, Rows

DAY = 86_400_000_000_000
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001  vnpy's stamps have no zone
SYMBOLS = ("a", "b", "c")

OPEN = [[10, 11, 12, 12, 14, 13, 15], [20, 19, 18, 19, 21, 20, 20], [30, 31, 33, 32, 34, 35, 36]]
CLOSE = [[11, 12, 12, 14, 13, 15, 16], [19, 18, 19, 21, 20, 20, 22], [31, 33, 32, 34, 35, 36, 30]]

TEXTS = {
    "whole mean": "ts_mean(close > ts_delay(close, 1), 5)",
    "whole rank": "ts_rank(close > open, 5)",
    "nothing": "(close - open) / (close - open)",
    "section mean": "cs_mean((close - open) / (close - open))",
    "section deviation": "cs_std((close - open) / (close - open))",
    "section sum": "cs_sum((close - open) / (close - open))",
    "section scale": "cs_scale((close - open) / (close - open))",
    "infinity": "close / (close - open)",
    "comparison": "(close - open) / (close - open) < 2",
    "sign": "sign((close - open) / (close - open))",
    "power": "pow2((close - open) / (close - open), close)",
    "choice of nothing": "quesval(0, ts_delay(close, 1), 1.0, -1.0)",
    "decay": "ts_decay_linear(close, 3)",
    "choice": "quesval2(open, close, 1.0, -1.0)",
    "partial": "ts_corr(open, close, 6)",
    "flat": "ts_cov(close * 0 + 1, open, 3)",
    "pair": "ts_corr(close + 1000000000, ts_sum(close, 2) + 1000000000, 2)",
}


def _rows() -> Rows:
    """Seven bars of three symbols; the second has one that closes where it opened."""
    close, open_ = np.array(CLOSE, dtype=np.float64), np.array(OPEN, dtype=np.float64)
    frames = [
        pl.DataFrame(
            {
                "time": np.arange(7, dtype=np.int64) * DAY,
                "stamp": np.arange(7, dtype=np.int64) * DAY,
                "symbol": [name] * 7,
                "open": open_[i],
                "high": np.maximum(open_, close)[i],
                "low": np.minimum(open_, close)[i],
                "close": close[i],
                "volume": np.full(7, 100.0),
                "turnover": close[i] * 100.0,
            }
        )
        for i, name in enumerate(SYMBOLS)
    ]
    return Rows.of(pl.concat(frames))


class Both:
    """Each text by vnpy and by our engine: values [symbol, bar]."""

    def __init__(self, rows: Rows, answer: Answer) -> None:
        self.rows, self.answer = rows, answer

    def values(self, name: str) -> tuple[Floats, Floats]:
        """Return vnpy's and ours."""
        text = canonical(TEXTS[name])
        ours = self.rows.compute({name: parse(text)})[name]
        return self.answer.values(text).reshape(3, 7), ours.reshape(3, 7)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """All texts, asked once."""
    rows = _rows()
    return Both(rows, evaluated(tmp_path_factory.mktemp("differences"), rows.frame(), list(TEXTS.values())))


def test_mean_of_a_comparison(both: Both) -> None:
    """3 of 5 bars are up: ours 0.6; vnpy casts it back to a whole number, 0."""
    theirs, ours = both.values("whole mean")
    assert (theirs[0, 5], ours[0, 5]) == (0.0, 0.6)
    assert set(theirs[:, 5:].ravel()) <= {0.0, 1.0}


def test_rank_of_a_comparison(both: Both) -> None:
    """Any rolling value of whole numbers is cast back in vnpy, a rank too."""
    theirs, ours = both.values("whole rank")
    assert (theirs[2, 6], ours[2, 6]) == (0.0, 0.3)


@pytest.mark.parametrize(("name", "ours"), [("mean", 1.0), ("deviation", 0.0), ("sum", 2.0), ("scale", 0.5)])
def test_one_nan_in_a_section(both: Both, name: str, ours: float) -> None:
    """Symbol b has 0 / 0 on the sixth bar: vnpy's whole section is NaN, ours is that of the other two."""
    theirs, found = both.values(f"section {name}")
    assert np.isnan(theirs[:, 5]).all()
    assert (found[0, 5], found[2, 5]) == (ours, ours)


def test_infinity(both: Both) -> None:
    """20 / 0 is infinite in vnpy and NaN here."""
    theirs, ours = both.values("infinity")
    assert np.isposinf(theirs[1, 5])
    assert np.isnan(ours[1, 5])


@pytest.mark.parametrize(("name", "theirs"), [("comparison", 0.0), ("sign", 1.0), ("power", 0.0)])
def test_a_number_made_of_nothing(both: Both, name: str, theirs: float) -> None:
    """0 / 0 < 2 is 0 in vnpy, its sign is 1, its power 0; here all of them are NaN."""
    found, ours = both.values(name)
    assert np.isnan(both.values("nothing")[1][1, 5])
    assert found[1, 5] == theirs
    assert np.isnan(ours[1, 5])


def test_a_choice_made_of_nothing(both: Both) -> None:
    """Before the first bar there is none: vnpy chooses `no`, here nothing is chosen."""
    theirs, ours = both.values("choice of nothing")
    assert theirs[0, 0] == -1.0
    assert np.isnan(ours[0, 0])


def test_decay_weights(both: Both) -> None:
    """11, 12, 12: vnpy weighs the oldest most, ours the newest."""
    theirs, ours = both.values("decay")
    assert theirs[0, 2] == pytest.approx((3 * 11 + 2 * 12 + 12) / 6, rel=1e-15)
    assert ours[0, 2] == pytest.approx((11 + 2 * 12 + 3 * 12) / 6, rel=1e-15)


def test_quesval2_chooses_as_it_says(both: Both) -> None:
    """`yes` if threshold < x is what both document; vnpy's quesval2 chooses `yes` if x < threshold."""
    theirs, ours = both.values("choice")
    assert CLOSE[0][0] > OPEN[0][0]
    assert (theirs[0, 0], ours[0, 0]) == (-1.0, 1.0)


def test_correlation_of_a_window_that_is_not_full(both: Both) -> None:
    """Where six bars are asked for vnpy correlates the two there are; ours waits for six."""
    theirs, ours = both.values("partial")
    assert theirs[0, 1] == pytest.approx(1.0)
    assert np.isnan(ours[:, :5]).all()
    assert ours[:, 5:] == pytest.approx(theirs[:, 5:], rel=1e-9)


def test_covariance_with_a_constant(both: Both) -> None:
    """It is 0; vnpy multiplies a correlation that is NaN by a deviation of 0."""
    theirs, ours = both.values("flat")
    assert np.isnan(theirs[:, 3]).all()
    assert (ours[:, 3] == 0.0).all()


def test_correlation_of_two_bars(both: Both) -> None:
    """It is 1 or -1, or nothing where one did not move; vnpy's one-pass moments lose every digit of large values."""
    theirs, ours = both.values("pair")
    defined = np.isfinite(ours)
    assert np.abs(np.abs(ours[defined]) - 1).max() < 1e-12
    assert not np.allclose(theirs[defined], ours[defined], rtol=0, atol=1e-9, equal_nan=True)


def test_members_are_chosen_after_the_section(tmp_path: Path) -> None:
    """Symbol c is no member yet: vnpy ranks a among three and cuts c out afterwards, ours ranks a among two."""
    rows = _rows()
    member = {name: [["1970-01-01", "1970-01-07"]] for name in SYMBOLS[:2]}
    ask(
        tmp_path,
        {"bars": rows.frame()},
        verb="prepare",
        factors={"rank": "cs_rank(close)"},
        label="close",
        members=member,
    )
    theirs = pl.read_parquet(tmp_path / "factors.parquet").filter(vt_symbol="a")["rank"].to_list()
    panel = rows.panel
    of_section = np.tile([True, True, False], (len(panel), 1))
    ours = Engine(plan_of("cs_rank(close)")).update(Block(panel.symbols, panel.columns, of_section)).values[0]
    assert theirs[0] == pytest.approx(1 / 3)
    assert ours[0].tolist() == pytest.approx([1 / 2, 1.0, np.nan], nan_ok=True)


def _daily(close: list[float], volume: list[float], vwap: list[float]) -> pl.DataFrame:
    days = [FIRST + timedelta(days=i) for i in range(len(close))]
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    turnover = [x * y for x, y in zip(volume, vwap, strict=True)]
    nothing = [0.0] * len(close)
    return pl.DataFrame({"datetime": days, **prices, "volume": volume, "turnover": turnover, "open_interest": nothing})


def _loaded(folder: Path, bars: pl.DataFrame, start: str) -> pl.DataFrame:
    ask(folder, {"bars": bars}, verb="load", symbol="x.SSE", start=start, end="2024-12-31")
    return pl.read_parquet(folder / "loaded.parquet")


def test_values_hang_on_where_loading_began(tmp_path: Path) -> None:
    """Prices are divided by the first close vnpy loads, vwap not: `vwap / close` of one bar has two values."""
    bars = _daily([10.0, 20.0, 40.0], [100.0] * 3, [11.0, 21.0, 44.0])
    early, late = (_loaded(tmp_path / day, bars, f"2024-01-0{day}") for day in "12")
    theirs = [(frame["vwap"] / frame["close"]).to_list()[-1] for frame in (early, late)]
    assert theirs == pytest.approx([11.0, 22.0])
    columns = {name: np.array(bars[name]).reshape(-1, 1) for name in ("close", "volume", "turnover")}
    ours = []
    for first in (0, 1):
        cut = {name: values[first:].copy() for name, values in columns.items()}
        block = Block(("x",), cut, np.ones((3 - first, 1), dtype=np.bool_))
        ours.append(Engine(plan_of("vwap / close")).update(block).values[0, -1, 0])
    assert ours == [1.1, 1.1]


def test_a_suspended_bar(tmp_path: Path) -> None:
    """Prices and volume of 0: vnpy's mask for it never fires, as 0 / 0 makes the row's sum NaN; here it is no bar."""
    bars = _daily([10.0, 0.0, 11.0], [100.0, 0.0, 100.0], [10.0, 0.0, 11.0])
    assert _loaded(tmp_path, bars, "2024-01-01")["close"].to_list() == [1.0, 0.0, 1.1]
    columns = {name: bars[name].to_numpy().reshape(-1, 1) for name in ("open", "high", "low", "close", "volume")}
    assert present_bars(Block(("x",), columns, np.ones((3, 1), dtype=np.bool_)))[:, 0].tolist() == [True, False, True]


def test_normalisers_are_fitted_once(tmp_path: Path) -> None:
    """Fitted anew on whatever frame vnpy is handed, one row has two values; ours has the training span's."""
    values = np.array([1.0, 2.0, 4.0, 7.0, 11.0, 16.0])
    theirs = []
    for count in (4, 6):
        days = [FIRST + timedelta(days=i) for i in range(count)]
        frame = pl.DataFrame(
            {"datetime": days, "vt_symbol": ["x"] * count, "f": values[:count], "label": [0.0] * count}
        )
        ask(tmp_path, {"frame": frame}, verb="process", name="process_robust_zscore_norm", arguments={})
        theirs.append(pl.read_parquet(tmp_path / "processed.parquet")["f"][0])
    assert theirs[0] != pytest.approx(theirs[1], rel=0.01)
    training, everything = _features(values[:4]), _features(values)
    chain = Chain.fit([RobustZscoreNorm()], training)
    ours = [chain.apply(block).values[0, 0, 0] for block in (training, everything)]
    assert ours[0] == ours[1] == pytest.approx(theirs[0], rel=1e-12)


def _features(values: Floats) -> FeatureBlock:
    stamp = np.arange(len(values), dtype=np.int64) * DAY
    return FeatureBlock(
        ("x",), stamp, ("f",), values.reshape(1, -1, 1).copy(), np.ones((len(values), 1), dtype=np.bool_)
    )
