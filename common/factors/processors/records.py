"""Fitted processors as files of a bundle: one of JSON that says what they are, and one for each array."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from common.errors import BundleError, FactorError
from common.factors.kernels.build import Floats
from common.factors.processors.processor import Learnt, Processor
from common.factors.processors.table import make_processor
from common.models.golden import decode_array, encode_array

FORMAT = 1
FILE = "processors.json"

_CLOSED = ConfigDict(strict=True, extra="forbid")
Fitted = tuple[Processor, Learnt]


@dataclass(frozen=True, slots=True, config=_CLOSED)
class StepRecord:
    """One processor: name and parameters, and over what its arrays stand."""

    name: str
    parameters: dict[str, Any]
    columns: list[str]
    symbols: list[str]
    numbers: list[str]


@dataclass(frozen=True, slots=True, config=_CLOSED)
class ChainRecord:
    """All of them, and the features they were fitted on."""

    format: int
    inputs: list[str]
    steps: list[StepRecord]


def encode_chain(inputs: Sequence[str], steps: Sequence[Fitted]) -> dict[str, bytes]:
    """Files by name."""
    records = [
        StepRecord(
            processor.name,
            processor.parameters,
            list(learnt.columns),
            list(learnt.symbols),
            sorted(learnt.numbers),
        )
        for processor, learnt in steps
    ]
    text = json.dumps(asdict(ChainRecord(FORMAT, list(inputs), records)), sort_keys=True, allow_nan=False)
    arrays = {
        _file(place, name): encode_array(array)
        for place, (_, learnt) in enumerate(steps)
        for name, array in learnt.numbers.items()
    }
    return {FILE: text.encode("ascii"), **arrays}


def decode_chain(files: Mapping[str, bytes]) -> tuple[tuple[str, ...], list[Fitted]]:
    """Inputs and steps; BundleError naming the file that is missing or not what it should be."""
    try:
        record = TypeAdapter(ChainRecord).validate_json(_content(files, FILE))
    except ValidationError as error:
        raise BundleError(f"{FILE} is not a chain of processors: {error.errors()[0]['msg']}") from error
    if record.format != FORMAT:
        raise BundleError(f"{FILE} is of format {record.format}; this version reads {FORMAT}")
    return tuple(record.inputs), [_decode_step(files, place, step) for place, step in enumerate(record.steps)]


def _decode_step(files: Mapping[str, bytes], place: int, step: StepRecord) -> Fitted:
    try:
        processor = make_processor(step.name, step.parameters)
    except FactorError as error:
        raise BundleError(f"{FILE}: {error}") from error
    if sorted(step.numbers) != sorted(processor.learns):
        raise BundleError(f"{FILE}: {step.name} learns {list(processor.learns)}, not {step.numbers}")
    shape = (len(step.columns), len(step.symbols)) if processor.by_symbol else (len(step.columns),)
    numbers = {name: _decode_numbers(files, _file(place, name), shape) for name in step.numbers}
    return processor, Learnt(tuple(step.columns), tuple(step.symbols), numbers)


def _decode_numbers(files: Mapping[str, bytes], file: str, shape: tuple[int, ...]) -> Floats:
    array = decode_array(file, _content(files, file), len(shape))
    if array.shape != shape:
        raise BundleError(f"{file} holds {list(array.shape)} numbers, expected {list(shape)}")
    return np.array(array)


def _content(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise BundleError(f"the bundle lacks {name}")
    return files[name]


def _file(place: int, name: str) -> str:
    return f"processor-{place}-{name}.npy"
