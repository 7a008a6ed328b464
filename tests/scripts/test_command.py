"""What every command shares: how an error is told, and with which exit status."""

from __future__ import annotations

import errno

import pytest
import typer

from common.errors import ConfigError, JournalError, NoRoomError
from common.exits import FAILED, NO_ROOM, WRONG_USAGE
from scripts.command import instance_name, main

FULL = OSError(errno.ENOSPC, "No space left on device", "out/config.toml")


def ended_with(error: Exception) -> int:
    """Exit status of a command that raises this."""
    app = typer.Typer()

    @app.command()
    def fail() -> None:
        """Fail."""
        raise error

    return main(app, "fail", [])


@pytest.mark.parametrize(
    ("error", "status"),
    [(FULL, NO_ROOM), (NoRoomError("7 of 9 bytes"), NO_ROOM), (ConfigError("wrong"), WRONG_USAGE),
     (JournalError("corrupt"), FAILED)],
)  # fmt: skip
def test_an_error_is_one_line_and_a_status(error: Exception, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """For want of space it is another one than a failure's: the same command may do later."""
    assert ended_with(error) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert error is not FULL or line.endswith(
        " out/config.toml: No space left on device; make space, then give the command again"
    )


def test_what_nobody_thought_of_is_told_whole() -> None:
    """An error of the system that is no full disk may be a bug."""
    with pytest.raises(OSError, match="Input/output error"):
        ended_with(OSError(errno.EIO, "Input/output error"))


@pytest.mark.parametrize("name", ["", "No", "../up"])
def test_what_cannot_name_an_instance_is_refused(name: str) -> None:
    """Nothing, too: it would quietly be the instance that the file's name makes."""
    with pytest.raises(typer.BadParameter, match="instance name"):
        instance_name(name)


def test_no_name_or_a_good_one_is_taken() -> None:
    """As it was given."""
    assert (instance_name(None), instance_name("live")) == (None, "live")
