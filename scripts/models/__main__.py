"""`python -m scripts.models`: see which models are on record, and say which one an alias means."""

import sys
from collections.abc import Callable, Mapping

import typer

from scripts.command import main
from scripts.models.aliases import promote, rollback
from scripts.models.carriage import export_model, import_model, remove
from scripts.models.catalogue import list_models, show
from scripts.models.history import history, served
from scripts.models.importance import importance
from scripts.models.retirement import retire
from scripts.models.trust import new_key, sign, verify

VERBS: Mapping[str, Callable[..., None]] = {
    "list": list_models,
    "show": show,
    "promote": promote,
    "rollback": rollback,
    "retire": retire,
    "history": history,
    "served": served,
    "verify": verify,
    "export": export_model,
    "import": import_model,
    "remove": remove,
    "importance": importance,
    "sign": sign,
    "key": new_key,
}

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    no_args_is_help=True,
    help="See which models are on record, and say which one an alias means.",
)
for _name, _verb in VERBS.items():
    app.command(_name)(_verb)

if __name__ == "__main__":
    sys.exit(main(app, "models"))
