"""Where a model was made: stable words, read without importing anything heavy."""

from common.models.fingerprint import library_versions, platform_fingerprint


def test_versions_are_those_installed() -> None:
    """Unknown libraries are left out."""
    assert library_versions(["numpy", "no-such-library"]).keys() == {"numpy"}


def test_the_fingerprint_is_stable_and_complete() -> None:
    """The same twice, and every part says something."""
    fingerprint = platform_fingerprint()
    assert fingerprint == platform_fingerprint()
    assert fingerprint.keys() == {"machine", "cpu", "libc", "python", "numpy", "numba"}
    assert all(fingerprint.values())
