"""Every row of the operator table against its plain definition, on awkward panels."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from common.factors.block import Block
from common.factors.definition import Kind, Needs, Operator
from common.factors.operators import TABLE
from tests.common.factors import references, test_recursive
from tests.common.factors.panels import assert_same_bits, block_of, compute, plan_of

Floats = NDArray[np.float64]

COLUMNS = ("close", "open", "high", "low")
SECTIONS, SYMBOLS = 24, 3
TOLERANCE = 1e-12

AWKWARD = [0.0, -0.0, 1.0, 1.0, 2.0, -1.0, 1e-12, -1e-12, 1e12, 1e12 + 1e-3, 0.1, 0.3, np.nan, np.inf]
# Below 1e-150 squares vanish; no price is there, and no deviation that matters.
VALUES = st.one_of(st.sampled_from(AWKWARD), st.floats(-100.0, 100.0).map(lambda x: x if abs(x) > 1e-12 else 0.0))

BY_KIND: dict[Kind, frozenset[str]] = {
    Kind.ELEMENT: frozenset(references.ELEMENTS),
    Kind.FOLD: frozenset(references.FOLDS),
    Kind.CROSS_SECTION: frozenset(references.SECTIONS),
    Kind.COMPOSITION: frozenset(references.COMPOSITIONS),
    Kind.DELAY: frozenset({"ts_delay"}),
    Kind.RECURSIVE: frozenset(test_recursive.TEXTS),
}
"""The recursive ones have TA-Lib for a reference, in test_recursive."""


def of_kind(kind: Kind) -> list[Operator]:
    """List the rows of a kind."""
    return [row for row in TABLE if row.kind is kind]


@pytest.mark.parametrize("kind", Kind)
def test_every_operator_has_a_reference(kind: Kind) -> None:
    """A new row without a definition to hold it against fails here."""
    assert frozenset(row.name for row in of_kind(kind)) == BY_KIND[kind]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_rows_say_what_a_reader_must_know(row: Operator) -> None:
    """Formula, source, what NaN does; a kernel unless composed; folds say how many values they need."""
    assert row.formula
    assert row.source
    assert row.nan
    assert (row.kernel is None) == (row.kind is Kind.COMPOSITION)
    assert (row.needs is Needs.NONE) == (row.kind is not Kind.FOLD)


def test_needs_one_are_those_of_vnpy() -> None:
    """Four folds skip NaN, as in vnpy; every other one needs a full window."""
    assert {row.name for row in TABLE if row.needs is Needs.ONE} == {"ts_mean", "ts_std", "ts_min", "ts_max"}


@st.composite
def panels(draw: st.DrawFn, series: int) -> Block:
    """Draw awkward columns with missing bars; a volume keeps bars whose prices are all NaN or 0."""
    shape = (SECTIONS, SYMBOLS)
    present = draw(arrays.arrays(np.bool_, shape, elements=st.sampled_from([True, True, True, False])))
    columns = {name: draw(arrays.arrays(np.float64, shape, elements=VALUES)) for name in COLUMNS[:series]}
    columns["volume"] = np.full(shape, 1.0)
    for column in columns.values():
        column[~present] = np.nan
    return block_of(columns)


def own_values(block: Block, name: str, symbol: int) -> Floats:
    """A symbol's values on its own clock, infinities as NaN."""
    column = block.columns[name][block.columns["volume"][:, symbol] == 1.0, symbol]
    return np.where(np.isfinite(column), column, np.nan)


def symbols_of(block: Block, values: Floats) -> Iterator[tuple[list[Floats], Floats]]:
    """For each symbol its series and its answers, on its own clock; answers elsewhere must be NaN."""
    present = block.columns["volume"] == 1.0
    assert np.isnan(values[~present]).all()
    for symbol in range(SYMBOLS):
        series = [own_values(block, name, symbol) for name in COLUMNS if name in block.columns]
        yield series, values[present[:, symbol], symbol]


