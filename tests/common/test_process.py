"""The main program of a service: what it does before anything is bound, and how it ends."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from alphabus.errors import DecodeError
from alphabus.security.authenticator import Authenticator
from common.config import load_config
from common.counters import Counters
from common.errors import ConfigError, ModelError, NotOnRecordError, PipelineError
from common.exits import NO_ROOM
from common.identity import alone
from common.key_folder import KeyFolder
from common.lock import Lock
from common.process import MAX_QUARANTINED, _quarantine, main
from common.service import Context, Service
from tests.common.signals import signals_restored
from tests.services.cluster import silent_log


class Obedient(Service):
    """Stops itself at its first turn."""

    name: ClassVar[str] = "obedient"

    def turn(self) -> None:
        """As Ctrl-C or a supervisor would."""
        os.kill(os.getpid(), signal.SIGTERM)


class Bereft(Obedient):
    """A link of its loses something first."""

    def turn(self) -> None:
        """As an inlet tells it."""
        self.context.bus.found("bar_feed", "gaps", 2)
        super().turn()


class Feed(Obedient):
    """Under the name of a service that may be met over TCP."""

    name: ClassVar[str] = "bar_feed"


@pytest.fixture(autouse=True)
def _quiet_signals() -> Iterator[None]:
    """A main program takes the signals of its process."""
    with signals_restored():
        yield


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """A good configuration with a run folder short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="ab-") as run_dir:
        path = tmp_path / "demo.toml"
        path.write_text(
            f"instance = 'demo'\nstate = '{tmp_path}/state'\nrun_dir = '{run_dir}/run'\n"
            "[feed.source]\nbars = 'bars.parquet'\n",
            encoding="ascii",
        )
        yield path


def start(config: Path, make: type[Service] = Obedient) -> int:
    """Exit status of a service with this configuration."""
    return main(make, "obedient", ["--config", str(config)])


def test_stopped_as_asked(config: Path) -> None:
    """Exit status 0, and the epoch was raised, beside the lock of the endpoint and in the state."""
    assert [start(config), start(config)] == [0, 0]
    assert epochs(config) == ["2", "2"]


def test_what_its_links_lost_is_counted(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In the counters that `status` shows, and that a process leaves in its log."""
    assert start(config, Bereft) == 0
    rows = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [row["link.bar_feed.gaps"] for row in rows if row["event"] == "stopped"] == [2]


@pytest.mark.parametrize("lost", ["run folder", "state"])
def test_a_machine_that_starts_again_raises_its_epochs(config: Path, lost: str) -> None:
    """Its run folder is empty then, and its readers elsewhere live on; a replay empties its state instead."""
    assert [start(config), start(config)] == [0, 0]
    loaded = load_config(config)
    shutil.rmtree(loaded.endpoints.run_dir if lost == "run folder" else loaded.state)
    assert start(config) == 0
    assert epochs(config) == ["3", "3"]


@pytest.mark.parametrize(("on_full", "status"), [("wait", NO_ROOM), ("halt", 1)])
@pytest.mark.parametrize("where", ["of its own", "wrapped"])
def test_a_start_that_finds_no_space(
    config: Path, capsys: pytest.CaptureFixture[str], on_full: str, status: int, where: str
) -> None:
    """Another status than a failure's, without a traceback, so that it is tried again for as long as that takes."""

    class Full(Obedient):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            error = OSError(errno.ENOSPC, "No space left on device")
            if where == "of its own":
                raise error
            raise PipelineError(f"the journal cannot be opened: {error}") from error

    with config.open("a", encoding="ascii") as file:
        file.write(f"[feed]\non_full = '{on_full}'\n")
    assert start(config, Full) == status
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert where == "wrapped" or f"the disk of {load_config(config).state}, or of its logs: No space left" in said
    assert "Traceback" not in said


def epochs(config: Path) -> list[str]:
    """The service's, in both places."""
    loaded = load_config(config)
    paths = (loaded.endpoints.folder / "obedient.epoch", loaded.state / "epochs" / "obedient")
    return [path.read_text(encoding="ascii") for path in paths]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("instance = 'demo'", "instance = 'No'", "instance = 'No': "),
        ("instance = 'demo'", "instanse = 'demo'", "instanse = 'demo': unknown key; did you mean 'instance'?"),
        ("bars = ", "bars = 5 #", "feed.source.bars = 5: "),
        ("/run'", "/" + "deep/" * 20 + "'", "the system allows 107"),
    ],
)
def test_a_wrong_configuration_binds_nothing(
    config: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, told: str
) -> None:
    """Exit status 2, with file, key and value, before there is a lock, an epoch or a socket."""
    run_dir = load_config(config).endpoints.run_dir
    config.write_text(config.read_text(encoding="ascii").replace(before, after), encoding="ascii")
    assert start(config) == 2
    assert told in capsys.readouterr().err
    assert not run_dir.exists()
    assert not (config.parent / "state").exists()


