"""THE table of processors: names are vnpy's, and so are parameters."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any

from common.errors import FactorError
from common.factors.processors.cs_fill_na import CsFillNa
from common.factors.processors.cs_norm import CsNorm
from common.factors.processors.cs_rank_norm import CsRankNorm
from common.factors.processors.drop_feature import DropFeature
from common.factors.processors.drop_na import DropNa
from common.factors.processors.fill_na import FillNa
from common.factors.processors.processor import Processor
from common.factors.processors.replace_inf import ReplaceInf
from common.factors.processors.robust_zscore_norm import RobustZscoreNorm
from common.factors.processors.ts_norm import TsNorm
from common.nearest import did_you_mean

TABLE: tuple[type[Processor], ...] = (
    DropNa,
    FillNa,
    ReplaceInf,
    CsFillNa,
    CsNorm,
    CsRankNorm,
    RobustZscoreNorm,
    TsNorm,
    DropFeature,
)

PROCESSORS: Mapping[str, type[Processor]] = MappingProxyType({each.name: each for each in TABLE})


def make_processor(name: str, parameters: Mapping[str, Any] | None = None) -> Processor:
    """A processor by name, with parameters as JSON or TOML has them; FactorError with the closest name if unknown."""
    if name not in PROCESSORS:
        raise FactorError(f"there is no processor {name!r}{did_you_mean(name, PROCESSORS)}")
    known = {each.name: each.default is MISSING for each in fields(PROCESSORS[name])}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in (parameters or {}).items()}
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known) if known else "; it takes none"
            raise FactorError(f"processor {name} has no parameter {key!r}{hint}")
    missing = [key for key, required in known.items() if required and key not in given]
    if missing:
        raise FactorError(f"processor {name} needs {', '.join(missing)}")
    return PROCESSORS[name](**given)
