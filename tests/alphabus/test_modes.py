"""Which modes may be asked for."""

from pathlib import Path

import pytest

from alphabus.client import SignalClient
from alphabus.errors import ModeError
from alphabus.messages import Mode
from alphabus.modes import mode_of


@pytest.mark.parametrize(("text", "mode"), [("live", Mode.LIVE), ("replay", Mode.REPLAY), (Mode.REPLAY, Mode.REPLAY)])
def test_a_mode_is_read(text: str, mode: Mode) -> None:
    """By its name, or as it is."""
    assert mode_of(text) is mode


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("replya", "did you mean 'replay'"),
        ("LIVE", "did you mean 'live'"),
        ("history", "there is live, replay"),
        ("paper", "there is live, replay"),
    ],
)
def test_a_client_of_no_mode_says_which_there_are(tmp_path: Path, text: str, hint: str) -> None:
    """An error of ours, before anything is connected; of history no signals are made."""
    with pytest.raises(ModeError, match=f"no signal is of mode '{text}'; .*{hint}"):
        SignalClient("sample", mode=text, run_dir=tmp_path)
