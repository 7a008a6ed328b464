"""`promote --wait` beside a running pipeline: it ends when the model serves, or with the reason why it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.command import main
from scripts.models.__main__ import app
from tests.e2e.acting import playing


def test_a_promotion_is_followed_to_its_end(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other factors are built first, and said so; what answers NaN is refused; an instance that runs is not retired."""
    folder = run_dir / "followed"
    with playing(folder) as play:
        config = ("--config", str(folder / "play" / "config.toml"))

        def asked(*arguments: str) -> tuple[int, str, str]:
            """Exit status, figures and words."""
            with pytest.raises(SystemExit) as ended:
                raise SystemExit(main(app, "models", [*arguments, "--why", "test", *config]))
            said = capsys.readouterr()
            return int(ended.value.code or 0), said.out, said.err

        def promoted(sort: str) -> tuple[int, str, str]:
            ref = play.cast.models[sort]
            wanted = (ref.name, "--version", str(ref.version), "--wait", "60", "--json", "-")
            status, figures, words = asked("promote", *wanted)
            return status, json.loads(figures)["outcome"], words

        status, outcome, words = promoted("other")
        assert (status, outcome) == (0, "served")
        assert "needs factors that the running instance does not compute yet (set drill, plan " in words
        assert play.history()[-1].action == "swap"
        status, outcome, words = promoted("nan")
        assert (status, outcome) == (1, "refused")
        assert "answered NaN" in words
        assert asked("retire")[0] == 1
        assert asked("rollback", "--wait", "60")[0] == 0
