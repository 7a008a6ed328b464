"""THE table of checks."""

from collections.abc import Mapping
from types import MappingProxyType

from common.research.factor_checks.blanking import check_blanking
from common.research.factor_checks.look_ahead import check_look_ahead
from common.research.factor_checks.membership import check_membership
from common.research.factor_checks.trial import Check
from common.research.factor_checks.warm_up import check_warm_up

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "look-ahead": check_look_ahead,
        "warm-up": check_warm_up,
        "blanking": check_blanking,
        "membership": check_membership,
    }
)
