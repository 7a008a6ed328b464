"""Answers into a file piece by piece: its memory hangs on symbols and factors, not on how long the bars are."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from polars.io.plugins import register_io_source

from common.atomic import replacing
from common.models.manifest import Manifest
from common.replay.results import SCHEMA
from common.replay.split import learnt_times
from common.research.precompute import Progress, Question, Tally, silent
from common.research.precompute_file import Provenance, metadata_of, table_of
from common.research.precompute_origin import provenance_of

GROUP_ROWS = 65_536


def write_answers(
    path: Path, asked: Question, manifest: Manifest, *, instance: str | None = None, progress: Progress = silent
) -> tuple[Provenance, Tally]:
    """Ask, and write what is said whole or not at all; DatasetError where nothing is."""
    tally, form = Tally(learnt=learnt_times(manifest.spans)), asked.bars.form

    def tables(*_: object) -> Iterator[pl.DataFrame]:
        return (table_of(rows, form) for rows in asked.answers(tally, progress))

    schema = table_of(pl.DataFrame(schema=SCHEMA), form).schema
    with replacing(path) as temporary, TemporaryDirectory(dir=path.parent, prefix=".rows-") as folder:
        bare = Path(folder) / "rows.parquet"
        register_io_source(tables, schema=dict(schema)).sink_parquet(bare, row_group_size=GROUP_ROWS)
        # What stands beside the rows is known only now: they are copied, group by group.
        told = provenance_of(asked, tally, manifest, instance=instance)
        pl.scan_parquet(bare, glob=False).sink_parquet(
            temporary, compression="zstd", row_group_size=GROUP_ROWS, metadata=metadata_of(told)
        )
    return told, tally
