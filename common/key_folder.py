"""Making and changing a key folder: every file is created for its owner alone, and replaced as a whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from alphabus.errors import KeyFileError
from alphabus.security.keys import (
    PEERS,
    SUFFIX,
    Peer,
    check_private,
    make_pair,
    read_pair,
    read_peers,
    read_private,
    written_peers,
)
from common.atomic import replacing, sync_folder


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """A folder of secrets, and the allow-list."""

    path: Path

    def create(self) -> None:
        """Make the folder (0700) if it is not there; raises KeyFileError when it is open to others."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        check_private(self.path)

    def peers(self) -> dict[str, Peer]:
        """The allow-list; empty before the first key."""
        check_private(self.path)
        return dict(read_peers(self._list)) if self._list.exists() else {}

    def secrets(self) -> list[str]:
        """Names of those whose secret lies here."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.path.glob(f"*{SUFFIX}"))

    def make(self, name: str, role: str) -> Peer:
        """A new pair: the secret in a file of its own, the public half on the list; KeyFileError if there is one."""
        self.create()
        with self._alone():
            pair = make_pair()
            peer = self._new(name, role, pair.public)
            try:
                write_private(self.secret(name), pair.secret + "\n")
            except FileExistsError as error:
                raise KeyFileError(f"{self.secret(name)} is there already; remove {name} first") from error
            self._write([peer])
        return peer

    def allow(self, name: str, role: str, public: str) -> Peer:
        """Put a public key on the list that was made elsewhere."""
        self.create()
        with self._alone():
            peer = self._new(name, role, public)
            self._write([peer])
        return peer

    def remove(self, name: str) -> Peer | None:
        """Take a peer off the list, and its secret away if it lies here.

        None: it was on no list, and only a secret lay here, as when `make` was killed half-way.
        """
        check_private(self.path)
        with self._alone():
            peers = self.peers()
            if name not in peers and name not in self.secrets():
                raise KeyFileError(f"{self._list} has no {name!r}; it has {' '.join(sorted(peers)) or 'nobody'}")
            gone = peers.pop(name, None)
            if gone is not None:
                self._replace(peers)
            self.secret(name).unlink(missing_ok=True)
            sync_folder(self.path)
        return gone

    def card(self, name: str, addresses: Mapping[str, tuple[str, str]], out: Path) -> list[Peer]:
        """A new folder with all that `name` needs elsewhere: its secret, and where and who the services are."""
        peers = self.peers()
        secret = read_pair(self.secret(name)).secret
        missing = sorted(set(addresses) - set(peers))
        if missing or not addresses:
            raise KeyFileError(f"no key of {' '.join(missing)}" if missing else "no service is met over TCP: [bus.tcp]")
        if out.exists():
            raise KeyFileError(f"{out} is there already; choose another folder")
        services = [replace(peers[each], live=live, asked=asked) for each, (live, asked) in addresses.items()]
        made = KeyFolder(out)
        made.create()
        write_private(made.secret(name), secret + "\n")
        made._write([peers[name], *(each for each in services if each.name != name)])
        return services

    def problems(self, needed: Iterable[str] = ()) -> list[str]:
        """Everything that is not as it must be; `needed` are services that must be on the list."""
        try:
            peers = self.peers()
        except KeyFileError as error:
            return [str(error)]
        lacking = [name for name in needed if name not in peers]
        found = [f"{self._list} has no key of {name}: python -m scripts.keys make {name}" for name in lacking]
        for path in sorted(self.path.iterdir()):
            found += self._problem(path, peers)
        return found

    def secret(self, name: str) -> Path:
        """Where the secret of `name` lies."""
        return self.path / f"{name}{SUFFIX}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, whoever makes it: what another wrote meanwhile would be lost."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @property
    def _list(self) -> Path:
        return self.path / PEERS

    def _problem(self, path: Path, peers: Mapping[str, Peer]) -> list[str]:
        name = path.name.removesuffix(SUFFIX)
        try:
            if path == self._list:
                read_private(path)
            elif path.name == name:
                return [f"{path} does not belong here; remove it"]
            elif name not in peers:
                return [f"{path} is the secret of nobody on the list: python -m scripts.keys remove {name}"]
            elif read_pair(path).public != peers[name].public:
                return [f"{path} does not belong to the public key of {name}"]
        except KeyFileError as error:
            return [str(error)]
        return []

    def _new(self, name: str, role: str, public: str) -> Peer:
        peer, peers = Peer(name, role, public), self.peers()
        if name in peers:
            raise KeyFileError(f"{name} is on the list already; remove it first")
        for other in peers.values():
            if other.public == public:
                raise KeyFileError(f"this key is {other.name}'s already; each peer has its own")
        return peer

    def _write(self, added: list[Peer]) -> None:
        self._replace(self.peers() | {peer.name: peer for peer in added})

    def _replace(self, peers: Mapping[str, Peer]) -> None:
        with replacing(self._list) as temporary:
            write_private(temporary, written_peers(peers))


def write_private(path: Path, text: str) -> None:
    """A new file that was never anybody else's to read (0600)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
