"""Hosts that are namespaces: each has a network, a folder and processes of its own, and a cable to one switch.

The switch is a namespace, too, so that nothing of this ever touches the machine's own network.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.replay.pipeline import ROOT
from tests.e2e.harness import wait_until_gone

REQUIRED = "ALPHABUS_HOSTS"
PREFIX = "alphabus-"
PORT, CABLE, BRIDGE = "port", "eth0", "switch"


def ip(*words: str) -> str:
    """Run iproute2's `ip`; what it says, or CalledProcessError."""
    return subprocess.run(["ip", *words], check=True, text=True, stdout=subprocess.PIPE).stdout


def why_not() -> str | None:
    """Why there can be no hosts here; None when there can."""
    if os.getuid() != 0:
        return "only root may make network namespaces"
    if shutil.which("ip") is None:
        return "there is no `ip`: apt-get install iproute2"
    made = subprocess.run(["ip", "netns", "add", _name("try")], check=False, capture_output=True, text=True)
    if made.returncode:
        return f"no network namespace can be made here: {made.stderr.strip()}"
    ip("netns", "del", _name("try"))
    return None


def need_hosts() -> None:
    """Skip with the reason where there can be none; where they are required ($ALPHABUS_HOSTS) that is a failure."""
    reason = why_not()
    if reason is not None and os.environ.get(REQUIRED):
        pytest.fail(f"{REQUIRED} is set, and {reason}")
    if reason is not None:
        pytest.skip(f"not run: {reason}")


@dataclass(slots=True)
class Host:
    """One namespace: its address on the switch, its folder, and what was started in it."""

    name: str
    address: str
    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """What the system calls it: nobody else's has this name."""
        return _name(self.name)

    def run(self, arguments: Sequence[str], output: int | None = None) -> subprocess.Popen[bytes]:
        """Python with these arguments, in this host's folder and network; it ends with the test, whatever ends that."""
        environment = {
            **os.environ,
            "ALPHABUS_RUN_DIR": str(self.folder / "run"),
            "ALPHABUS_CONFIG": str(self.folder / "config.toml"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        with (self.folder / "said.log").open("ab") as said:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, sys.executable, "-m", "common.parent", str(os.getpid()),
                 sys.executable, *arguments],
                cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=output or said, stderr=said,
            )  # fmt: skip
        self.started.append(process)
        return process

    def launch(self, *services: str) -> subprocess.Popen[bytes]:
        """These services, as the Procfile has them."""
        return self.run(["-m", "common.launch", str(ROOT / "Procfile"), *services])

    def pids(self) -> list[int]:
        """Every process of this host."""
        return [int(pid) for pid in ip("netns", "pids", self.namespace).split()]

    def lose_power(self) -> None:
        """Everything ends at once, and what lies in memory is gone: the run folder, as on most machines."""
        self.kill()
        shutil.rmtree(self.folder / "run")

    def kill(self) -> None:
        """SIGKILL to everything that runs here at once; then nothing does."""
        while pids := self.pids():
            for pid in pids:
                _kill(pid)
            wait_until_gone(pids)
        for process in self.started:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def said(self) -> str:
        """What its processes wrote to standard error."""
        return (self.folder / "said.log").read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Network:
    """Hosts on one switch."""

    hosts: tuple[Host, ...]

    def cut(self, host: Host) -> None:
        """The host's cable is dead: nothing goes in or out, and nobody is told."""
        ip("-n", _name(BRIDGE), "link", "set", _port(self, host), "down")

    def mend(self, host: Host) -> None:
        """The cable is as before."""
        ip("-n", _name(BRIDGE), "link", "set", _port(self, host), "up")


@contextmanager
def network(folder: Path, *names: str) -> Iterator[Network]:
    """A host for each name; at the end nothing of them is left, whatever happened."""
    hosts = tuple(Host(name, f"10.77.0.{1 + number}", folder / name) for number, name in enumerate(names))
    made = Network(hosts)
    sweep()
    with ExitStack() as stack:
        stack.enter_context(_namespace(BRIDGE))
        ip("-n", _name(BRIDGE), "link", "add", BRIDGE, "type", "bridge")
        ip("-n", _name(BRIDGE), "link", "set", BRIDGE, "up")
        for host in hosts:
            host.folder.mkdir(parents=True)
            stack.enter_context(_namespace(host.name))
            stack.callback(host.kill)
            _plug_in(made, host)
        yield made


def sweep() -> None:
    """Remove what test runs left that were killed; their processes ended with them."""
    for name in namespaces():
        pid = name.removeprefix(PREFIX).partition("-")[0]
        if name.startswith(PREFIX) and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            # Another run may have been faster.
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def namespaces() -> list[str]:
    """All there are, whoever made them."""
    return [line.split()[0] for line in ip("netns", "list").splitlines() if line.strip()]


def _plug_in(made: Network, host: Host) -> None:
    switch, port, namespace = _name(BRIDGE), _port(made, host), host.namespace
    ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", CABLE, "netns", namespace)
    ip("-n", switch, "link", "set", port, "master", BRIDGE, "up")
    ip("-n", namespace, "addr", "add", f"{host.address}/24", "dev", CABLE)
    for device in ("lo", CABLE):
        ip("-n", namespace, "link", "set", device, "up")


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    ip("netns", "add", _name(name))
    try:
        yield
    finally:
        ip("netns", "del", _name(name))


def _name(of: str) -> str:
    """Of a namespace; two test runs side by side have different ones."""
    return f"{PREFIX}{os.getpid()}-{of}"


def _port(made: Network, host: Host) -> str:
    return f"{PORT}{made.hosts.index(host)}"


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