def assert_close(actual: float, expected: float, scale: float) -> None:
    """Within 1e-12 of the larger of value and scale; numbers that are not finite must be NaN."""
    if not np.isfinite(np.float64(expected)):
        assert np.isnan(actual)
    else:
        assert abs(actual - expected) <= TOLERANCE * max(abs(expected), scale) + 1e-300


@pytest.mark.parametrize("row", of_kind(Kind.FOLD), ids=lambda row: row.name)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(data=st.data())
def test_folds(row: Operator, data: st.DataObject) -> None:
    """Each value is the definition applied to the symbol's own last `window` bars, NaN before its first."""
    block = data.draw(panels(len(row.series)))
    window = data.draw(st.integers(int(row.parameters[0].least), 12))
    parameters = [window, *(data.draw(st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0])) for _ in row.parameters[1:])]
    text = row.render(COLUMNS[: len(row.series)], [repr(each) for each in parameters])
    values = compute(plan_of(text), block)[0]
    for series, answers in symbols_of(block, values):
        padded = [np.concatenate([np.full(window - 1, np.nan), each]).astype(np.longdouble) for each in series]
        for bar, answer in enumerate(answers):
            with np.errstate(all="ignore"):
                expected, scale = references.FOLDS[row.name](*(x[bar : bar + window] for x in padded), *parameters)
            assert_close(answer, expected, scale)


@pytest.mark.parametrize("row", of_kind(Kind.ELEMENT), ids=lambda row: row.name)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(data=st.data())
def test_elements(row: Operator, data: st.DataObject) -> None:
    """Each value is the definition applied to the bar; NaN in gives NaN out."""
    block = data.draw(panels(len(row.series)))
    values = compute(plan_of(row.render(COLUMNS[: len(row.series)], [])), block)[0]
    for series, answers in symbols_of(block, values):
        for bar, answer in enumerate(answers):
            operands = [float(each[bar]) for each in series]
            with np.errstate(all="ignore"):
                expected = references.ELEMENTS[row.name](*(np.float64(each) for each in operands))
            if np.isnan(operands[:2]).any():
                expected = np.nan
            assert_close(answer, expected, 0.0)


@pytest.mark.parametrize("row", of_kind(Kind.CROSS_SECTION), ids=lambda row: row.name)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(data=st.data())
def test_cross_sections(row: Operator, data: st.DataObject) -> None:
    """Members with a number make the section, and only they get a value."""
    drawn = data.draw(panels(1))
    member = data.draw(arrays.arrays(np.bool_, (SECTIONS, SYMBOLS)))
    block = Block(drawn.symbols, drawn.columns, member)
    values = compute(plan_of(f"{row.name}(close)"), block)[0]
    for section in range(SECTIONS):
        close = block.columns["close"][section]
        inside = member[section] & np.isfinite(close)
        assert np.isnan(values[section][~inside]).all()
        if inside.any():
            with np.errstate(all="ignore"):
                expected, scale = references.SECTIONS[row.name](close[inside])
            for one, other in zip(values[section][inside], expected, strict=True):
                assert_close(one, other, scale)


@pytest.mark.parametrize("row", of_kind(Kind.COMPOSITION), ids=lambda row: row.name)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(block=panels(4))
def test_compositions(row: Operator, block: Block) -> None:
    """A composition is the expression it stands for, to the bit, and the same node of the graph."""
    text = row.render(COLUMNS[: len(row.series)], ["3"] * len(row.parameters))
    plan = plan_of(text, references.COMPOSITIONS[row.name])
    values = compute(plan, block)
    assert_same_bits(values[0], values[1])
    assert len(plan.program.steps) == len(plan_of(text).program.steps) + 1  # the copy of the second


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(block=panels(1), delay=st.integers(1, 30))
def test_delay(block: Block, delay: int) -> None:
    """The value of so many own bars ago."""
    values = compute(plan_of(f"ts_delay(close, {delay})"), block)[0]
    for (series,), answers in symbols_of(block, values):
        expected = np.concatenate([np.full(delay, np.nan), series])[: len(series)]
        assert_same_bits(answers, expected)


