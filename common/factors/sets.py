"""Factor sets as data: names, texts and a default label; shipped ones by name, a user's own by the path of its file."""

from dataclasses import dataclass, replace
from pathlib import Path

from common.errors import FactorError
from common.factors.definition import Kind, Operator
from common.factors.horizon import label_refusal
from common.factors.operators import with_own
from common.factors.own_kernels import try_out
from common.factors.parser import parse
from common.factors.references import resolve
from common.factors.set_files import KINDS, read_file
from common.models.names import NAME
from common.nearest import did_you_mean

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class FactorSet:
    """Named factor texts, in the order of their columns, and the label a model is trained on by default.

    max_gap: a symbol without a bar for more sections than this starts anew when it is back; reset: "session" lets every
    symbol start anew with each session. The label knows neither. operators: a user's own that the texts call.
    FactorError for a name that topics and files cannot be called by.
    """

    name: str
    factors: tuple[tuple[str, str], ...]
    label: str
    max_gap: int | None = None
    reset: str | None = None
    operators: tuple[Operator, ...] = ()

    def __post_init__(self) -> None:
        if type(self.name) is not str or not NAME.fullmatch(self.name):
            raise FactorError(
                f"factor set {self.name!r}: topics and files are called by a set's name, so it must match "
                f"^{NAME.pattern}$; rename the set, and train models of it anew"
            )
        if self.max_gap is not None and (type(self.max_gap) is not int or self.max_gap < 1):
            raise FactorError(
                f"factor set {self.name!r}: max_gap is a number of sections, at least 1, not {self.max_gap!r}"
            )
        if self.reset not in {None, "session"}:
            raise FactorError(f'factor set {self.name!r}: reset is "session" or left out, not {self.reset!r}')

    def written_out(self) -> "FactorSet":
        """Return the same set with the user's compositions written out: texts that stand without them."""
        if not any(each.kind is Kind.COMPOSITION for each in self.operators):
            return self
        factors, label = resolve(dict(self.factors), self.label, with_own(self.operators))
        return replace(self, factors=factors, label=label, operators=_compiled(self.operators))


def shipped_sets() -> tuple[str, ...]:
    """Names of the sets in the library."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


def load_set(name: str) -> FactorSet:
    """Load a shipped set by name, or a user's own by the path of its .toml or .py file."""
    if name in shipped_sets():
        return read_set(LIBRARY / f"{name}.toml")
    if Path(name).suffix in KINDS:
        return read_set(Path(name))
    hint = did_you_mean(name, shipped_sets())
    raise FactorError(f"unknown factor set {name!r}{hint}; a set of your own is named by its file, .toml or .py")


def read_set(path: Path) -> FactorSet:
    """Read a set from a file; factors that name one another are written out, so that each text stands alone."""
    if not NAME.fullmatch(path.stem):
        raise FactorError(
            f"{path}: a set is named after its file, and topics after the set: rename the file; without its ending it "
            f"must match ^{NAME.pattern}$"
        )
    written = read_file(path)
    try:
        factors, label = resolve(written.factors, written.label, with_own(written.operators))
        found = FactorSet(path.stem, factors, label, written.max_gap, written.reset, _compiled(written.operators))
        _check_label(found)
        _try_out(found)
    except FactorError as error:
        raise type(error)(f"{path}: {error}") from None
    return found


def _check_label(factor_set: FactorSet) -> None:
    """Refuse a label that nothing could be learnt from, whatever the set is loaded for."""
    label = parse(factor_set.label, name="label", future=True, operators=with_own(factor_set.operators))
    if (refused := label_refusal(factor_set.label, label.look_ahead, factor_set.name)) is not None:
        raise FactorError(refused)


def _try_out(factor_set: FactorSet) -> None:
    """Call the user's functions once: what fails on every bar is told when the set is loaded."""
    if factor_set.operators:
        known = with_own(factor_set.operators)
        label = parse(factor_set.label, name="label", future=True, operators=known)
        try_out([label, *(parse(text, name=name, operators=known) for name, text in factor_set.factors)])


def _compiled(operators: tuple[Operator, ...]) -> tuple[Operator, ...]:
    return tuple(each for each in operators if each.kind is not Kind.COMPOSITION)
