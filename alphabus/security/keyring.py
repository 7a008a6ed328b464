"""A key folder as a process uses it: its own pair, and the allow-list as it stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alphabus.endpoints import SERVICES
from alphabus.errors import KeyFileError
from alphabus.security.keys import PEERS, SUFFIX, Pair, Peer, read_pair, read_peers


@dataclass(slots=True)
class AllowList:
    """Read again whenever the file changes; while it cannot be read, `problem` says why, the last good one counts.

    Used by the authenticator's thread as well: what is kept is replaced as a whole.
    """

    path: Path
    problem: str | None = None
    _read: tuple[object, Mapping[str, Peer]] = field(default=(None, {}), repr=False)

    def peer(self, public: str) -> Peer | None:
        """Whose public key this is."""
        return self.by_public().get(public)

    def by_public(self) -> Mapping[str, Peer]:
        """The list by public key."""
        stamp = self._stamp()
        known, peers = self._read
        if stamp is None or stamp != known:
            peers = self._load()
            self._read = stamp, peers
        return peers

    def _stamp(self) -> object:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode

    def _load(self) -> Mapping[str, Peer]:
        try:
            peers = read_peers(self.path)
        except KeyFileError as error:
            self.problem = str(error)
            return self._read[1]
        self.problem = None
        return {peer.public: peer for peer in peers.values()}


@dataclass(frozen=True, slots=True)
class Keyring:
    """Who we are, and who the others are."""

    name: str
    pair: Pair
    peers: Mapping[str, Peer]
    allowed: AllowList

    @property
    def addresses(self) -> Mapping[str, tuple[str, str]]:
        """Live and asked address of each service that the allow-list has them of."""
        found = {name: self.peers[name] for name in SERVICES if name in self.peers}
        return {name: (peer.live, peer.asked) for name, peer in found.items() if peer.live and peer.asked}

    def public_of(self, service: str) -> str:
        """The service's public key; raises KeyFileError."""
        if service not in self.peers:
            raise KeyFileError(f"{self.allowed.path} has no key of {service}: without it nobody knows who is there")
        return self.peers[service].public


def open_keyring(folder: Path, name: str | None = None) -> Keyring:
    """The keys of `name`, or of the only one whose secret lies in the folder; raises KeyFileError."""
    allowed = AllowList(folder / PEERS)
    peers = read_peers(allowed.path)
    own = name or _only_secret(folder)
    pair = read_pair(folder / f"{own}{SUFFIX}")
    if own in peers and peers[own].public != pair.public:
        raise KeyFileError(f"{folder}: the secret of {own} does not belong to its public key in {PEERS}")
    return Keyring(own, pair, peers, allowed)


def _only_secret(folder: Path) -> str:
    names = sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))
    if len(names) != 1:
        found = f"{len(names)} secrets: {' '.join(names)}" if names else "no secret"
        raise KeyFileError(f"{folder} holds {found}; a client takes a folder with one: python -m scripts.keys card")
    return names[0]