@pytest.mark.parametrize("window", [2, 3, 5, 17, 60])
@pytest.mark.parametrize("level", [0.1, 1e-12, 1e12])
def test_constant_windows_are_exact(window: int, level: float) -> None:
    """A flat series has deviation 0, slope 0, its own mean, and neither correlation nor R squared."""
    block = block_of({"close": np.full((80, 2), level), "volume": np.arange(160.0).reshape(80, 2) + 1})
    names = [
        "ts_std(close, W)",
        "ts_slope(close, W)",
        "ts_resi(close, W)",
        "ts_mean(close, W)",
        "ts_decay_linear(close, W)",
    ]
    names += ["ts_cov(close, volume, W)", "ts_corr(close, volume, W)", "ts_rsquare(close, W)"]
    values = compute(plan_of(*(name.replace("W", str(window)) for name in names)), block)[:, -1, 0]
    assert_same_bits(values, np.array([0.0, 0.0, 0.0, level, level, 0.0, np.nan, np.nan]))


def test_spikes_leave_no_trace() -> None:
    """Once infinities, NaN and 1e300 have left the window, the values are those of a history without them."""
    random = np.random.default_rng(5)
    close = random.uniform(10, 20, (200, 2))
    spoilt = close.copy()
    spoilt[100, 0], spoilt[101, 0], spoilt[102, 0] = np.inf, np.nan, 1e300
    folds = of_kind(Kind.FOLD)
    texts = [row.render(["close", "volume"][: len(row.series)], ["20", "0.8"][: len(row.parameters)]) for row in folds]
    volume = random.uniform(1, 2, close.shape)
    clean = compute(plan_of(*texts), block_of({"close": close, "volume": volume}))
    dirty = compute(plan_of(*texts), block_of({"close": spoilt, "volume": volume}))
    assert_same_bits(dirty[:, 122:], clean[:, 122:])
    assert_same_bits(dirty[:, :100], clean[:, :100])
    assert_same_bits(dirty[:, :, 1], clean[:, :, 1])


@pytest.mark.parametrize(
    ("factors", "product"),
    [
        ([1e200, 1e200, 1e-300, 1e-100], 1.0),
        ([1e-200, 1e-200, 1e300, 1e100], 1.0),
        ([-1e300, 1e300, 0.0, 1e300], 0.0),
        ([1e300, -1e300, 1e-300, 1e-300], -1.0),
        ([5e-324, 5e-324, 1e300, 1e300], 0.0),
        ([1e200, 1e200, 1.0, 1.0], np.nan),
        ([1e-200, 1e-200, 1.0, 1.0], 0.0),
    ],
)
def test_a_product_may_leave_the_range_of_numbers_on_the_way(factors: list[float], product: float) -> None:
    """Only the product itself may be too large: then it is NaN."""
    for order in (factors, factors[::-1]):
        block = block_of({"close": np.array([order]).T, "volume": np.ones((4, 1))})
        answer = float(compute(plan_of("ts_product(close, 4)"), block)[0, -1, 0])
        np.testing.assert_allclose(answer, product, rtol=1e-12, atol=1e-40)


@pytest.mark.parametrize("symbols", [1, 2, 63, 700])
def test_ranks_of_large_sections(symbols: int) -> None:
    """Signs, ties, both zeros and all magnitudes sort as numbers do."""
    random = np.random.default_rng(symbols)
    close = random.choice([-1.0, 1.0], (3, symbols)) * 10.0 ** random.integers(-12, 12, (3, symbols))
    close[random.random(close.shape) < 0.1] = 0.0
    close[random.random(close.shape) < 0.1] = -0.0
    block = Block(
        tuple(f"s{i:03d}" for i in range(symbols)),
        {"close": close, "volume": np.ones(close.shape)},
        np.ones(close.shape, dtype=np.bool_),
    )
    values = compute(plan_of("cs_rank(close)"), block)[0]
    assert_same_bits(values, np.array([references.SECTIONS["cs_rank"](row)[0] for row in close]))
