"""Where precomputed signals come from, in words."""

from common.market.digest import digest_bars
from common.models.fingerprint import library_versions, platform_fingerprint
from common.models.manifest import Manifest
from common.replay.results import digest_signals
from common.research.precompute import Precomputed
from common.research.precompute_file import Provenance
from common.research.precompute_model import Served
from common.research.precompute_roll import Conditions


def provenance_of(
    found: Precomputed,
    served: Served,
    conditions: Conditions,
    manifest: Manifest,
    *,
    interval_ns: int,
    instance: str | None = None,
) -> Provenance:
    """All that decided the values, and what they are."""
    bars = found.rows["bar"]
    return Provenance(
        model=served.ref.name,
        version=served.ref.version,
        digest=served.ref.digest,
        kind=manifest.kind,
        factor_set=manifest.factor_set.name,
        plan=manifest.factor_set.plan,
        bars=digest_bars(found.bars),
        interval_ns=interval_ns,
        conditions=conditions.words,
        sections=bars.n_unique(),
        first_bar=bars[0],
        last_bar=bars[-1],
        left_out=len(found.left_out),
        rows=digest_signals(found.rows),
        instance=instance,
        libraries=library_versions((*served.model.model.libraries, "numpy", "numba")),
        platform=platform_fingerprint(),
    )
