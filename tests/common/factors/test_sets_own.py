"""A user's own set: TOML or Python, factors that name one another, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from common.errors import ExpressionError, FactorError
from common.factors.expression import Column, Expression
from common.factors.parser import parse
from common.factors.plan import compile_expressions, compile_set
from common.factors.references import RESERVED
from common.factors.sets import FactorSet, load_set, shipped_sets
from tests.common.factors.panels import assert_same_bits, compute, market, plan_of

LABEL = "label = 'ts_delay(close, -1) / close - 1'\n"


def _written(folder: Path, text: str, name: str = "mine.toml") -> FactorSet:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_set(str(path))


def test_toml(tmp_path: Path) -> None:
    """Texts as they stand, in their order; the set is named after its file."""
    own = _written(tmp_path, LABEL + "[factors]\nb = 'close/open'\na = 'close > open'\n")
    assert own == FactorSet("mine", (("b", "close/open"), ("a", "close > open")), "ts_delay(close, -1) / close - 1")


def test_python(tmp_path: Path) -> None:
    """Texts and expressions, made as Python makes them."""
    source = (
        "from common.factors.expression import Column\n"
        "from common.factors.parser import apply\n"
        "close = Column('close')\n"
        "factors = {f'mean_{w}': apply('ts_mean', close, w) / close for w in (5, 10)}\n"
        "factors['text'] = 'ts_mean(mean_5, 3)'\n"
        "label = apply('ts_delay', close, -2) / close - 1\n"
    )
    own = _written(tmp_path, source, "mine.py")
    block = market(40, 3, seed=1)
    expected = plan_of("ts_mean(close, 5) / close", "ts_mean(close, 10) / close", "ts_mean(ts_mean(close, 5)/close, 3)")
    assert [name for name, _ in own.factors] == ["mean_5", "mean_10", "text"]
    assert parse(own.label, future=True).same_as(parse("ts_delay(close, -2) / close - 1", future=True))
    assert_same_bits(compute(compile_set(own), block), compute(expected, block))


def test_factors_name_one_another(tmp_path: Path) -> None:
    """Before or after their own definition, and in the label; every text then stands alone."""
    own = _written(tmp_path, "label = 'ts_delay(up, -1)'\n[factors]\nmean = 'ts_mean(up, 5)'\nup = 'close > open'\n")
    assert dict(own.factors) == {"mean": "ts_mean((close > open), 5)", "up": "close > open"}
    assert own.label == "ts_delay((close > open), -1)"
    assert compute(compile_set(own), market(20, 2, seed=1)).shape == (2, 20, 2)
    assert np.isfinite(compute(compile_set(own), market(20, 2, seed=1))[0, 4:]).all()


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ("a = 'a + close'", "factor 'a' is defined by itself: a -> a"),
        ("a = 'b + 1'\nb = 'ts_mean(c, 5)'\nc = 'close - a'", "a -> b -> c -> a"),
        ("x = 'a'\na = 'b'\nb = 'a'", "a -> b -> a"),
        ("close = 'open'", "factor 'close' has the name of a bar column"),
        ("ts_mean = 'open'", "factor 'ts_mean' has the name of an operator"),
        ("'a b' = 'open'", "factor 'a b': a name has letters"),
        ("5 = 'open'", "factor '5': a name has letters"),
        ("a = 'close'\nb = 'aa + 1'", "unknown name 'aa'"),
        ("a = 'ts_delay(close, -1)'\nb = 'a + 1'", "factor 'a' looks ahead"),
    ],
)
def test_refuses(tmp_path: Path, factors: str, message: str) -> None:
    """Circles, names that mean something else, and what the parser refuses: with the file's name, when it is loaded."""
    with pytest.raises(FactorError, match=r"mine\.toml: ") as caught:
        compile_set(_written(tmp_path, f"{LABEL}[factors]\n{factors}\n"))
    assert message in str(caught.value)


def test_a_text_is_wrong_at_its_position(tmp_path: Path) -> None:
    """Writing factors out does not lose where in the user's text the mistake is."""
    with pytest.raises(
        ExpressionError, match=r"factor 'b' .*unknown operator 'ts_meen'.*position 1 of 'ts_meen\(a, 5\)'"
    ):
        _written(tmp_path, LABEL + "[factors]\na = 'close'\nb = 'ts_meen(a, 5)'\n")


