"""The span a processor is fitted on, when it is told one narrower than the rows it is given."""

from common.errors import ConfigError, FactorError
from common.factors.processors.feature_block import FeatureBlock
from common.market.span import ANY_TIME, Span


def fit_span(processor: str, start: str | None, end: str | None) -> Span:
    """From `fit_start_time` to `fit_end_time`; FactorError for times that cannot be read or end before they start."""
    try:
        return Span.of(start, end)
    except ConfigError as error:
        raise FactorError(f"{processor} is to be fitted on {start!r} to {end!r}: {error}") from error


def within(block: FeatureBlock, span: Span) -> FeatureBlock:
    """The rows stamped within a span; the block itself where that is any time."""
    return block if span == ANY_TIME else block.between(span.first, span.last)
