"""Whether a bundle answers as it did when it was made."""

from collections.abc import Mapping

from common.models.bundle import Bundle
from common.models.fingerprint import platform_fingerprint
from common.models.golden import check_golden
from common.models.processed import ProcessedModel, load_processed


def prove(bundle: Bundle, kinds: Mapping[str, str] | None = None) -> ProcessedModel:
    """Load a verified bundle's model with its processors, compare its golden answers; BundleError if any differs.

    Bits must be equal on the platform it was made on; elsewhere the bundle's own tolerance holds.
    """
    model = load_processed(bundle, kinds)
    golden = bundle.golden()
    check_golden(golden, model.rehearse(golden.inputs), tolerance_here(bundle))
    return model


def tolerance_here(bundle: Bundle) -> float:
    """0.0, equal bits, where the platform is the one the bundle was made on."""
    manifest = bundle.manifest
    return 0.0 if manifest.platform == platform_fingerprint() else manifest.golden.tolerance
