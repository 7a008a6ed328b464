"""Making and changing a key folder: private from the first byte, whole after every step, and told what is wrong."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from alphabus.errors import KeyFileError
from alphabus.security.keyring import open_keyring
from alphabus.security.keys import PEERS, make_pair
from common.key_folder import KeyFolder, write_private
from common.replay.pipeline import ROOT

TCP = {"bar_feed": ("tcp://10.0.0.1:7001", "tcp://10.0.0.1:7002")}


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    """With the keys of the services and of a client."""
    made = KeyFolder(tmp_path / "state" / "keys")
    for name in SERVICES:
        made.make(name, name)
    made.make("trader", "client")
    return made


def modes(path: Path) -> set[int]:
    """Of the folder and all in it."""
    return {stat.S_IMODE(each.stat().st_mode) for each in (path, *path.iterdir())}


def test_nobody_else_can_read_what_is_made(folder: KeyFolder) -> None:
    """0700 and 0600, whatever the umask; nothing temporary stays."""
    assert modes(folder.path) == {0o700, 0o600}
    assert len(list(folder.path.iterdir())) == len(SERVICES) + 2
    assert folder.problems(SERVICES) == []


def test_what_is_made_can_be_used(folder: KeyFolder) -> None:
    """By each in its own name."""
    assert [open_keyring(folder.path, name).name for name in folder.secrets()] == [*sorted(SERVICES), "trader"]


def test_what_is_removed_is_gone(folder: KeyFolder) -> None:
    """From the list, and the secret; nobody else is touched."""
    gone = folder.remove("trader")
    assert gone is not None
    assert gone.role == "client"
    assert sorted(folder.peers()) == folder.secrets() == sorted(SERVICES)


def test_a_secret_of_nobody_can_be_removed(folder: KeyFolder) -> None:
    """A death between the secret and the list: what is said to do about it can be done, and then the key be made."""
    write_private(folder.secret("trader-2"), make_pair().secret + "\n")
    with pytest.raises(KeyFileError, match="remove trader-2 first"):
        folder.make("trader-2", "client")
    assert [problem.rpartition(": ")[2] for problem in folder.problems()] == ["python -m scripts.keys remove trader-2"]
    assert folder.remove("trader-2") is None
    assert folder.problems() == []
    assert folder.make("trader-2", "client").role == "client"


MAKER = """
import sys
from pathlib import Path
from common.key_folder import KeyFolder
for number in range(12):
    KeyFolder(Path(sys.argv[1])).make(f"{sys.argv[2]}-{number}", "client")
"""


def test_two_commands_at_once_lose_nothing(folder: KeyFolder) -> None:
    """Each replaces the list with its own entry in it: one after the other."""
    before = folder.secrets()
    makers = [subprocess.Popen([sys.executable, "-c", MAKER, str(folder.path), name], cwd=ROOT) for name in "ab"]
    assert [maker.wait() for maker in makers] == [0, 0]
    assert len(folder.peers()) == len(before) + 24
    assert sorted(folder.peers()) == folder.secrets()
    assert folder.problems() == []


def test_a_card_is_all_a_client_needs(folder: KeyFolder, tmp_path: Path) -> None:
    """Its secret, and the keys and addresses of the services met over TCP; no other secret, no other client."""
    out = tmp_path / "card"
    folder.make("other", "client")
    folder.card("trader", TCP, out)
    keyring = open_keyring(out)
    assert (keyring.name, keyring.addresses) == ("trader", TCP)
    assert (set(keyring.peers), KeyFolder(out).secrets(), modes(out)) == (
        {"trader", "bar_feed"},
        ["trader"],
        {0o700, 0o600},
    )


REFUSED: dict[str, tuple[Callable[[KeyFolder], object], str]] = {
    "a name that is taken": (lambda folder: folder.make("trader", "client"), "is on the list already"),
    "a role that is none": (lambda folder: folder.make("x", "root"), "is none of"),
    "a service's role": (lambda folder: folder.make("x", "monitor"), "a service's key"),
    "a key that is taken": (
        lambda folder: folder.allow("x", "client", folder.peers()["trader"].public),
        "this key is trader's already",
    ),
    "a key that is none": (lambda folder: folder.allow("x", "client", "key"), "is not a key"),
    "nobody": (lambda folder: folder.remove("nobody"), "has no 'nobody'"),
    "a card without services": (lambda folder: folder.card("trader", {}, folder.path / "x"), "no service is met"),
    "a card over a folder": (lambda folder: folder.card("trader", TCP, folder.path), "is there already"),
    "a card of nobody": (lambda folder: folder.card("nobody", TCP, folder.path / "x"), "cannot be read"),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_changes_nothing(folder: KeyFolder, change: Callable[[KeyFolder], object], said: str) -> None:
    """With the reason."""
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    with pytest.raises(KeyFileError, match=said):
        change(folder)
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before


def opened(folder: KeyFolder) -> None:
    """A secret that others can read."""
    folder.secret("trader").chmod(0o640)


def strange(folder: KeyFolder) -> None:
    """A file of nobody's."""
    write_private(folder.path / "notes.txt", "")


def orphaned(folder: KeyFolder) -> None:
    """A secret of nobody on the list."""
    write_private(folder.secret("nobody"), make_pair().secret)


def swapped(folder: KeyFolder) -> None:
    """The secret of another."""
    folder.secret("monitor").replace(folder.secret("trader"))


def forgotten(folder: KeyFolder) -> None:
    """A service without a key."""
    folder.remove("monitor")


def unlocked(folder: KeyFolder) -> None:
    """The folder itself."""
    folder.path.chmod(0o755)


def scribbled(folder: KeyFolder) -> None:
    """A list that is none."""
    (folder.path / PEERS).write_text("[", encoding="ascii")


PROBLEMS: dict[Callable[[KeyFolder], None], str] = {
    opened: "chmod 600",
    strange: "does not belong here",
    orphaned: "the secret of nobody on the list",
    swapped: "does not belong to the public key of trader",
    forgotten: "no key of monitor: python -m scripts.keys make monitor",
    unlocked: "chmod 700",
    scribbled: PEERS,
}


@pytest.mark.parametrize("spoil", PROBLEMS, ids=lambda spoil: spoil.__name__)
def test_a_problem_is_found(folder: KeyFolder, spoil: Callable[[KeyFolder], None]) -> None:
    """One line each, with what to do."""
    spoil(folder)
    (problem,) = folder.problems(SERVICES)
    assert PROBLEMS[spoil] in problem
