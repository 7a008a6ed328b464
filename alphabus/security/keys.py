"""Keys: a secret for each who speaks, and one allow-list (`peers.toml`) of everybody's public key and role.

A key folder belongs to one user alone (0700), like every file in it (0600): whoever can read a secret is its owner,
and whoever can write the allow-list decides who gets in.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from zmq.utils import z85

from alphabus.endpoints import INSTANCE, SERVICES, is_tcp
from alphabus.errors import KeyFileError
from alphabus.security.roles import ROLES
from alphabus.security.zap import KEY_BYTES

PEERS = "peers.toml"
SUFFIX = ".secret"
MAX_FILE = 1024 * 1024

_Z85 = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")
_PEER_KEYS = {"role", "public", "live", "asked"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A CURVE key pair (Z85, 40 characters each)."""

    public: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody on the allow-list; a service may have the addresses of its ends here, for those without the config."""

    name: str
    role: str
    public: str
    live: str = ""
    asked: str = ""

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise KeyFileError(f"{self.name}: {problem}")

    def _problem(self) -> str | None:
        if not INSTANCE.fullmatch(self.name):
            return f"a name matches {INSTANCE.pattern}"
        if self.role not in ROLES:
            return f"role {self.role!r:.40} is none of {' '.join(ROLES)}"
        if (self.name in SERVICES or self.role in SERVICES) and self.name != self.role:
            return "a service's key has its name and its role, and nobody else's has"
        if not is_key(self.public):
            return f"public = {self.public!r:.60} is not a key"
        if not all(is_tcp(address) for address in (self.live, self.asked) if address):
            return "an address is tcp://HOST:PORT"
        return None


def is_key(text: object) -> bool:
    """Whether this is a key in Z85."""
    if not isinstance(text, str) or _Z85.fullmatch(text) is None:
        return False
    try:
        return len(z85.decode(text)) == KEY_BYTES
    except struct.error:  # five characters that stand for more than four bytes
        return False


def make_pair() -> Pair:
    """A new key pair from the system's randomness."""
    public, secret = zmq.curve_keypair()
    return Pair(public.decode("ascii"), secret.decode("ascii"))


def read_pair(path: Path) -> Pair:
    """The pair whose secret lies here; KeyFileError when it is none, or is anybody else's to read."""
    secret = read_private(path).strip()
    if not is_key(secret):
        raise KeyFileError(f"{path} holds no secret key: make one with python -m scripts.keys make")
    return Pair(zmq.curve_public(secret.encode("ascii")).decode("ascii"), secret)


def read_peers(path: Path) -> Mapping[str, Peer]:
    """The allow-list by name; KeyFileError when it is none, or others can change it."""
    return parse_peers(read_private(path), path)


def parse_peers(text: str, path: Path) -> Mapping[str, Peer]:
    """The peers of this text; `path` is for what is said of it."""
    try:
        tables = tomllib.loads(text)
        peers = {name: _peer(name, table) for name, table in tables.items()}
    except (tomllib.TOMLDecodeError, KeyFileError) as error:
        raise KeyFileError(f"{path}: {error}") from error
    if len({peer.public for peer in peers.values()}) != len(peers):
        raise KeyFileError(f"{path}: a key stands twice; each peer has its own")
    return peers


def _peer(name: str, table: Any) -> Peer:
    if not isinstance(table, dict) or not {"role", "public"} <= set(table) <= _PEER_KEYS:
        raise KeyFileError(f"{name}: a peer has role, public, and perhaps live and asked")
    if not all(isinstance(value, str) for value in table.values()):
        raise KeyFileError(f"{name}: every value is a text")
    return Peer(name, **table)


def written_peers(peers: Mapping[str, Peer]) -> str:
    """The allow-list as its file has it, by name."""
    return "\n".join(_written(peers[name]) for name in sorted(peers))


def _written(peer: Peer) -> str:
    lines = [f"[{peer.name}]", f'role = "{peer.role}"', f'public = "{peer.public}"']
    lines += [f'{end} = "{address}"' for end, address in (("live", peer.live), ("asked", peer.asked)) if address]
    return "\n".join(lines) + "\n"


def read_private(path: Path) -> str:
    """A file's text; KeyFileError unless file and folder are ours alone."""
    check_private(path.parent)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read ({error.strerror}); see docs/security.md") from error
    with os.fdopen(descriptor, "rb") as file:
        _refuse_shared(path, os.fstat(descriptor), "600")
        content = file.read(MAX_FILE)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path} is not ASCII text") from error


def check_private(folder: Path) -> None:
    """KeyFileError unless the folder is there and ours alone."""
    try:
        found = folder.stat()
    except OSError as error:
        how = "python -m scripts.keys make makes one; card makes one for a trading engine's host"
        raise KeyFileError(f"no key folder {folder} ({error.strerror}): {how}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise KeyFileError(f"{folder} is not a folder")
    _refuse_shared(folder, found, "700")


def _refuse_shared(path: Path, found: os.stat_result, mode: str) -> None:
    if found.st_uid != os.getuid():
        raise KeyFileError(f"{path} belongs to uid {found.st_uid}, not to you")
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"{path} is open to others: chmod {mode} {path}")
