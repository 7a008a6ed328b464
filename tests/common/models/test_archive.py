"""Archives: a bundle comes out as it went in; whatever else a tar can hold is refused before anything is written."""

import tarfile
from collections.abc import Callable
from io import BytesIO

import pytest

from common.errors import BundleError
from common.models.archive import decode_archive, encode_archive
from tests.common.models.sample_bundle import make_bundle, sketch

SIGNATURE = b"hmac-sha256 0000000000000000 " + b"0" * 64 + b"\n"


@pytest.mark.parametrize("signature", [None, SIGNATURE])
def test_a_bundle_comes_back(signature: bytes | None) -> None:
    """With its signature, if it has one; equal bundles give equal archives."""
    body = encode_archive(make_bundle(), signature)
    assert decode_archive(body) == (make_bundle(), signature)
    assert encode_archive(make_bundle(), signature) == body


def _with(change: Callable[[tarfile.TarInfo], None], place: int = 1) -> bytes:
    """The archive with one member changed."""
    found = BytesIO(encode_archive(sketch(), None))
    made = BytesIO()
    with tarfile.open(fileobj=found) as before, tarfile.open(fileobj=made, mode="w:") as after:
        for number, member in enumerate(before):
            content = before.extractfile(member)
            if number == place:
                change(member)
            after.addfile(member, content if member.isreg() else None)
    return made.getvalue()


def _named(name: str) -> Callable[[tarfile.TarInfo], None]:
    return lambda member: setattr(member, "name", name)


def _typed(kind: bytes, target: str = "") -> Callable[[tarfile.TarInfo], None]:
    def change(member: tarfile.TarInfo) -> None:
        member.type, member.linkname, member.size = kind, target, 0

    return change


DIGEST = sketch().digest


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not an archive"),
        (b"PK\x03\x04 a zip", "not an archive"),
        (b"\x80\x04\x95 a pickle" * 100, "not an archive"),
        (_with(_named(f"{DIGEST}/../../notes.txt")), "expected one bundle's folder"),
        (_with(_named("/etc/passwd")), "expected one bundle's folder"),
        (_with(_named("notes.txt")), "expected one bundle's folder"),
        (_with(_named(f"{DIGEST}/more/notes.txt")), "expected one bundle's folder"),
        (_with(_named(f"{DIGEST}/manifest.json")), "stands there twice"),
        (_with(_named(f"{DIGEST}/other.txt")), "missing"),
        (_with(_named(f"{'0' * 64}/manifest.json"), place=0), "expected one bundle's folder"),
        (_with(_typed(tarfile.SYMTYPE, "/etc/passwd")), "no plain file"),
        (_with(_typed(tarfile.LNKTYPE, f"{DIGEST}/manifest.json")), "no plain file"),
        (_with(_typed(tarfile.DIRTYPE)), "no plain file"),
        (_with(_typed(tarfile.FIFOTYPE)), "no plain file"),
        (_with(_typed(tarfile.CHRTYPE)), "no plain file"),
    ],
)
def test_any_other_archive_is_refused(body: bytes, told: str) -> None:
    """By name, without a file written."""
    with pytest.raises(BundleError, match=told):
        decode_archive(body)


def test_a_wrong_digest_is_refused() -> None:
    """All names carry one digest, and it is the manifest's."""
    body = encode_archive(sketch(), None).replace(DIGEST.encode(), b"0" * 64)
    with pytest.raises(BundleError, match=r"not an archive|digest"):
        decode_archive(body)


def test_every_damage_is_refused_or_harmless() -> None:
    """Each flipped bit of names, sizes and contents, each truncation: an error of ours, or the very same bundle."""
    whole = encode_archive(sketch(), None)
    for bit in range(0, 8 * len(whole), 7):
        body = bytearray(whole)
        body[bit // 8] ^= 1 << bit % 8
        _assert_refused_or_same(bytes(body))
    for length in range(0, len(whole), 101):
        _assert_refused_or_same(whole[:length])


def _assert_refused_or_same(body: bytes) -> None:
    try:
        found = decode_archive(body)
    except BundleError:
        return
    assert found == (sketch(), None)
