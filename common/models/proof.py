"""Whether a bundle answers as it did when it was made."""

from collections.abc import Mapping

from common.models.bundle import Bundle
from common.models.fingerprint import platform_fingerprint
from common.models.golden import check_golden
from common.models.kinds import load_predictor
from common.models.predictor import Predictor


def prove(bundle: Bundle, kinds: Mapping[str, str] | None = None) -> Predictor:
    """Load a verified bundle's model and compare its golden answers; BundleError if anything differs.

    Bits must be equal on the platform it was made on; elsewhere the bundle's own tolerance holds.
    """
    predictor = load_predictor(bundle, kinds)
    golden = bundle.golden()
    check_golden(golden, predictor.predict(golden.inputs), tolerance_here(bundle))
    return predictor


def tolerance_here(bundle: Bundle) -> float:
    """0.0, equal bits, where the platform is the one the bundle was made on."""
    manifest = bundle.manifest
    return 0.0 if manifest.platform == platform_fingerprint() else manifest.golden.tolerance
