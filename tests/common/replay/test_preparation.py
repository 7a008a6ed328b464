"""From a file of bars to an instance that can be started."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.config import load_config
from common.errors import BarFileError, ConfigError, LockError, TooFewRowsError
from common.market.sample import sample_market
from common.replay.claim import Claim, clear
from common.replay.preparation import Wish, configure, load, make_sample, train, write_config


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("SP500 daily (2013).parquet", "sp500-daily-2013"),
        ("--x--.csv", "x"),
        ("日本.csv", "replay"),
        ("a" * 99 + ".csv", "a" * 48),
        ("us_1min.parquet", "us_1min"),
    ],
)
def test_a_name_is_made_of_the_file(tmp_path: Path, file: str, name: str) -> None:
    """One that an instance may have; a given one is taken as it is."""
    wish = Wish(Path(file), tmp_path)
    assert wish.name == name
    assert Wish(Path(file), tmp_path, instance="mine").name == "mine"


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A small market."""
    path = tmp_path / "bars.parquet"
    sample_market(symbols=24, days=420).write_parquet(path)
    return path


def test_the_configuration_is_read_back_as_it_was_meant(bars: Path, tmp_path: Path) -> None:
    """Through the file: what the processes see is what was validated; overrides win."""
    wish = Wish(
        bars, tmp_path / "out", pace_s=0.5, overrides={"inference": {"policy": "deadline"}, "feed": {"credit": 3}}
    )
    table, split = load(wish)
    config = configure(wish, table, split)
    assert load_config(write_config(wish.out, config)) == config
    assert (config.feed.pace_s, config.feed.credit, config.inference.policy) == (0.5, 3, "deadline")
    assert config.feed.source.split_ns == split.split_ns
    assert config.interval_ns == table.interval_ns
    assert config.feed.source.stamp == table.stamped


def test_a_wrong_wish_is_told(bars: Path, tmp_path: Path) -> None:
    """As any wrong configuration."""
    wish = Wish(bars, tmp_path / "out", overrides={"bus": {"high_water": 1}})
    with pytest.raises(ConfigError, match=r"the replay's settings: bus\.high_water = 1: "):
        configure(wish, *load(wish))


def test_a_sample_is_made_once(tmp_path: Path) -> None:
    """And used again; a cut one never lies there."""
    path = tmp_path / "deep" / "sample.parquet"
    path.parent.mkdir()
    path.touch()
    assert not make_sample(path)
    path.unlink()
    assert make_sample(path)
    assert path.stat().st_size > 0


def test_only_a_replays_folder_is_emptied(tmp_path: Path) -> None:
    """A folder of somebody else is refused; ours is cleared of what an earlier replay left, and of nothing more."""
    with pytest.raises(BarFileError, match="is not a folder"):
        Claim(write(tmp_path / "file"))
    write(tmp_path / "theirs" / "thesis.txt")
    with pytest.raises(BarFileError, match="files that no replay wrote"):
        Claim(tmp_path / "theirs")
    ours = tmp_path / "ours"
    with Claim(ours):
        for name in ("state/journal/1.journal", "logs/a.jsonl", "signals.parquet", "summary.json", "config.toml",
                     "quarantine.jsonl", "notes.txt"):  # fmt: skip
            write(ours / name)
        clear(ours)
    assert sorted(path.name for path in ours.iterdir()) == [".lock", "notes.txt"]
    with Claim(ours):
        assert (ours / ".lock").exists()


def write(path: Path) -> Path:
    """A file with something in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="ascii")
    return path


def test_a_run_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    """Neither lock file nor folder; one that wrote something keeps its lock file, which says whose folder it is."""
    out = tmp_path / "out"
    with Claim(out):
        assert [path.name for path in out.iterdir()] == [".lock"]
    assert not out.exists()
    with Claim(out):
        write(out / "summary.json")
    assert sorted(path.name for path in out.iterdir()) == [".lock", "summary.json"]


def test_a_folder_is_written_by_one_run_at_a_time(tmp_path: Path) -> None:
    """The other is told who writes, and what to do."""
    with Claim(tmp_path / "out"), pytest.raises(LockError, match=r"another run writes into .*out: .*pid \d+.*OUT="):
        Claim(tmp_path / "out").__enter__()


def test_too_little_history_says_how_much_is_wanted(tmp_path: Path) -> None:
    """The file, the bars a symbol needs and has, and the three things that help."""
    path = tmp_path / "short.parquet"
    sample_market(symbols=24, days=120).write_parquet(path)
    wish = Wish(path, tmp_path / "out", registry=tmp_path / "registry")
    table, split = load(wish)
    with pytest.raises(TooFewRowsError) as caught:
        train(wish, configure(wish, table, split), table, split)
    told = str(caught.value)
    assert told.startswith(f"{path}: there are no complete rows to train on")
    for words in (
        "Factor set 'basic' is complete after 159 bars of a symbol, its label looks 3 bars ahead",
        "the symbol with the most bars has 80",
        "History has 80 of 120 times: move SPLIT= to a later date, give more bars, or choose another SET= than basic",
        "refused rows: ",
    ):
        assert words in told
