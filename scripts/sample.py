"""Make the sample market: a parquet file of made-up daily bars to try the pipeline on."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from common.errors import PipelineError
from common.market.atomic import replacing
from common.market.sample import sample_market

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="The parquet file to write; one that exists is replaced.")],
    symbols: Annotated[int, typer.Option(help="How many symbols; at least 20.")] = 220,
    days: Annotated[int, typer.Option(help="How many trading days; at least 60.")] = 756,
    seed: Annotated[int, typer.Option(help="Another seed makes another market.", min=0)] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON; - is standard output.")
    ] = None,
) -> None:
    """Make a sample market of daily bars, the same for the same seed.

    It has what real files have: late listings, a suspension, missing bars, a few bad rows, and a weak signal.
    """
    console = Console(stderr=True)
    try:
        bars = sample_market(seed=seed, symbols=symbols, days=days)
        with replacing(out) as temporary:
            bars.write_parquet(temporary)
    except PipelineError as error:
        console.print("[red]error:[/red]", escape(str(error)))
        raise typer.Exit(2) from error
    except OSError as error:
        console.print("[red]error:[/red]", escape(f"{out} cannot be written: {error}"))
        raise typer.Exit(1) from error
    console.print(escape(f"{out}: {bars.height:,} rows, {symbols} symbols, {days} days, seed {seed}"))
    _report(json_file, {"file": str(out), "rows": bars.height, "symbols": symbols, "days": days, "seed": seed})


def _report(target: Path | None, figures: dict[str, object]) -> None:
    text = json.dumps(figures, indent=2) + "\n"
    if target == Path("-"):
        typer.echo(text, nl=False)
    elif target is not None:
        with replacing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    app(prog_name="python -m scripts.sample")