def test_a_second_one_is_refused(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, naming the holder; the first one's epoch and sockets are untouched."""
    endpoints = load_config(config).endpoints
    with Lock(endpoints.folder / "obedient.lock"):
        assert start(config) == 2
    assert f"is held by pid {os.getpid()}," in capsys.readouterr().err
    assert [path.name for path in endpoints.folder.iterdir()] == ["obedient.lock"]
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("lock", ["run folder", "state"])
def test_a_second_one_leaves_no_word_in_the_log(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], lock: str
) -> None:
    """It is the first one's, whichever lock it is refused by."""
    text = config.read_text(encoding="ascii")
    config.write_text(f"logs = '{tmp_path}/logs'\n{text}", encoding="ascii")
    loaded = load_config(config)
    paths = {"run folder": loaded.endpoints.folder / "obedient.lock", "state": loaded.state / "locks" / "obedient"}
    with Lock(paths[lock]):
        assert start(config) == 2
    assert "is held by" in capsys.readouterr().err
    assert not (tmp_path / "logs" / "obedient.jsonl").exists()


@pytest.mark.parametrize("own", ["instance = 'other'\n", "run_dir = '{run_dir}/elsewhere'\n"])
def test_one_state_has_one_writer_a_service(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], own: str
) -> None:
    """An instance of another name, or in another run folder, is refused while it runs: what to do, no epoch, no log."""
    key = own.partition("=")[0]
    shared = [line for line in config.read_text(encoding="ascii").splitlines() if not line.startswith(key)]
    second = tmp_path / "second.toml"
    text = own.format(run_dir=load_config(config).endpoints.run_dir) + "\n".join(shared)
    second.write_text(text, encoding="ascii")

    with alone(load_config(config), "obedient"):
        assert start(second) == 2
    told = capsys.readouterr().err
    assert f"writes into {tmp_path}/state: {tmp_path}/state/locks/obedient is held by pid {os.getpid()} of" in told
    assert "of instance 'demo', started" in told
    assert "give this one a state of its own (state = in its configuration)" in told
    assert not list(load_config(second).endpoints.folder.glob("*.epoch"))
    assert start(second) == (2 if key == "instance " else 0)  # a state is one instance's, also when it is at rest


@pytest.mark.parametrize(("key", "place"), [("state", "/proc/x"), ("state", "/dev/null/x"), ("logs", "/dev/null/x")])
def test_a_place_that_cannot_be_written_is_wrong_configuration(
    config: Path, capsys: pytest.CaptureFixture[str], key: str, place: str
) -> None:
    """Exit status 2, one line that names key and value: the supervisor does not spend its budget on it."""
    kept = [line for line in config.read_text(encoding="ascii").splitlines() if not line.startswith(key)]
    config.write_text(f"{key} = '{place}'\n" + "\n".join(kept), encoding="ascii")
    assert start(config) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith(f"error: {key} = {place!r} cannot be written (")


