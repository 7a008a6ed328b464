"""What an exported vnpy dataset says: factors, label, spans and processors, in our own terms."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import ExportError, ExpressionError, FactorError
from common.factors.parser import parse
from common.factors.processors.processor import Processor
from common.factors.processors.table import make_processor
from common.factors.references import RESERVED
from common.factors.sets import FactorSet
from common.market.span import Span
from common.research.migration.spans import apart, moment, whole_span
from common.research.periods import Periods, Segment
from common.research.processing import Processing

PREFIX = "process_"
FITTED_ON = ("fit_start_time", "fit_end_time")
_CLOSED = ConfigDict(extra="forbid", strict=True, frozen=True)


class Words(BaseModel):
    """One processor: the name of vnpy's function and its arguments."""

    model_config = _CLOSED

    name: str
    arguments: dict[str, Any]


class Definition(BaseModel):
    """The file `migration.json`, as `exporters/vnpy_model.py` writes it."""

    model_config = _CLOSED

    format: Literal[1]
    vnpy: str
    dataset: str
    model: str
    factors: dict[str, str]
    factors_without_text: list[str]
    label: str
    periods: dict[str, tuple[str, str]]
    infer_processors: list[Words]
    learn_processors: list[Words]
    weights: dict[str, Any]

    def factor_set(self, name: str) -> FactorSet:
        """All factors under their names; ExportError that lists every text that is not one of our language."""
        if self.factors_without_text:
            raise ExportError(
                f"dataset {self.dataset}: {', '.join(self.factors_without_text)} have no text, only values: live there "
                "would be nothing to compute them by; write them as expressions, train, and export again"
            )
        if not self.factors:
            raise ExportError(f"dataset {self.dataset} has no factors")
        if wrong := [told for told in (_fault(each, text) for each, text in self.factors.items()) if told]:
            raise ExportError(f"dataset {self.dataset}, {len(wrong)} of {len(self.factors)} texts: {'; '.join(wrong)}")
        if not self.label:
            raise ExportError(f"dataset {self.dataset} has no label; call set_label, prepare and export it again")
        try:
            parse(self.label, name="label", future=True)
        except FactorError as error:
            raise ExportError(f"dataset {self.dataset}: {error}") from error
        return FactorSet(name, tuple(self.factors.items()), self.label)

    def spans(self) -> Periods:
        """What it was trained and validated on, made not to overlap."""
        train, valid = self._spans()
        return apart(train, valid)

    def training_span(self) -> Span:
        """All it was trained on."""
        return self._spans()[0]

    def _spans(self) -> tuple[Span, Span]:
        missing = [each for each in (Segment.TRAIN, Segment.VALID) if each not in self.periods]
        if missing:
            raise ExportError(f"dataset {self.dataset} has no {' and no '.join(missing)} period")
        return whole_span(*self.periods[Segment.TRAIN]), whole_span(*self.periods[Segment.VALID])

    def processing(self) -> Processing:
        """Both chains by our processors of the same names; ExportError with the closest one for another."""
        infer, learn = (
            tuple(_processor(each) for each in part) for part in (self.infer_processors, self.learn_processors)
        )
        try:
            return Processing(infer, learn)
        except FactorError as error:
            raise ExportError(f"dataset {self.dataset}: {error}") from error


def read_definition(name: str, body: bytes) -> Definition:
    """Check what a file holds; ExportError with the first fault and where it stands."""
    try:
        return Definition.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        told = f"{name}: {place}: {fault['msg']}" if place else f"{name}: {fault['msg']}"
        raise ExportError(f"{told}; export it again with exporters/vnpy_model.py") from error


def _fault(name: str, text: str) -> str | None:
    """What is wrong with a factor, None if nothing."""
    if name in RESERVED:
        return f"factor {name!r} cannot be called so: that column stands beside the factors"
    try:
        parse(text, name=name)
    except ExpressionError as error:
        return str(error)
    return None


def _processor(words: Words) -> Processor:
    try:
        return make_processor(words.name.removeprefix(PREFIX), _as_read(words.arguments))
    except FactorError as error:
        raise ExportError(f"{words.name}: {error}; one of your own has no counterpart here") from error


def _as_read(arguments: dict[str, Any]) -> dict[str, Any]:
    """The span a processor is fitted on as vnpy reads it: one end alone is none."""
    ends = {name: arguments[name] for name in FITTED_ON if arguments.get(name)}
    rest = {name: value for name, value in arguments.items() if name not in FITTED_ON}
    if len(ends) < len(FITTED_ON):
        return rest
    return rest | {name: moment(value) if isinstance(value, str) else value for name, value in ends.items()}
