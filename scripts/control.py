"""Command the arms of a running instance: halt or resume one, force its breaker open or closed."""

import getpass
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from alphabus.bus import Bus
from alphabus.clock import SystemClock
from alphabus.endpoints import Endpoints, default_run_dir, nobody_there, only_instance
from alphabus.errors import EndpointError
from alphabus.sockets import ZmqTransport
from common.command import DONE, EVERY_ARM, Command, carry_out
from common.config import load_config
from common.door import open_transport
from common.errors import ConfigError
from scripts.command import Json, console, main, report, usage

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

SECOND_NS = 1_000_000_000
OVER_TCP = "give its configuration with --config"

HELP: Mapping[str, str] = {
    "halt": "Publish void for an arm, at once and until it is resumed; a restart does not end it.",
    "resume": "Let an arm that was halted speak again.",
    "open": "Force an arm's breaker open: its executor is asked nothing, and the fallback goes out.",
    "close": "Close an arm's breaker: its executor is asked again.",
}

Arm = Annotated[str, typer.Argument(help="Name of the arm; * is all of them.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the history.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: the user.")]
Instance = Annotated[str | None, typer.Option("--instance", help="Name of the instance; default: the only one.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Its configuration; needed where it uses TCP.")]
RunDir = Annotated[Path | None, typer.Option("--run-dir", help="Folder of the sockets; default: as the pipeline's.")]
Key = Annotated[str, typer.Option("--key", metavar="NAME", help="Over TCP: whose key of the configured folder to use.")]
Wait = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0.1, help="How long the worker may take.")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the worker is: as a configuration says, else below a run folder."""

    instance: str | None
    config: Path | None
    run_dir: Path | None
    key: str

    def bus(self) -> tuple[Bus, ZmqTransport]:
        """The way there; raises EndpointError, ConfigError, and over TCP KeyFileError."""
        if self.config is not None:
            return self._configured(self.config)
        with usage("--instance"):
            run_dir = self.run_dir or default_run_dir()
            endpoints = Endpoints(run_dir, self.instance or only_instance(run_dir))
            if (told := nobody_there(run_dir, endpoints.instance, OVER_TCP)) is not None:
                raise EndpointError(f"{told}: nothing was sent")
        transport = ZmqTransport()
        return Bus(endpoints, transport, SystemClock()), transport

    def _configured(self, file: Path) -> tuple[Bus, ZmqTransport]:
        config = load_config(file)
        if self.instance not in (None, config.instance):
            raise ConfigError(f"{file} is of instance {config.instance!r}, and --instance says {self.instance!r}")
        with usage("--key"):
            transport = open_transport(config, self.key, _unheard)
        return Bus(config.endpoints, transport, SystemClock()), transport


def _command(verb: str) -> Callable[..., None]:
    def give(
        arm: Arm, *, why: Why, by: By = None, instance: Instance = None, config: ConfigFile = None,
        run_dir: RunDir = None, key: Key = "operator", wait: Wait = 5.0, json_file: Json = None,
    ) -> None:  # fmt: skip
        if not why.strip():
            raise typer.BadParameter("it goes on record: say why", param_hint="--why")
        command = Command(verb, arm, why, by or getpass.getuser())
        told = _give(command, Place(instance, config, run_dir, key), round(wait * SECOND_NS))
        report(json_file, {"instance": told, **asdict(command)})

    return give


def _give(command: Command, place: Place, timeout_ns: int) -> str:
    bus, transport = place.bus()
    try:
        carry_out(command, bus, timeout_ns)
    finally:
        transport.close()
    arm = "every arm" if command.arm == EVERY_ARM else f"arm {command.arm}"
    console().print(escape(f"{bus.endpoints.instance}: {arm} {DONE[command.verb]}"), highlight=False)
    return bus.endpoints.instance


def _unheard(event: str, **detail: str) -> None:
    """What happens at the door of somebody who only asks is of no interest."""


for _verb, _help in HELP.items():
    app.command(_verb, help=_help)(_command(_verb))


if __name__ == "__main__":
    sys.exit(main(app, "control"))
