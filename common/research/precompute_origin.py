"""Where precomputed signals come from, in words."""

from common.models.fingerprint import library_versions, platform_fingerprint
from common.models.manifest import Manifest
from common.research.precompute import Question, Tally
from common.research.precompute_file import Provenance


def provenance_of(asked: Question, tally: Tally, manifest: Manifest, *, instance: str | None = None) -> Provenance:
    """All that decided the values, and what they are: of a question that was answered to the end."""
    served = asked.served
    return Provenance(
        model=served.ref.name,
        version=served.ref.version,
        digest=served.ref.digest,
        kind=manifest.kind,
        factor_set=manifest.factor_set.name,
        plan=manifest.factor_set.plan,
        bars=tally.bars.hexdigest(),
        interval_ns=asked.bars.interval_ns,
        conditions=asked.conditions.words,
        sections=tally.sections,
        first_bar=tally.first_bar,
        last_bar=tally.last_bar,
        left_out=len(tally.left_out),
        rows=tally.rows.hexdigest(),
        instance=instance,
        libraries=library_versions((*served.model.model.libraries, "numpy", "numba")),
        platform=platform_fingerprint(),
    )
