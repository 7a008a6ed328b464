"""Where the processes of an instance meet, and what is said when they cannot."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from alphabus.endpoints import (
    INSTANCE,
    MAX_PATH_BYTES,
    SERVICES,
    Endpoints,
    default_run_dir,
    is_tcp,
    nobody_there,
    only_instance,
    require_own,
    running_instances,
)
from alphabus.errors import EndpointError, KeyFileError
from alphabus.security.transport import meeting_place

RUN_DIRS = [
    ({"ALPHABUS_RUN_DIR": "/run/a", "XDG_RUNTIME_DIR": "/run/user/1"}, "/run/a"),
    ({"ALPHABUS_RUN_DIR": "", "XDG_RUNTIME_DIR": "/run/user/1"}, "/run/user/1/alphabus"),
    ({"XDG_RUNTIME_DIR": "/run/user/1"}, "/run/user/1/alphabus"),
    ({"XDG_RUNTIME_DIR": ""}, f"/tmp/alphabus-{os.getuid()}"),  # noqa: S108  the default by design
    ({}, f"/tmp/alphabus-{os.getuid()}"),  # noqa: S108  the default by design
]


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("environment", "expected"), RUN_DIRS)
def test_the_run_folder_is_found_in_order(environment: dict[str, str], expected: str) -> None:
    """The project's variable, then the session's, then a folder of this user's; an empty one counts as absent."""
    assert default_run_dir(environment) == Path(expected)


@pytest.mark.parametrize("service", SERVICES)
def test_addresses_name_instance_and_service(service: str) -> None:
    """One to hear, one to ask."""
    endpoints = Endpoints(Path("/run/a"), "sp500")
    assert endpoints.live(service) == f"ipc:///run/a/sp500/{service}.pub"
    assert endpoints.asked(service) == f"ipc:///run/a/sp500/{service}.ask"


def test_topics_go_from_general_to_special() -> None:
    """And end in a slash, so that no topic is the beginning of another's name."""
    endpoints = Endpoints(Path("/run/a"), "sp500")
    assert endpoints.topic("signals", "champion") == "sp500/signals/champion/"
    assert endpoints.topic() == "sp500/"


@pytest.mark.parametrize("name", ["", "SP500", "a/b", "../a", "a b", "a.b", "-a", "a" * 65, "a\n", "\u0430"])
def test_an_instance_s_name_is_plain(name: str) -> None:
    """The error shows the name and the pattern."""
    with pytest.raises(EndpointError) as error:
        Endpoints(Path("/run/a"), name)
    assert repr(name) in str(error.value)
    assert INSTANCE.pattern in str(error.value)


def test_a_path_of_just_the_limit_is_fine() -> None:
    """One byte more says how long it is, what is allowed and what to do."""
    tail = "/t/bar_feed.pub"
    longest = Path("/" + "d" * (MAX_PATH_BYTES - len(tail) - 1))
    assert len(Endpoints(longest, "t").live("bar_feed")) == len("ipc://") + MAX_PATH_BYTES
    with pytest.raises(EndpointError) as error:
        Endpoints(Path(f"{longest}d"), "t").live("bar_feed")
    for said in (str(MAX_PATH_BYTES + 1), str(MAX_PATH_BYTES), "ALPHABUS_RUN_DIR", f"/tmp/alphabus-{os.getuid()}"):  # noqa: S108  the default by design
        assert said in str(error.value)


def test_bytes_count_not_letters() -> None:
    """A folder with other letters is longer than it looks."""
    with pytest.raises(EndpointError, match="bytes"):
        Endpoints(Path("/" + "\u00f6" * 50), "t").live("bar_feed")


def test_folders_are_for_this_user_alone(tmp_path: Path) -> None:
    """The run folder and the instance's, when they are made."""
    endpoints = Endpoints(tmp_path / "run", "t")
    endpoints.make_folder()
    assert (mode(endpoints.run_dir), mode(endpoints.folder)) == (0o700, 0o700)


def test_an_open_instance_folder_is_closed(tmp_path: Path) -> None:
    """One that was there with wider rights is narrowed."""
    endpoints = Endpoints(tmp_path, "t")
    endpoints.folder.mkdir(mode=0o755)
    endpoints.make_folder()
    assert mode(endpoints.folder) == 0o700


def test_a_run_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    """It may be somebody's /tmp: only what is ours is closed."""
    tmp_path.chmod(0o755)
    Endpoints(tmp_path, "t").make_folder()
    assert mode(tmp_path) == 0o755


def test_a_run_folder_that_is_a_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    """With the path, and what to do."""
    (tmp_path / "run").touch()
    with pytest.raises(EndpointError, match="ALPHABUS_RUN_DIR"):
        Endpoints(tmp_path / "run", "t").make_folder()


