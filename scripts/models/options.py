"""Options and arguments that the verbs share."""

import getpass
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="Name of the model.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="Its version; default: the newest.")]
Instance = Annotated[str | None, typer.Option("--instance", help="The instance; default: the configuration's.")]
Alias = Annotated[str, typer.Option("--alias", help="The alias.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the history.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: the user.")]


def who(given: str | None) -> str:
    """Whom the history names."""
    return given or getpass.getuser()
