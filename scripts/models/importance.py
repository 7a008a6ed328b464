"""`importance`: which features a version leans on."""

from pathlib import Path
from typing import Annotated

import typer

from common.atomic import replacing
from common.models.proof import prove
from common.research.importance_plot import plot_importance, plot_page
from scripts.command import Json, console, report, usage
from scripts.models.options import Name, Version, model_of
from scripts.outputs import check_outputs, writing
from scripts.premises import ConfigFile, KeyFile, OwnKinds, Premises, RegistryFolder
from scripts.views.models import importance_table


def importance(
    name: Name,
    *,
    version: Version = None,
    by: Annotated[str | None, typer.Option(help="Measure to sort by.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many features to show.")] = 20,
    plot: Annotated[Path | None, typer.Option(help="Write a page with bars, such as importance.html.")] = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    own_kind: OwnKinds = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Say which features a version leans on; as a plot, too, if asked. The JSON holds all of them."""
    check_outputs({"--plot": plot, "--json": json_file}, {"--config": config, "--key": key})
    premises = Premises.of(config, registry, key, own_kind)
    with premises.reader() as models:
        ref = models.version(*model_of(name, version)).ref
        found = prove(models.load(ref), premises.kinds).detail()
    with usage("--by"):
        by = found.measure(by)
    console().print(importance_table(str(ref), found, by, top))
    if plot is not None:
        page = plot_page(plot_importance(found, str(ref), by=by, most=top))
        with writing(plot), replacing(plot) as temporary:
            temporary.write_text(page, encoding="utf-8")
    report(json_file, [{"feature": feature, **numbers} for feature, numbers in found.table(by)])
