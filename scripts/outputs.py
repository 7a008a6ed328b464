"""Files a command writes: said before the work where they cannot be written, or are what the command reads.

A file lies in a folder that is there: one that is not was misspelt more often than meant. A folder of results is made.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import typer
from typer.core import TyperCommand

from common.errors import NoRoomError
from common.room import is_full

STANDARD = Path("-")
"""Standard output, where a command knows it."""

MAKE_SPACE = "make space, then give the command again"


class Guarded(TyperCommand):
    """Any command: its figures never replace a file that another of its options names, such as the configuration."""

    def invoke(self, ctx: Any) -> Any:
        """Refuse before the command begins."""
        given = {told_name(each): ctx.params.get(each.name) for each in self.params}
        files = {name: path for name, path in given.items() if isinstance(path, Path) and path.is_file()}
        figures = files.pop("--json", None)
        check_outputs({"--json": figures}, files)
        return super().invoke(ctx)


def told_name(parameter: Any) -> str:
    """What people call a command's parameter: an option as they type it, an argument as the help has it."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return str(next((each for each in parameter.opts if each.startswith("--")), parameter.opts[0]))


def check_outputs(writes: Mapping[str, Path | None], reads: Mapping[str, Path | str | None]) -> None:
    """Refuse, both told by option: what cannot be written, what is read as well, what is written twice.

    A file that lies in a folder that is read is not replaced either. None and - are no files. typer.BadParameter.
    """
    taken = {option: Path(path) for option, path in reads.items() if path is not None}
    for option, path in writes.items():
        if path is None or path == STANDARD:
            continue
        check_writable(path, option)
        for other, there in taken.items():
            if _is_same(path, there):
                told = f"{path} is what {other} names, and would be replaced; name another file"
                raise typer.BadParameter(told, param_hint=option)
        taken[option] = path


def check_cleared(option: str, places: Iterable[Path], reads: Mapping[str, Path | None]) -> None:
    """Refuse places that the command empties where something lies in them that it reads."""
    for place in places:
        for other, there in reads.items():
            if there is not None and there.resolve().is_relative_to(place.resolve()):
                told = f"{there}, which {other} names, lies where an earlier run's results are removed; move it away"
                raise typer.BadParameter(told, param_hint=option)


def check_writable(path: Path, option: str) -> None:
    """Refuse a folder, a device, and a place where no file can be made; leaves nothing behind. NoRoomError."""
    with writing(path, option):
        fault = _fault(path)
    if fault:
        raise typer.BadParameter(f"{path} {fault}", param_hint=option)


def check_folder(path: Path, option: str) -> None:
    """Refuse what is no folder, and a place where none can be made or written to; leaves nothing behind."""
    place = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    if not place.is_dir():
        told = "is no folder" if place == path.absolute() else f"cannot be made: {place} is no folder"
        raise typer.BadParameter(f"{path} {told}; name one, or one that is not there yet", param_hint=option)
    with writing(path, option), TemporaryFile(dir=place):
        return


def writable(parameter: typer.CallbackParam, value: Path | None) -> Path | None:
    """The same as an option's callback, for a command that reads nothing it could replace."""
    if value is not None and value != STANDARD:
        check_writable(value, parameter.opts[0])
    return value


@contextmanager
def writing(path: Path, option: str | None = None) -> Iterator[None]:
    """Within it what the system refuses is one line: of a full disk NoRoomError, of all else typer.BadParameter."""
    try:
        yield
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror or error}"
        if is_full(error):
            raise NoRoomError(f"{told}; {MAKE_SPACE}") from error
        raise typer.BadParameter(told, param_hint=option) from error


def _fault(path: Path) -> str:
    if path.is_dir():
        return "is a folder; name a file"
    if path.exists() and not path.is_file():
        return "is no plain file; name one that is, or one that is not there yet"
    place = path.absolute().parent
    if not place.exists():
        return f"cannot be written: there is no folder {path.parent}; make it first, or name another file"
    with TemporaryFile(dir=place):
        return ""


def _is_same(path: Path, there: Path) -> bool:
    """Whether writing one would replace the other, by whatever names and links they are called."""
    if path.exists() and there.exists():
        inside = there.is_dir() and path.resolve().is_relative_to(there.resolve())
        return inside or path.samefile(there)
    return path.resolve() == there.resolve()
