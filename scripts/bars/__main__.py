"""`python -m scripts.bars`: bring bars in or fetch them, lay splits and dividends over them, see what is wrong."""

import sys
from collections.abc import Callable, Mapping

import typer

from scripts.bars.adjustment import adjust
from scripts.bars.importing import import_bars
from scripts.bars.inspection import check
from scripts.bars.retrieval import fetch
from scripts.command import main

VERBS: Mapping[str, Callable[..., None]] = {"import": import_bars, "fetch": fetch, "adjust": adjust, "check": check}

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    no_args_is_help=True,
    help="Bring bars in or fetch them, lay splits and dividends over them, see what is wrong with a file.",
)
for _name, _verb in VERBS.items():
    app.command(_name)(_verb)

if __name__ == "__main__":
    sys.exit(main(app, "bars"))
