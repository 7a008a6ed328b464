"""A research folder: bars, members, contracts, datasets, models, signals, under vnpy.alpha's names where it has one."""

from common.research.lab.contracts import Contract
from common.research.lab.lab import Lab

__all__ = ["Contract", "Lab"]
