"""Options of what replays and keeps up: with which model on record, from which registry, vouched for by which key."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from common.config import Config, load_config
from common.factors.set_files import KINDS as SUFFIXES
from common.models.kinds import KINDS
from common.models.records import ModelRef
from common.replay.on_record import OnRecord, Wanted
from common.replay.preparation import Wish, champion_of, open_registry, promote
from common.research.sufficiency import Sufficiency
from scripts.command import usage, warn
from scripts.premises import Premises
from scripts.views.training import few_rows

DEFAULT_SET = "basic"

ROWS_SCORE = "training_rows"
"""What the manifest of a model that was trained here calls the rows it learnt from."""

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME[/VERSION]",
        help="A model on record, its newest version unless one is named: it is promoted, and nothing is trained.",
    ),
]
SET_HELP = f"Factor set of the model; default: that of --model, else {DEFAULT_SET}."


def equipped(wish: Wish, premises: Premises, config: Path | None, key: Path | None) -> Wish:
    """The wish with registry, key and own kinds, as options or a configuration say."""
    own = tuple(f"{name}={path}" for name, path in premises.kinds.items() if name not in KINDS)
    configured = None if config is None else load_config(config).key
    return replace(wish, registry=premises.registry, key=key or configured, kinds=own)


def chosen(model: str, factor_set: str | None, premises: Premises, config: Path | None) -> OnRecord:
    """The model on record, proven; typer.BadParameter for one that is not there, BundleError for one refused."""
    with usage("--model (MODEL=)"):
        wanted = Wanted.read(model)
    with premises.reader() as models:
        with usage("--model (MODEL=)"):
            ref = models.version(wanted.name, wanted.version).ref
        bundle = models.load(ref)
    made = bundle.manifest.factor_set
    if factor_set is None and config is not None and made.operators:
        configured = load_config(config).factors
        factor_set = configured.set if configured.name == made.name else None
    return OnRecord.of(ref, bundle, factor_set, premises.kinds)


def set_file(factor_set: str | None) -> Mapping[str, Path]:
    """The file of a set of one's own by its option; nothing for a shipped set."""
    return {"--set": Path(factor_set)} if factor_set is not None and Path(factor_set).suffix in SUFFIXES else {}


def crown(model: OnRecord, config: Config, why: str, people: Console) -> None:
    """Make a model on record the instance's champion, and tell of it."""
    before = champion_of(config)
    promote(config, model.ref, why)
    made = model.bundle.manifest.factor_set.name
    people.print(
        f"model {model.ref} (on record), digest {model.ref.digest[:12]}, factor set {made}",
        highlight=False,
        soft_wrap=True,
    )
    tell_succession(config.instance, before, model.ref, people)


def tell_few_rows(config: Config, ref: ModelRef) -> None:
    """Warn of a model that had few rows to learn from, as its manifest says."""
    with open_registry(config) as models:
        made = models.inspect(ref).manifest
    if (told := few_rows(Sufficiency(int(made.scores[ROWS_SCORE]), len(made.features)))) is not None:
        warn(told)


def tell_succession(instance: str, before: ModelRef | None, now: ModelRef, people: Console) -> None:
    """Say what was promoted over what, where the champion was another."""
    if before in {None, now}:
        return
    people.print(
        f"[yellow]champion of {instance}:[/yellow] {now} is promoted over {before}, which was it; to have that one "
        f"back: --model {before} (MODEL={before})",
        highlight=False,
        soft_wrap=True,
    )