@pytest.mark.parametrize("name", ["../../evil", "/srv/evil", "a.b", "a/b", "", "Own", "evil\n", "a" * 65, None])
def test_a_name_that_is_no_topic_and_no_file_is_refused(name: str) -> None:
    """Whoever makes the set: what is called by it lies in its folder and nowhere else."""
    with pytest.raises(FactorError, match=r"factor set .*called by a set's name.*rename the set"):
        FactorSet(name, (("a", "close"),), "close")


def test_a_file_that_no_set_can_be_named_after_says_what_to_rename(tmp_path: Path) -> None:
    """With the file, and the pattern."""
    with pytest.raises(FactorError, match=r"My Set\.toml: .*rename the file"):
        _written(tmp_path, LABEL + "[factors]\na = 'close'\n", "My Set.toml")


@pytest.mark.parametrize(
    ("grown", "count", "message"),
    [("f{} * f{} + f{}", 60, "written out has"), ("f{}", 300, "more than 100 deep")],
)
def test_refuses_what_grows_without_end(tmp_path: Path, grown: str, count: int, message: str) -> None:
    """Factors that double one another, and chains of them, end in an error and not in a full memory."""
    lines = [f"f{i} = '{grown.format(i - 1, i - 1, i - 1)}'" for i in range(1, count)]
    with pytest.raises(FactorError, match=message):
        _written(tmp_path, LABEL + "[factors]\n" + "\n".join([*reversed(lines), "f0 = 'close'"]))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("factors = {", "SyntaxError"),
        ("import nothing_like_this", "line 1: ModuleNotFoundError"),
        ("\nfactors = 1 / 0", "line 2: ZeroDivisionError"),
        ("raise SystemExit(3)", "line 1: SystemExit: 3"),
        ("factors = {'a': 'close'}", "`label` must be"),
        ("label = 'close'", "at least one"),
        ("label, factors = 'close', {'a': 5}", "factor 'a' must be text"),
        ("label, factors = 'close', {5: 'close'}", "factor 5 must be text"),
    ],
)
def test_refuses_python(tmp_path: Path, source: str, message: str) -> None:
    """A program that fails, or leaves no set behind, says where."""
    with pytest.raises(FactorError, match=r"mine\.py: ") as caught:
        _written(tmp_path, source, "mine.py")
    assert message in str(caught.value)


def test_refuses_what_is_not_there(tmp_path: Path) -> None:
    """A path to nothing, and a name that is neither shipped nor a file."""
    for name in ("none.toml", "none.py"):
        with pytest.raises(FactorError, match="cannot be read as a factor set"):
            load_set(str(tmp_path / name))
    with pytest.raises(FactorError, match=r"unknown factor set 'mine'.*named by its file, \.toml or \.py"):
        load_set("mine")


@pytest.mark.parametrize("name", ["my set.toml", "Mine.toml", "_.py", "a.b.toml"])
def test_a_name_fits_a_topic(tmp_path: Path, name: str) -> None:
    """The set's name stands in topics, so its file may not be called anything."""
    with pytest.raises(FactorError, match="a set is named after its file"):
        _written(tmp_path, LABEL + "[factors]\na = 'close'\n", name)


def test_shipped_sets() -> None:
    """Those that are promised."""
    assert set(shipped_sets()) >= {"basic", "alpha158", "alpha101"}


@pytest.mark.parametrize("name", RESERVED)
def test_names_of_what_stands_beside_factors_are_refused(name: str, tmp_path: Path) -> None:
    """In a file, and in a set that comes with a bundle: two columns of one name would hide one another."""
    with pytest.raises(FactorError, match=f"factor '{name}' has the name of a column that stands beside the factors"):
        _written(tmp_path, f"{LABEL}[factors]\n{name} = 'open'\n")
    with pytest.raises(FactorError, match=f"factor '{name}' has the name of a column that stands beside the factors"):
        compile_set(FactorSet("mine", ((name, "open"),), "ts_delay(close, -1) / close - 1"))