def test_a_run_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They could replace the sockets."""
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(EndpointError, match="belongs to uid"):
        Endpoints(tmp_path, "t").make_folder()


def test_a_run_folder_that_others_can_write_is_refused(tmp_path: Path) -> None:
    """They could put a folder of theirs in the place of ours; in one like /tmp they cannot."""
    tmp_path.chmod(0o777)
    with pytest.raises(EndpointError, match="can be written by others"):
        Endpoints(tmp_path, "t").make_folder()
    tmp_path.chmod(0o1777)
    Endpoints(tmp_path, "t").make_folder()
    assert mode(tmp_path / "t") == 0o700


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Whoever put it there has the sockets elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "t").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EndpointError, match="cannot make"):
        Endpoints(tmp_path, "t").make_folder()


def test_sockets_of_somebody_else_are_not_connected_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would pose as the pipeline; root alone may look at another's."""
    address = Endpoints(tmp_path, "t").live("bar_feed")
    require_own(address)
    (tmp_path / "t").mkdir()
    owner = (tmp_path / "t").stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(EndpointError, match="belongs to uid"):
        require_own(address)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    require_own(address)


def test_a_service_may_be_met_over_tcp() -> None:
    """The others stay in the run folder; each address is one service's."""
    endpoints = Endpoints(Path("/run/a"), "t", {"bar_feed": ("tcp://a:1", "tcp://a:2")})
    assert (endpoints.live("bar_feed"), endpoints.asked("bar_feed")) == ("tcp://a:1", "tcp://a:2")
    assert endpoints.live("monitor").startswith("ipc://")
    assert endpoints.service_at("tcp://a:2") == "bar_feed"
    with pytest.raises(EndpointError, match="no service's address"):
        endpoints.service_at("tcp://a:3")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("tcp://10.0.0.1:7001", True),
        ("tcp://[fe80::1]:7001", True),
        ("tcp://feed-host:1", True),
        ("tcp://10.0.0.1:0", False),
        ("tcp://10.0.0.1:65536", False),
        ("tcp://10.0.0.1", False),
        ("tcp://*:7001", False),
        ("ipc:///x:1", False),
        ("tcp://a;b:1", False),
        (7001, False),
    ],
)
def test_an_address(text: object, good: bool) -> None:  # noqa: FBT001  a table
    """`tcp://HOST:PORT` and nothing else that ZeroMQ would take."""
    assert is_tcp(text) is good


def test_running_instances_are_those_that_listen() -> None:
    """By name, ascending; a socket file that a killed process left behind does not count."""
    with tempfile.TemporaryDirectory(prefix="ab") as folder, ExitStack() as listening:
        for name in ("b/bar_feed", "a/monitor", "dead/bar_feed"):
            path = Path(folder) / f"{name}.ask"
            path.parent.mkdir()
            listener = listening.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(path))
            if not name.startswith("dead"):
                listener.listen()
        assert running_instances(Path(folder)) == ("a", "b")
        assert running_instances(Path(folder) / "absent") == ()
        assert nobody_there(Path(folder), "a") is None
        assert nobody_there(Path(folder), "dead") == f"no process of 'dead' listens below {folder}, there are: a, b"
        assert (nobody_there(Path(folder) / "absent", "a") or "").endswith("nor of any other instance")


@pytest.mark.parametrize(
    ("text", "told"),
    [(f"pid {os.getpid()}, started", True), ("pid 4194305,", False), ("", False)],
    ids=["lives", "gone", "nobody"],
)
def test_who_runs_but_listens_elsewhere_is_met_over_tcp(tmp_path: Path, text: str, *, told: bool) -> None:
    """Its lock names a process that lives: whoever asks knows what its user lacks."""
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "bar_feed.lock").write_text(text, encoding="ascii")
    said = nobody_there(tmp_path, "two", "give a key") or ""
    assert ("though bar_feed run there: they are met over TCP; give a key" in said) == told


def test_where_an_instance_is_met_may_be_text(tmp_path: Path) -> None:
    """As people write it in a trading engine."""
    endpoints, transport = meeting_place("live", str(tmp_path), None)
    transport.close()
    assert endpoints == Endpoints(tmp_path, "live")
    with pytest.raises(KeyFileError, match="no key folder"):
        meeting_place("live", None, str(tmp_path / "card"))


def test_who_was_there_a_moment_ago_is_named(tmp_path: Path) -> None:
    """A pipeline of which all processes were killed is being started: nobody is to start another."""
    with pytest.raises(EndpointError, match=f"no instance below {tmp_path}: start one"):
        only_instance(tmp_path)
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "bar_feed.lock").touch()
    with pytest.raises(
        EndpointError, match="live ran there, and is perhaps just being started: look again; else start"
    ):
        only_instance(tmp_path)
