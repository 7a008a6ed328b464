"""Whether there are rows enough to learn so many features from (pure)."""

from dataclasses import dataclass

ROWS_A_FEATURE = 15
"""Harrell, Regression Modeling Strategies (2nd ed. 2015), 4.4: fewer predictors than a fifteenth of the sample."""


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Rows that are learnt from, and the features a model reads of each.

    Rows of one section share their market, so that many symbols count for less than as many rows of other sections.
    """

    rows: int
    features: int

    @property
    def rows_a_feature(self) -> float:
        """How many rows there are for each feature."""
        return self.rows / max(1, self.features)

    @property
    def is_enough(self) -> bool:
        """Whether a model can be expected to hold on rows it has not seen; below it fits mostly noise."""
        return self.rows_a_feature >= ROWS_A_FEATURE
