"""The processors of a bundle: words of the manifest, files beside it, and back."""

from typing import Any

import numpy as np
from pydantic import JsonValue

from common.errors import BundleError, FactorError
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Processor
from common.models.bundle import Bundle

Words = dict[str, JsonValue]


def words_of(processor: Processor) -> Words:
    """Name and parameters, as the manifest and a training key say them."""
    parameters: dict[str, Any] = processor.parameters
    return {"name": processor.name, "parameters": parameters}


def encode_processors(chain: Chain) -> tuple[tuple[Words, ...], dict[str, bytes]]:
    """The manifest's words, one map a processor in order, and the files; neither for an empty chain."""
    if not chain.steps:
        return (), {}
    return tuple(words_of(each.processor) for each in chain.steps), chain.save()


def read_processors(bundle: Bundle) -> Chain:
    """The fitted chain of a bundle, empty if it was made without; BundleError if its files say anything else."""
    manifest = bundle.manifest
    if not manifest.processors:
        return Chain(manifest.features, ())
    chain = Chain.load(bundle.files)
    if chain.inputs != manifest.features or encode_processors(chain)[0] != manifest.processors:
        raise BundleError(f"bundle {bundle.digest[:12]}: its processors are not those its manifest names; train again")
    outputs(chain)
    return chain


def outputs(chain: Chain) -> tuple[str, ...]:
    """Features a chain leaves for the model, in order; BundleError where a step does not fit those before it."""
    nothing = np.empty((len(chain.inputs), 0, 0))
    empty = FeatureBlock((), np.empty(0, np.int64), chain.inputs, nothing, np.empty((0, 0), np.bool_))
    try:
        return chain.apply(empty).features
    except FactorError as error:
        raise BundleError(f"the processors do not fit one another: {error}") from error
