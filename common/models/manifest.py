"""What a bundle says about itself, and the one way these words become bytes.

Canonical bytes: JSON in ASCII (other letters escaped), keys sorted, no spaces, each float in its shortest
form that reads back to the same bits, no NaN or infinity, no key twice. A bundle's name is the SHA-256 of them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Annotated, Any

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from common.errors import BundleError
from common.models.names import NAME

FORMAT = 1

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]

_CLOSED = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, slots=True, config=_CLOSED)
class FactorRecord:
    """The factor set: (name, text) pairs in order, the digest of the compiled plan, and when symbols start anew.

    operators: names of the user's own that the texts call; their code is not in the bundle.
    """

    name: Name
    plan: Digest
    factors: tuple[tuple[str, str], ...]
    max_gap: int | None = None
    reset: str | None = None
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_CLOSED)
class LabelRecord:
    """The label's text, how many own bars it looks ahead, and what was done to it before fitting."""

    text: str
    horizon_bars: int
    processing: str = "none"


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Span:
    """First and last section by close time (ns since 1970 UTC), both included, and how many there are."""

    first: int
    last: int
    sections: int


@dataclass(frozen=True, slots=True, config=_CLOSED)
class DataRecord:
    """The bars it was trained on: SHA-256 of the panel, and its size."""

    digest: Digest
    sections: int
    symbols: int
    rows: int


@dataclass(frozen=True, slots=True, config=_CLOSED)
class TrainingRecord:
    """How it was fitted; `key` names everything that decides the outcome, so that an equal model is found again."""

    key: Digest
    parameters: dict[str, JsonValue]


@dataclass(frozen=True, slots=True, config=_CLOSED)
class GoldenRecord:
    """Files with golden inputs f8[F, G] and outputs f8[G]; tolerance 0 means equal to the bit."""

    inputs: FileName
    outputs: FileName
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True, config=_CLOSED)
class FileRecord:
    """SHA-256 and length in bytes of one file beside the manifest."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Manifest:
    """Everything a bundle says about itself. Neither time of creation nor author: those are the registry's."""

    name: Name
    kind: Name
    factor_set: FactorRecord
    features: tuple[str, ...]
    label: LabelRecord
    spans: dict[str, Span]
    data: DataRecord
    training: TrainingRecord
    scores: dict[str, float]
    libraries: dict[str, str]
    platform: dict[str, str]
    golden: GoldenRecord
    processors: tuple[dict[str, JsonValue], ...] = ()
    reference: dict[str, JsonValue] = Field(default_factory=dict)
    files: dict[FileName, FileRecord] = Field(default_factory=dict)
    format: int = FORMAT

    def with_files(self, contents: Mapping[str, bytes]) -> "Manifest":
        """Return the same manifest over these files."""
        return replace(self, files={name: file_record(body) for name, body in contents.items()})


_READER = TypeAdapter(Manifest)


def file_record(body: bytes) -> FileRecord:
    """Digest and size of a file's content."""
    return FileRecord(sha256(body).hexdigest(), len(body))


def canonical(value: Any) -> bytes:
    """Canonical JSON bytes of plain values; BundleError on NaN, infinity or anything JSON has no word for."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BundleError(f"a manifest can hold only finite numbers, texts, lists and maps: {error}") from error
    return text.encode("ascii")


def encode_manifest(manifest: Manifest) -> bytes:
    """Canonical bytes; the manifest is checked by the reader first, so what is written can be read."""
    plain = asdict(manifest)
    # What a set leaves out is left out here: manifests from before these keys keep their bytes, and so their names.
    for name in ("max_gap", "reset", "operators"):
        if not plain["factor_set"][name]:
            del plain["factor_set"][name]
    body = canonical(plain)
    decode_manifest(body)
    return body


def decode_manifest(body: bytes) -> Manifest:
    """Read canonical bytes, refusing unknown keys, another format, and bytes that are not canonical."""
    plain = _plain(body)
    _check_format(plain)
    if canonical(plain) != body:
        raise BundleError("manifest.json is not in canonical form; it was edited by hand or written by something else")
    try:
        return _READER.validate_json(body)
    except ValidationError as error:
        raise BundleError(f"manifest.json: {_first_fault(error)}") from error


def _plain(body: bytes) -> Any:
    try:
        return json.loads(body.decode("ascii"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"manifest.json is not readable JSON: {error}") from error


def _check_format(plain: Any) -> None:
    found = plain.get("format") if isinstance(plain, dict) else None
    if not isinstance(found, int) or found < 1:
        raise BundleError("manifest.json does not say its format")
    if found > FORMAT:
        raise BundleError(f"manifest.json has format {found}, this version reads up to {FORMAT}; update Alphabus")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number a manifest can hold")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
