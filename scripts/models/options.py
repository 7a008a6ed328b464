"""Options and arguments that the verbs share."""

import getpass
from typing import Annotated

import typer

from common.replay.on_record import Wanted
from scripts.command import usage

Name = Annotated[str, typer.Argument(help="Name of the model; NAME/VERSION is one of its versions.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="Its version; default: the newest.")]
Instance = Annotated[str | None, typer.Option("--instance", help="The instance; default: the configuration's.")]
Alias = Annotated[str, typer.Option("--alias", help="The alias.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the history.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: the user.")]


def model_of(name: str, version: int | None) -> tuple[str, int | None]:
    """Which version is meant, by NAME or NAME/VERSION and --version; typer.BadParameter where they contradict."""
    if "/" not in name:
        return name, version
    with usage("NAME"):
        wanted = Wanted.read(name)
    if version not in {None, wanted.version}:
        raise typer.BadParameter(f"{name} is version {wanted.version}, and --version says {version}")
    return wanted.name, wanted.version


def who(given: str | None) -> str:
    """Whom the history names."""
    return given or getpass.getuser()
