"""Make the sample market: a parquet file of made-up daily bars to try the pipeline on."""

import sys
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.markup import escape

from common.atomic import replacing
from common.market.sample import sample_market
from scripts.command import Json, console, main, report
from scripts.outputs import check_outputs, writing
from scripts.views.steps import SAMPLE

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="The parquet file to write; one that exists is replaced.")] = SAMPLE,
    symbols: Annotated[int, typer.Option(help="How many symbols; at least 20.")] = 220,
    days: Annotated[int, typer.Option(help="How many trading days; at least 60.")] = 756,
    seed: Annotated[int, typer.Option(help="Another seed makes another market.", min=0)] = 1,
    json_file: Json = None,
) -> None:
    """Make a sample market of daily bars, the same for the same seed.

    It has what real files have: late listings, a suspension, missing bars, a few bad rows, and a weak signal.
    """
    if out == SAMPLE:  # the project's own place
        out.parent.mkdir(parents=True, exist_ok=True)
    check_outputs({"--out": out, "--json": json_file}, {})
    bars = sample_market(seed=seed, symbols=symbols, days=days)
    _write(bars, out)
    console().print(escape(f"{out}: {bars.height:,} rows, {symbols} symbols, {days} days, seed {seed}"))
    report(json_file, {"file": str(out), "rows": bars.height, "symbols": symbols, "days": days, "seed": seed})


def _write(bars: pl.DataFrame, out: Path) -> None:
    with writing(out), replacing(out) as temporary:
        bars.write_parquet(temporary)


if __name__ == "__main__":
    sys.exit(main(app, "sample"))
