"""Key files: read when they are their owner's alone and are what they should be, refused with what to do otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from alphabus.errors import KeyFileError
from alphabus.security.keyring import AllowList, open_keyring
from alphabus.security.keys import PEERS, SUFFIX, Peer, is_key, make_pair, read_pair, read_peers, written_peers
from tests.alphabus.security.doors import write_private

PAIR, OTHER = make_pair(), make_pair()
PEER = Peer("trader", "client", PAIR.public)
WORKER = Peer("inference_worker", "inference_worker", OTHER.public, "tcp://10.0.0.1:7001", "tcp://10.0.0.1:7002")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A client's folder."""
    made = tmp_path / "keys"
    made.mkdir(mode=0o700)
    write_private(made / f"trader{SUFFIX}", PAIR.secret + "\n")
    write_private(made / PEERS, written_peers({peer.name: peer for peer in (PEER, WORKER)}))
    return made


def test_what_is_written_is_read(folder: Path) -> None:
    """Every peer with role, key and addresses."""
    assert read_peers(folder / PEERS) == {"trader": PEER, "inference_worker": WORKER}
    assert read_pair(folder / f"trader{SUFFIX}") == PAIR


def test_a_folder_with_one_secret_says_who_we_are(folder: Path) -> None:
    """And where the services are."""
    keyring = open_keyring(folder)
    assert (keyring.name, keyring.pair) == ("trader", PAIR)
    assert keyring.addresses == {"inference_worker": ("tcp://10.0.0.1:7001", "tcp://10.0.0.1:7002")}
    assert keyring.public_of("inference_worker") == OTHER.public


def test_a_secret_is_not_shown() -> None:
    """In a traceback or a log."""
    assert PAIR.secret not in repr(PAIR)


def shared_secret(folder: Path) -> None:
    """Readable by all."""
    (folder / f"trader{SUFFIX}").chmod(0o644)


def shared_list(folder: Path) -> None:
    """Writable by a group."""
    (folder / PEERS).chmod(0o620)


def shared_folder(folder: Path) -> None:
    """Open to all."""
    folder.chmod(0o755)


def linked_secret(folder: Path) -> None:
    """Somewhere else."""
    secret = folder / f"trader{SUFFIX}"
    secret.rename(folder.parent / "elsewhere")
    secret.symlink_to(folder.parent / "elsewhere")


def no_secret(folder: Path) -> None:
    """Gone."""
    (folder / f"trader{SUFFIX}").unlink()


def two_secrets(folder: Path) -> None:
    """One too many to know who we are."""
    write_private(folder / f"other{SUFFIX}", OTHER.secret)


def broken_secret(folder: Path) -> None:
    """Not a key."""
    write_private(folder / f"trader{SUFFIX}", "secret")


def other_secret(folder: Path) -> None:
    """Of another pair than the list has."""
    write_private(folder / f"trader{SUFFIX}", OTHER.secret)


def no_list(folder: Path) -> None:
    """Gone."""
    (folder / PEERS).unlink()


def no_folder(folder: Path) -> None:
    """Gone with all it held."""
    folder.rename(folder.parent / "moved")


def listed(text: str) -> Callable[[Path], None]:
    """Another allow-list."""
    return lambda folder: write_private(folder / PEERS, text)


def entry(name: str = "a", role: str = "client", public: str = PAIR.public, more: str = "") -> str:
    """A peer as the file has it."""
    return f'[{name}]\nrole = "{role}"\npublic = "{public}"\n{more}\n'


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "secret others can read": (shared_secret, "chmod 600"),
    "list others can write": (shared_list, "chmod 600"),
    "folder others can enter": (shared_folder, "chmod 700"),
    "secret that is a link": (linked_secret, "cannot be read"),
    "no secret": (no_secret, "holds no secret; a client takes a folder with one"),
    "two secrets": (two_secrets, "holds 2 secrets: other trader"),
    "secret that is none": (broken_secret, "holds no secret key"),
    "secret of another": (other_secret, "does not belong to its public key"),
    "no list": (no_list, "cannot be read"),
    "no folder": (no_folder, "scripts.keys make"),
    "list that is no TOML": (listed("[a"), PEERS),
    "list that is not ASCII": (lambda folder: (folder / PEERS).write_bytes(b"\xff"), "not ASCII"),
    "peer without a role": (listed(f'[a]\npublic = "{PAIR.public}"\n'), "a peer has role, public"),
    "peer with more": (listed(entry(more="admin = true")), "a peer has role, public"),
    "peer that is no table": (listed("a = 5"), "a peer has role, public"),
    "role that is none": (listed(entry(role="root")), "'root' is none of"),
    "name that is none": (listed(entry(name='"../up"')), "a name matches"),
    "service's name with another role": (listed(entry(name="monitor")), "a service's key"),
    "service's role with another name": (listed(entry(role="bar_feed")), "a service's key"),
    "key that is none": (listed(entry(public="x" * 39)), "is not a key"),
    "key past 32 bytes": (listed(entry(public="#" * 40)), "is not a key"),
    "key that is a number": (listed('[a]\nrole = "client"\npublic = 5\n'), "every value is a text"),
    "address that is none": (listed(entry(more='live = "ipc://x"')), "tcp://HOST:PORT"),
    "one key for two": (listed(entry("a") + entry("b")), "a key stands twice"),
}


@pytest.mark.parametrize(("spoil", "said"), BAD.values(), ids=BAD)
def test_a_bad_folder_is_refused(folder: Path, spoil: Callable[[Path], object], said: str) -> None:
    """With what is wrong, where, and what to do."""
    spoil(folder)
    with pytest.raises(KeyFileError) as caught:
        open_keyring(folder)
    assert said in str(caught.value)
    assert str(folder) in str(caught.value)


def test_a_folder_of_somebody_else_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They could change who gets in."""
    owner = folder.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(KeyFileError, match="not to you"):
        open_keyring(folder)


def test_a_service_nobody_knows_has_no_key(folder: Path) -> None:
    """Whoever connects must know who is there."""
    with pytest.raises(KeyFileError, match="no key of monitor"):
        open_keyring(folder).public_of("monitor")


def test_the_list_follows_its_file(folder: Path) -> None:
    """Read anew when it has changed; while it cannot be read the last good one counts, and it says why."""
    allowed = AllowList(folder / PEERS)
    assert allowed.peer(PAIR.public) == PEER
    assert allowed.by_public() is allowed.by_public()
    write_private(folder / PEERS, written_peers({"inference_worker": WORKER}))
    assert allowed.peer(PAIR.public) is None
    (folder / PEERS).write_text("[", encoding="ascii")
    assert (allowed.peer(OTHER.public), allowed.peer(PAIR.public), bool(allowed.problem)) == (WORKER, None, True)
    (folder / PEERS).unlink()
    assert (allowed.peer(OTHER.public), allowed.peer(PAIR.public), bool(allowed.problem)) == (WORKER, None, True)
    write_private(folder / PEERS, written_peers({"inference_worker": WORKER}))
    assert (allowed.peer(OTHER.public), allowed.problem) == (WORKER, None)


@pytest.mark.parametrize("text", ["", "x" * 41, "\u00e9" * 40, " " * 40, '"' * 40, None, 5])
def test_what_is_no_key(text: object) -> None:
    """Forty characters of Z85 that stand for 32 bytes, and nothing else."""
    assert not is_key(text)
