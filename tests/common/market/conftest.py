"""What the market tests share: files of bars written from short tables, and the folder of real ones."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

Row = tuple[object, ...]
WriteBars = Callable[[Sequence[Row]], Path]
HEADER = ("datetime", "symbol", "open", "high", "low", "close", "volume", "turnover")


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteBars:
    """Write rows under the usual columns as CSV, as they are."""

    def write(rows: Sequence[Row]) -> Path:
        path = tmp_path / "bars.csv"
        lines = [HEADER, *rows]
        path.write_text("\n".join(",".join(map(str, line)) for line in lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def write_parquet(tmp_path: Path) -> Callable[[pl.DataFrame], Path]:
    """Write a frame as parquet."""

    def write(frame: pl.DataFrame) -> Path:
        path = tmp_path / "bars.parquet"
        frame.write_parquet(path)
        return path

    return write


@pytest.fixture(scope="module")
def no_waiting_for_the_disk() -> Iterator[None]:
    """Syncs of files and folders return at once: for tests of bytes alone, thousands of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(os, "fdatasync", lambda _: None)
        yield


@pytest.fixture
def real_bars() -> Path:
    """The folder of real bars; without it the test is skipped, and says so."""
    folder = os.environ.get("ALPHABUS_DATA")
    if not folder:
        pytest.skip("ALPHABUS_DATA is not set: the real bars are not there to be read")
    return Path(folder)
