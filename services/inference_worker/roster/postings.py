"""Posts made of versions: what a bundle says of itself, and whether this instance can serve it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import ModelError
from common.models.bundle import Bundle
from common.models.records import ModelRef
from common.models.registry import Registry
from common.nearest import did_you_mean
from services.inference_worker.roster.post import Post


class Postings:
    """Reads bundles for an instance whose engine computes this factor set; ModelError for what may not serve."""

    def __init__(self, factor_set: str, registry: Registry) -> None:
        self._factor_set, self._registry = factor_set, registry

    def inspected(self, ref: ModelRef) -> Post:
        """Without its weights, which takes no time."""
        with _readable(ref):
            return self._made(ref, self._registry.inspect(ref))

    def loaded(self, ref: ModelRef) -> Post:
        """With every file of it verified."""
        with _readable(ref):
            return self._made(ref, self._registry.load(ref))

    def _made(self, ref: ModelRef, bundle: Bundle) -> Post:
        factors = bundle.manifest.factor_set
        if factors.operators and factors.name != self._factor_set:
            raise ModelError(
                f"{ref} wants factor set {factors.name!r}, which calls {', '.join(factors.operators)}, code that only "
                f"that set's file has; the factor engine computes {self._factor_set!r}: set factors.set"
            )
        names = [name for name, _ in factors.factors]
        for feature in bundle.manifest.features:
            if feature not in names:
                raise ModelError(
                    f"{ref} wants feature {feature!r}, which its factors lack{did_you_mean(feature, names)}"
                )
        return Post.of(ref, self._registry.folder(ref), bundle)


@contextmanager
def _readable(ref: ModelRef) -> Iterator[None]:
    """What the system has against reading a version's files is said of the version."""
    try:
        yield
    except OSError as error:
        raise ModelError(f"{ref} cannot be read: {error.strerror}") from error
