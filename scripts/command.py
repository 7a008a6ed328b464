"""What every command shares: exit statuses, one readable line for an error, figures as JSON."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from alphabus.errors import AlphabusError
from common.atomic import replacing
from common.errors import BarFileError, ConfigError, DatasetError, FactorError, TooFewRowsError
from common.exits import DONE, FAILED, NO_ROOM, WRONG_USAGE
from common.models.names import check_name
from common.room import is_full
from scripts.outputs import MAKE_SPACE, STANDARD, Guarded, writable, writing
from scripts.views.people import WITHOUT_TERMINAL, People

# What the user handed in cannot be used.
WRONG_INPUT = (ConfigError, BarFileError, DatasetError, FactorError, TooFewRowsError)

Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the figures as JSON; - is standard output.", callback=writable),
]
RegistryFolder = Annotated[Path, typer.Option("--registry", help="Folder of the registry.")]


def main(app: typer.Typer, name: str, arguments: list[str] | None = None) -> int:
    """Run a command; the exit status is 0 done, 1 failed, 2 wrong usage, 75 no space on a disk, 130 interrupted.

    Typer itself ends the program for all but errors of ours.
    """
    # SIGTERM unwinds like Ctrl-C: what was started is stopped, what was half written is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for each in app.registered_commands:
        each.cls = Guarded
    width: dict[str, int] = {}
    if not sys.stderr.isatty():  # without a terminal there is no width: no boxes, which fold what they hold
        app.rich_markup_mode, width = None, {"terminal_width": WITHOUT_TERMINAL}
    try:
        app(arguments, prog_name=f"python -m scripts.{name}", **width)
    except (AlphabusError, OSError) as error:
        if not isinstance(error, AlphabusError) and not is_full(error):
            raise
        _tell_error(_told(error))
        if is_full(error):
            return NO_ROOM
        return WRONG_USAGE if isinstance(error, WRONG_INPUT) else FAILED
    return DONE


def _told(error: AlphabusError | OSError) -> str:
    if isinstance(error, AlphabusError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}; {MAKE_SPACE}"


def _tell_error(text: str) -> None:
    console().print("[red]error:[/red]", escape(text), soft_wrap=True, highlight=False)


def console() -> People:
    """Where people read; standard output stays free for JSON. In a file nothing is folded to a terminal's width."""
    return People(stderr=True, width=None if sys.stderr.isatty() else WITHOUT_TERMINAL)


def warn(text: str) -> None:
    """Say what may not be as it seems."""
    console().print("[yellow]warning:[/yellow]", escape(text), soft_wrap=True, highlight=False)


def above_zero(parameter: typer.CallbackParam, value: float | None) -> float | None:
    """Refuse what is not above zero, naming the option and the variable that `make` takes for it."""
    if value is not None and not value > 0:
        name = str(parameter.name)
        raise typer.BadParameter(f"{value:g} is not above 0", param_hint=f"--{name} ({name.upper()}=)")
    return value


def instance_name(value: str | None) -> str | None:
    """Refuse what cannot name an instance, also nothing: it would quietly be another one."""
    if value is None:
        return None
    with usage("--instance (INSTANCE=)"):
        return check_name("instance", value)


@contextmanager
def usage(parameter: str) -> Iterator[None]:
    """Within it an error of ours is one of usage: exit status 2, naming the parameter. A full disk is none."""
    try:
        yield
    except AlphabusError as error:
        if is_full(error):
            raise
        raise typer.BadParameter(str(error), param_hint=parameter) from error


def report(target: Path | None, figures: Any) -> None:
    """Write figures as JSON where `--json` says, if it says anything."""
    text = json.dumps(figures, indent=2, sort_keys=True) + "\n"
    if target == STANDARD:
        sys.stdout.write(text)
    elif target is not None:
        with writing(target), replacing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
