"""Who vouches for a bundle: an HMAC of its digest under a key that only those who train and those who serve have.

The digest covers every byte of the bundle, so its signature does, too. It lies beside the bundle's folder, as
`DIGEST.signature`: a bundle stays what it was when it is signed later, or again.
"""

import hmac
import os
import re
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from common.atomic import replacing
from common.errors import BundleError, ConfigError, ModelError

SUFFIX = ".signature"

_KEY = re.compile(rb"alphabus-hmac-sha256 ([0-9a-f]{64})\n?")
_SIGNATURE = re.compile(rb"hmac-sha256 ([0-9a-f]{16}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class Key:
    """A secret of 32 bytes; `id` (16 hex digits) says which one without giving it away."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """First digits of a digest of the secret."""
        return sha256(b"alphabus key id" + self.secret).hexdigest()[:16]

    def sign(self, digest: str) -> bytes:
        """One line: the method, the key's id, the HMAC."""
        code = hmac.new(self.secret, b"alphabus bundle 1\n" + digest.encode(), sha256).hexdigest()
        return f"hmac-sha256 {self.id} {code}\n".encode()

    def check(self, digest: str, signature: bytes | None) -> None:
        """BundleError unless there is a line, and it is this key's for this digest."""
        if signature is None:
            raise BundleError(f"bundle {digest[:12]} is not signed; sign it with: python -m scripts.models sign")
        found = _SIGNATURE.fullmatch(signature)
        if found is None:
            raise BundleError(f"the signature of bundle {digest[:12]} is not one: sign it again")
        if found[1] != self.id.encode():
            told = f"bundle {digest[:12]} is signed with key {found[1].decode()}, not with {self.id}"
            raise BundleError(f"{told}; name that key, or sign it anew: python -m scripts.models sign --replace")
        if not hmac.compare_digest(signature, self.sign(digest)):
            raise BundleError(f"the signature of bundle {digest[:12]} is wrong: it is not from who has the key")


def make_key(path: Path) -> Key:
    """Write a new key that only its owner can read; ModelError if the file is there already."""
    key = Key(os.urandom(32))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ModelError(f"key {path} cannot be made ({error.strerror}); choose another file") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"alphabus-hmac-sha256 " + key.secret.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink()  # half a key would be in the way of a whole one
        raise ModelError(f"key {path} cannot be written ({error.strerror}): is the disk full?") from error
    return key


def load_key(path: Path) -> Key:
    """Read a key file; ModelError if others can read it, too, or if it is none."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            body = file.read(1024)
    except OSError as error:
        raise ModelError(f"key {path} cannot be read ({error.strerror})") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ModelError(f"key {path} can be read or written by others; run chmod 600 {path}")
    found = _KEY.fullmatch(body)
    if found is None:
        raise ModelError(f"{path} is not a key; make one with: python -m scripts.models key FILE")
    return Key(bytes.fromhex(found[1].decode()))


def optional_key(path: Path | None) -> Key | None:
    """Read a key file where one is named; ModelError as for any."""
    return None if path is None else load_key(path)


def configured_key(path: Path | None) -> Key | None:
    """Read the key file of a configuration that names one; ConfigError, for starting again would not help."""
    try:
        return optional_key(path)
    except ModelError as error:
        raise ConfigError(str(error)) from error


def write_signature(folder: Path, signature: bytes) -> None:
    """Put a signature beside a bundle's folder, in place of an older one."""
    with replacing(place(folder)) as temporary:
        temporary.write_bytes(signature)


def read_signature(folder: Path) -> bytes | None:
    """Return the signature beside a bundle's folder, None if there is none."""
    try:
        with place(folder).open("rb") as file:
            return file.read(1024)
    except FileNotFoundError:
        return None


def check_signer(folder: Path, signature: bytes, what: str) -> None:
    """BundleError where a bundle has the signature of another key: whoever checks with that one would refuse it."""
    before, now = _signer_of(read_signature(folder)), _signer_of(signature)
    if before not in {None, now}:
        told = f"{what} is signed with key {before}; to put {now} in its place"
        raise BundleError(f"{told}: python -m scripts.models sign --replace")


def _signer_of(signature: bytes | None) -> str | None:
    """Id of the key a signature says it is made with; None if there is none, or it is not one."""
    found = None if signature is None else _SIGNATURE.fullmatch(signature)
    return None if found is None else found[1].decode()


def check_signature(folder: Path, key: Key) -> None:
    """BundleError unless the bundle of that name is signed with the key; its content is not looked at."""
    key.check(folder.name, read_signature(folder))


def place(folder: Path) -> Path:
    """Where the signature of a bundle lies."""
    return folder.with_name(folder.name + SUFFIX)


def sweep_signatures(root: Path) -> list[str]:
    """Remove signatures whose bundle is not there; nobody may be writing here meanwhile."""
    left = [path for path in root.glob(f"*{SUFFIX}") if not path.with_suffix("").exists()]
    for path in left:
        path.unlink()
    return [path.name for path in left]
