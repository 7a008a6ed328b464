"""What an import brings to a lab at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from common.research.lab.components import Lists
from common.research.lab.contracts import Contract


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """Long frames of bars by interval, lists of members by index, contracts by symbol, signals by name."""

    bars: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    components: Mapping[str, Lists] = field(default_factory=dict)
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    signals: Mapping[str, pl.DataFrame] = field(default_factory=dict)
