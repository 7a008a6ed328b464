"""The folder of a run: what cannot be written is refused in words."""

from pathlib import Path

import pytest

from common.errors import BarFileError
from common.replay.claim import Claim


@pytest.mark.parametrize("out", ["/proc/none", "/proc"])
def test_a_place_where_nothing_can_be_written_is_told(out: str, tmp_path: Path) -> None:
    """By the folder, the system's reason, and what to do; there is no traceback."""
    with pytest.raises(BarFileError, match=f"OUT={out} "):
        Claim(Path(out)).__enter__()
    with Claim(tmp_path / "out"):
        assert (tmp_path / "out").is_dir()
