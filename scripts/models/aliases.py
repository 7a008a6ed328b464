"""`promote` and `rollback`: which version an alias of an instance means."""

import time
from dataclasses import asdict
from typing import Annotated, Any

import typer

from alphabus.clock import SystemClock
from common.errors import RegistryError
from common.models.kinds import model_class
from common.models.records import ModelRef
from common.models.registry import Registry
from scripts.command import Json, console, report, usage
from scripts.models.following import Verdict, Watch, follow
from scripts.models.novelty import check_novelty, novelty
from scripts.models.options import Alias, By, Instance, Name, Version, Why, model_of, who
from scripts.models.outlook import Ground
from scripts.premises import ConfigFile, KeyFile, Premises, RegistryFolder

Again = Annotated[
    bool, typer.Option("--again", help="Also where the alias means it already: a worker that refused it tries again.")
]
New = Annotated[
    bool,
    typer.Option("--new", help="The alias, or the instance, is a new one; without it the name is taken for misspelt."),
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait", metavar="SECONDS", min=0.0,
        help="Where the instance runs, wait so long until the version serves; 1 if it is refused, or not there yet.",
    ),
]  # fmt: skip


def promote(
    name: Name,
    *,
    instance: Instance = None,
    why: Why,
    version: Version = None,
    alias: Alias = "champion",
    again: Again = False,
    new: New = False,
    wait: Wait = 0.0,
    by: By = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Make an alias of an instance mean a version; its files are verified first, the change is in the history."""
    premises = Premises.of(config, registry, key, instance=instance)
    place = premises.named_instance, alias
    with premises.writer() as models:
        if not new:
            check_novelty(premises, alias, models.aliases())
        ref = models.version(*model_of(name, version)).ref
        kind = models.load(ref).manifest.kind
        if config is not None:  # what serves it has to know its kind
            model_class(kind, premises.kinds)
        ground = Ground.of(models, premises, alias)
        told = _promote(models, place, ref, again=again, by=who(by), why=why)
        moved = again or ground.meant != ref
        verdict = _settle(models, ground, ref, told, wait, moved=moved)
    _finish(ground, ref, verdict, json_file)


def _promote(models: Registry, place: tuple[str, str], ref: ModelRef, *, again: bool, by: str, why: str) -> str:
    with usage("--instance or --alias"):
        known = models.aliases()
        stays = any((row.instance, row.alias, row.ref) == (*place, ref) for row in known)
        models.promote(*place, *ref.key, by=by, why=why, again=again)
    where = "/".join(place)
    if not stays:
        new = novelty(*place, known)
        return f"{where} is now {ref}{new and f' (a new {new})'}"
    return (
        f"{where} is {ref} again" if again else f"{where} is {ref} already, nothing changed; --again has it tried again"
    )


def rollback(
    *,
    instance: Instance = None,
    why: Why,
    alias: Alias = "champion",
    wait: Wait = 0.0,
    by: By = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Make an alias mean what it meant before it last moved, its files verified; twice leads back to where it was."""
    premises = Premises.of(config, registry, key, instance=instance)
    with premises.writer() as models:
        ground = Ground.of(models, premises, alias)
        ref = models.rollback(ground.instance, alias, by=who(by), why=why)
        verdict = _settle(models, ground, ref, f"{ground.instance}/{alias} is {ref} again", wait, moved=True)
    _finish(ground, ref, verdict, json_file)


def _settle(models: Registry, ground: Ground, ref: ModelRef, told: str, wait: float, *, moved: bool) -> Verdict | None:
    """Say what was done and what comes of it; a verdict where it is waited for, and there is somebody to wait for."""
    people = console()
    lines = [told]
    if moved:
        lines += [ground.outlook(ref, models.inspect(ref).manifest)]
    lines += [ground.follow] if moved and ground.runs and not wait else []
    for line in lines:
        people.print(line, markup=False, highlight=False, soft_wrap=True)
    if not (wait and ground.runs):
        return None
    with people.status(f"waiting until {ref} serves"):
        return follow(Watch(models, ground, ref).look, wait, SystemClock(), time.sleep)


def _finish(ground: Ground, ref: ModelRef, verdict: Verdict | None, json_file: Json) -> None:
    """The figures, and of what did not come to serve an error."""
    outcome: dict[str, Any] = {"outcome": None, "detail": None}
    if verdict is not None:
        outcome = {"outcome": verdict.outcome, "detail": verdict.why}
    report(
        json_file, {"instance": ground.instance, "alias": ground.alias, "runs": ground.runs, **asdict(ref), **outcome}
    )
    if verdict is None:
        return
    if verdict.outcome != "served":
        raise RegistryError(f"{ref} does not serve {ground.instance}/{ground.alias} ({verdict.outcome}): {verdict.why}")
    console().print(f"{ref} serves {ground.instance}: {verdict.why}", highlight=False)