def test_a_state_belongs_to_one_instance(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another name is refused, with what to do when it was renamed; told so, it goes on."""
    assert start(config) == 0
    config.write_text(config.read_text(encoding="ascii").replace("'demo'", "'other'"), encoding="ascii")
    assert start(config) == 2
    owner = load_config(config).state / "instance"
    assert "belongs to instance 'demo', not 'other'" in (told := capsys.readouterr().err)
    assert str(owner) in told
    owner.write_text("other\n", encoding="ascii")
    assert start(config) == 0


def test_services_share_a_state(config: Path) -> None:
    """Each has a lock of its own there: so do those of an instance, also of one that is split."""
    with alone(load_config(config), "obedient"):
        assert main(Feed, "bar_feed", ["--config", str(config)]) == 0


@pytest.mark.parametrize(
    "refused",
    [
        (errno.EROFS, 2, "cannot be locked for the obedient: Read-only file system; state = in the configuration must"),
        (errno.ENOSPC, NO_ROOM, "locks/obedient: No space left on device; make space\n"),
    ],
)
def test_a_state_that_cannot_be_written(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, refused: tuple[int, int, str]
) -> None:
    """Not a traceback; for want of space it is tried again."""
    number, status, told = refused
    opened = os.open

    def refuse(path: Path, *arguments: int) -> int:
        if "locks" in Path(path).parts:
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    assert start(config) == status
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("error", "status"), [(ModelError, 1), (ConfigError, 2), (NotOnRecordError, 2)])
def test_a_start_that_fails_half_way_ends(
    config: Path, capsys: pytest.CaptureFixture[str], error: type[PipelineError], status: int
) -> None:
    """What was bound by then does not keep the process: a supervisor waits for its end."""

    class Unfit(Obedient):
        """Finds something wrong after it has bound its endpoints."""

        def __init__(self, context: Context) -> None:
            super().__init__(context)
            raise error("no such thing")

    assert start(config, Unfit) == status
    assert "obedient: no such thing" in capsys.readouterr().err


def test_what_nobody_thought_of_is_told_whole(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bug ends the process with its traceback, in the log, too."""

    class Broken(Obedient):
        """Has a bug."""

        def turn(self) -> None:
            """Fail in a way that is not ours."""
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        start(config, Broken)
    crashed = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert crashed["event"] == "crashed"
    assert "a bug" in crashed["exception"]


def over_tcp(config: Path, keys: Path) -> None:
    """Have the bar feed met over TCP with these keys."""
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        ends = [f"tcp://127.0.0.1:{each.getsockname()[1]}" for each in (one, two)]
    text = config.read_text(encoding="ascii")
    config.write_text(f"{text}[bus]\nkeys = '{keys}'\n[bus.tcp]\nbar_feed = {ends}\n", encoding="ascii")


def test_tcp_without_keys_does_not_start(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, with what to do: starting again would not help."""
    over_tcp(config, tmp_path / "keys")
    assert main(Feed, "bar_feed", ["--config", str(config)]) == 2
    assert "no key folder" in capsys.readouterr().err


def test_tcp_with_keys_starts(config: Path, tmp_path: Path) -> None:
    """Its self-test is passed before its first turn."""
    over_tcp(config, tmp_path / "keys")
    KeyFolder(tmp_path / "keys").make("bar_feed", "bar_feed")
    assert main(Feed, "bar_feed", ["--config", str(config)]) == 0


def test_a_door_that_is_open_does_not_start(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 2: a process that would let in anybody must not run."""
    over_tcp(config, tmp_path / "keys")
    KeyFolder(tmp_path / "keys").make("bar_feed", "bar_feed")
    monkeypatch.setattr(Authenticator, "_problem", lambda _self, _knock: None)
    assert main(Feed, "bar_feed", ["--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert "would let in anybody" in said
    assert "stranger_accepted" in said


def test_refused_messages_are_kept(config: Path, tmp_path: Path) -> None:
    """Counted by reason; the first ones lie in a file, cut to what a person needs."""
    counters = Counters()
    refused = _quarantine(load_config(config), "obedient", silent_log(), counters)
    for number in range(MAX_QUARANTINED + 5):
        refused("feed", DecodeError("topic" if number % 2 else "header", "bad"), [b"\xff" * 600] * 9)
    kept = (tmp_path / "state/quarantine/obedient.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(kept) == MAX_QUARANTINED
    assert json.loads(kept[0]) == {"link": "feed", "error": "header: bad", "frames": ["ff" * 512] * 8}
    total = MAX_QUARANTINED + 5
    assert counters.snapshot() == {"refused": total, "refused_header": total - total // 2, "refused_topic": total // 2}
