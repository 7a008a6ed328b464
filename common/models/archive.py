"""A bundle as one file to carry from machine to machine: an uncompressed tar of its folder, and its signature.

Nothing is unpacked to disk before all of it is verified, so that neither links nor `..` nor devices mean anything.
"""

import tarfile
from hashlib import sha256
from io import BytesIO

from common.errors import BundleError
from common.models.bundle import MANIFEST, Bundle, verify_bundle
from common.models.manifest import encode_manifest
from common.models.signature import SUFFIX

LIMIT = 4 << 30


def encode_archive(bundle: Bundle, signature: bytes | None) -> bytes:
    """Equal bundles give equal bytes: no times, no owners."""
    contents = {f"{bundle.digest}/{MANIFEST}": encode_manifest(bundle.manifest)}
    contents |= {f"{bundle.digest}/{name}": body for name, body in sorted(bundle.files.items())}
    contents |= {} if signature is None else {f"{bundle.digest}{SUFFIX}": signature}
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, body in contents.items():
            archive.addfile(_member(name, len(body)), BytesIO(body))
    return buffer.getvalue()


def decode_archive(body: bytes) -> tuple[Bundle, bytes | None]:
    """Return the verified bundle and its signature, if it has one; BundleError for any other file."""
    try:
        contents = _contents(body)
    except (tarfile.TarError, ValueError, OSError, EOFError, OverflowError) as error:
        raise BundleError(f"not an archive of a bundle: {error}") from error
    digest, inside, signature = _sorted(contents)
    bundle = verify_bundle(inside)
    if bundle.digest != digest:
        raise BundleError(f"the archive is named {digest[:12]}, its manifest's digest is {bundle.digest[:12]}")
    return bundle, signature


def _contents(body: bytes) -> dict[str, bytes]:
    if len(body) > LIMIT:
        raise BundleError(f"the archive has {len(body)} bytes, more than any bundle")
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=BytesIO(body), mode="r:") as archive:
        for member in archive:
            if not member.isreg() or member.issparse() or member.name in found:
                raise BundleError(f"{member.name} in the archive is no plain file, or stands there twice")
            opened = archive.extractfile(member)
            found[member.name] = opened.read() if opened else b""
    return found


def _sorted(contents: dict[str, bytes]) -> tuple[str, dict[str, bytes], bytes | None]:
    """Return the digest that all names carry, the files by name, and the signature."""
    digest = next(iter(contents), "").partition("/")[0].removesuffix(SUFFIX)
    signature = contents.pop(digest + SUFFIX, None)
    strangers = sorted(name for name in contents if name.count("/") != 1 or not name.startswith(f"{digest}/"))
    if strangers or not contents or len(digest) != len(sha256().hexdigest()):
        raise BundleError(f"the archive holds {', '.join(strangers) or 'nothing'}; expected one bundle's folder")
    return digest, {name.partition("/")[2]: body for name, body in contents.items()}, signature


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member
