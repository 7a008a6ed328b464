"""Write the systemd units of this checkout: one template for each process, one target for an instance."""

import getpass
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Annotated

import typer
from rich.markup import escape

from alphabus.endpoints import SERVICES
from common.atomic import replacing
from common.exits import FINAL
from scripts.command import Json, console, main, report
from scripts.outputs import check_folder, writing

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "deploy" / "systemd"

SPECIAL = frozenset("%$\\\"'")
"""What a unit's syntax gives a meaning, wherever it stands; so has all white space."""


@app.command()
def units(
    *,
    out: Annotated[Path, typer.Option(help="Folder the units are written to.")] = Path("state/units"),
    root: Annotated[Path, typer.Option(help="The checkout, with its .venv.")] = ROOT,
    configs: Annotated[Path, typer.Option(help="Folder with INSTANCE.toml.")] = Path("/etc/alphabus"),
    state: Annotated[Path, typer.Option(help="Folder of state, logs and registry; the only one they may write.")] = (
        ROOT / "state"
    ),
    user: Annotated[str, typer.Option(help="Whom the processes run as.")] = getpass.getuser(),
    json_file: Json = None,
) -> None:
    """Write units for systemd: `systemctl enable --now alphabus@INSTANCE.target` then runs an instance.

    Each unit runs the supervisor that the Procfile runs, so that what dies is started again by one set of rules.
    """
    for option, place in {"--root": root, "--configs": configs, "--state": state}.items():
        _check_place(option, str(place.absolute()), "a link to it may be called otherwise")
    _check_place("--user", user, "name another user")
    places = {
        "root": str(root.absolute()), "configs": str(configs.absolute()), "state": str(state.absolute()), "user": user,
        "final": " ".join(map(str, FINAL)),
    }  # fmt: skip
    check_folder(out, "--out")
    texts = render(places)
    for name, text in texts.items():
        with writing(out / name), replacing(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    people = console()
    for name in texts:
        people.print(escape(str(out / name)), soft_wrap=True)
    people.print(escape(f"copy them to /etc/systemd/system, put {configs}/INSTANCE.toml there, then:"), soft_wrap=True)
    people.print("systemctl daemon-reload && systemctl enable --now alphabus@INSTANCE.target", soft_wrap=True)
    report(json_file, {"units": {name: str(out / name) for name in texts}})


def _check_place(option: str, text: str, remedy: str) -> None:
    """Refuse what systemd would split or expand: how that is escaped differs from setting to setting."""
    wrong = sorted({each for each in text if each in SPECIAL or each.isspace() or not each.isprintable()})
    if wrong:
        told = f"{text!r} has {', '.join(map(repr, wrong))}, which no unit can hold as it is; {remedy}"
        raise typer.BadParameter(told, param_hint=option)
    if not text:  # systemd would take root
        raise typer.BadParameter(f"it is empty; {remedy}", param_hint=option)


def render(places: Mapping[str, str]) -> dict[str, str]:
    """Texts of all units by file name."""
    service, instance = (
        Template((TEMPLATES / name).read_text(encoding="utf-8")) for name in ("service.unit", "instance.unit")
    )
    texts = {f"alphabus-{name}@.service": service.substitute(places, service=name) for name in SERVICES}
    everyone = " ".join(f"alphabus-{name}@%i.service" for name in SERVICES)
    return {**texts, "alphabus@.target": instance.substitute(services=everyone)}


if __name__ == "__main__":
    sys.exit(main(app, "units"))