CHAIN = "factors = {f'f{i}': f'f{i - 1} + close' if i else 'close' for i in range(N)}\nlabel = 'ts_delay(close, -1)'\n"
BUILT = (
    "from common.factors.expression import Column\nfrom common.factors.parser import apply\n"
    "e = Column('close')\nlater = apply('ts_delay', e, -1)\nfor _ in range(N - 1): e = e + Column('open')\n"
)
CALLING = (
    "from common.factors.own_operators import composition\nown = [composition('c0(x)', 'x + 1')]\n"
    "for i in range(1, N):\n    own.append(composition(f'c{i}(x)', f'c{i - 1}(x) + 1', operators=own))\n"
    "operators, factors, label = own, {'a': 'open'}, 'ts_delay(close, -1)'\n"
)
DEEP = {
    "factors that name one another": (CHAIN, r"factor 'f100' is nested 101 levels deep"),
    "the label names the last": (
        CHAIN.replace("'ts_delay(close, -1)'\n", "f'f{N - 1} + ts_delay(open, -1)'\n"),
        r"nested 101 levels deep",
    ),
    "an expression of Python": (
        BUILT + "factors = {'a': e}\nlabel = later\n",
        r"factor 'a' is nested \d+ levels deep",
    ),
    "a label of Python": (BUILT + "factors = {'a': 'open'}\nlabel = e + later\n", r"label is nested \d+ levels deep"),
    "operators that call one another": (CALLING, r"operator 'c\d+\(x\)' (is nested \d+ levels|calls operators that)"),
    "operators that only call": (
        CALLING.replace("(x) + 1', op", "(x)', op"),
        r"operator 'c\d+\(x\)' calls operators that call operators",
    ),
}


@pytest.mark.parametrize(("text", "message"), DEEP.values(), ids=DEEP)
def test_what_is_too_deep_is_refused_at_load(text: str, message: str, tmp_path: Path) -> None:
    """With the depth, and never by the end of Python's stack; what is not too deep is compiled."""
    compile_set(_written(tmp_path, "N = 90\n" + text.replace("range(1, N)", "range(1, 30)"), "mine.py"))
    with pytest.raises(FactorError, match=r"mine\.py: ") as caught:
        _written(tmp_path, "N = 500\n" + text, "mine.py")
    assert re.search(message, str(caught.value))


def test_expressions_that_are_compiled_may_be_no_deeper_either() -> None:
    """As labels and bundles are, without a file."""
    deep: Expression = Column("close")
    for _ in range(500):
        deep = -deep
    with pytest.raises(FactorError, match="factor 'a' is nested 501 levels deep when written out; at most 200"):
        compile_expressions(["a"], [deep])


def test_names_that_cannot_be_written_are_not_proposed() -> None:
    """An operator that is a sign has a name for the table alone."""
    with pytest.raises(ExpressionError, match="unknown name 'qqqq'; there is open") as caught:
        parse("qqqq + 1")
    assert not {"add", "sub", "mul", "div", "neg"} & set(re.findall(r"\w+", str(caught.value)))


@pytest.mark.parametrize("label", ["close", "ts_delay(close, 5) / close - 1", "a"])
@pytest.mark.parametrize("name", ["mine.toml", "mine.py"])
def test_a_label_that_does_not_look_ahead_is_refused_when_the_set_is_loaded(
    tmp_path: Path, name: str, label: str
) -> None:
    """By whatever loads it, with what to write; training says the same."""
    texts = "[factors]\na = 'close'\n" if name.endswith("toml") else "factors = {'a': 'close'}\n"
    with pytest.raises(
        FactorError, match=r"mine\.(toml|py): label .* of mine does not look ahead: .*ts_delay\(close, -5"
    ):
        _written(tmp_path, f"label = '{label}'\n{texts}", name)


@pytest.mark.parametrize(
    ("operators", "message"),
    [
        ("'a(x)' = 'b(x)'\n'b(x)' = 'abs(x)'", "operator 'a(x)' calls 'b', which does not stand above it"),
        ("'a(x)' = 'a(x) + 1'", "operator 'a(x)' calls 'a', which does not stand above it"),
        ("'a(x)' = 'ts_dely(x, 1)'", "operator 'a' uses unknown operator 'ts_dely'; did you mean 'ts_delay'?"),
        ("'a(x)' = 'y'", "operator 'a' uses unknown name 'y'; there is x, open"),
        ("'a(x, windw)' = 'ts_mean(x, windw)'", "'windw' would be a series; did you mean 'window'"),
    ],
)
def test_an_own_operator_that_is_wrong_says_so(tmp_path: Path, operators: str, message: str) -> None:
    """As an operator, not as a factor; with what was probably meant."""
    with pytest.raises(FactorError) as caught:
        _written(tmp_path, f"{LABEL}[operators]\n{operators}\n[factors]\nf = 'a(close)'\n")
    assert message in str(caught.value)


def test_a_name_near_another_factor_is_told(tmp_path: Path) -> None:
    """Also of one that stands below."""
    with pytest.raises(ExpressionError, match=r"unknown name 'open_rnk'; did you mean 'open_rank'"):
        _written(tmp_path, f"{LABEL}[factors]\na = 'open_rnk + 1'\nopen_rank = 'cs_rank(open)'\n")
