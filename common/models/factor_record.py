"""A factor set as a bundle carries it, and back."""

from common.errors import FactorError
from common.factors.plan import Plan
from common.factors.sets import FactorSet
from common.models.manifest import FactorRecord, Manifest


def record_of(factor_set: FactorSet, plan: Plan) -> FactorRecord:
    """Write a set down: texts that need nothing but the table, and the names of operators that are code."""
    alone = factor_set.written_out()
    names = tuple(sorted(each.name for each in alone.operators))
    return FactorRecord(alone.name, plan.digest.hex(), alone.factors, alone.max_gap, alone.reset, names)


def set_of(manifest: Manifest) -> FactorSet:
    """Return the set a bundle was trained on; FactorError where it calls operators that only the user's file has."""
    record = manifest.factor_set
    if record.operators:
        raise FactorError(
            f"factor set {record.name!r} calls {', '.join(record.operators)}, whose code is in the set's own file; "
            f"name that file as the set of [factors]"
        )
    return FactorSet(record.name, record.factors, manifest.label.text, record.max_gap, record.reset)
