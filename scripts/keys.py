"""Keys for links over TCP: make them, list who may come in, check that nobody else can read them."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from alphabus.endpoints import SERVICES
from alphabus.security.keys import PEERS, Peer
from alphabus.security.roles import ROLES
from common.config import load_config
from common.exits import FAILED
from common.key_folder import KeyFolder
from common.process import DEFAULT_CONFIG
from scripts.command import Json, console, main, report, usage

DEFAULT = Path("state/keys")

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

Name = Annotated[str, typer.Argument(help="Who: a service, or a name of your own.")]
Role = Annotated[str, typer.Option("--role", help=f"What it may do: {', '.join(ROLES)}; a service has its own.")]
Folder = Annotated[
    Path | None, typer.Option("--keys", help="Folder of the keys; default: bus.keys of --config.", show_default=False)
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="ALPHABUS_CONFIG",
        help=f"TOML file of the instance; default: $ALPHABUS_CONFIG, else {DEFAULT_CONFIG}.",
        show_default=False,
        show_envvar=False,
    ),
]


@app.command()
def make(
    names: Annotated[list[str] | None, typer.Argument(help="Who; left out: the five services.")] = None,
    *,
    role: Role = "client",
    keys: Folder = None,
    config: ConfigFile = None,
    json_file: Json = None,
) -> None:
    """Make a key pair for each: the secret in a file of its own, the public key on the allow-list."""
    folder = KeyFolder(_folder(keys, config))
    with usage("NAME or --role"):
        made = [folder.make(name, name if name in SERVICES else role) for name in names or SERVICES]
    console().print(_table(made, folder.secrets()))
    _tell_where(folder)
    report(json_file, [_row(peer, folder.secrets()) for peer in made])


@app.command()
def allow(
    name: Name,
    *,
    public: Annotated[str, typer.Option("--public", help="The public key that NAME made, in Z85.")],
    role: Role = "client",
    keys: Folder = None,
    config: ConfigFile = None,
    json_file: Json = None,
) -> None:
    """Put a public key on the allow-list that was made elsewhere. Running processes see it at once."""
    folder = KeyFolder(_folder(keys, config))
    with usage("NAME, --public or --role"):
        peer = folder.allow(name, name if name in SERVICES else role, public)
    console().print(_table([peer], folder.secrets()))
    _tell_where(folder)
    report(json_file, [_row(peer, folder.secrets())])


@app.command()
def remove(name: Name, *, keys: Folder = None, config: ConfigFile = None, json_file: Json = None) -> None:
    """Take a peer off the allow-list, and its secret away. Running processes turn it out at once."""
    folder = KeyFolder(_folder(keys, config))
    with usage("NAME"):
        peer = folder.remove(name)
    told = f"{name} was not on the list; its secret is gone" if peer is None else _farewell(peer, folder)
    console().print(told, soft_wrap=True, highlight=False)
    report(json_file, [] if peer is None else [_row(peer, [])])


@app.command("list")
def list_keys(*, keys: Folder = None, config: ConfigFile = None, json_file: Json = None) -> None:
    """List who may come in, with which role, and whose secret lies here."""
    folder = KeyFolder(_folder(keys, config))
    peers = [peer for _, peer in sorted(folder.peers().items())]
    console().print(_table(peers, folder.secrets()))
    report(json_file, [_row(peer, folder.secrets()) for peer in peers])


@app.command()
def check(*, keys: Folder = None, config: ConfigFile = None, json_file: Json = None) -> None:
    """Check owners, modes and keys, and that every service met over TCP has one; 1 if something is wrong."""
    configured, folder = load_config(config or DEFAULT_CONFIG), _folder(keys, config)
    problems = KeyFolder(folder).problems(sorted(configured.bus.tcp.by_service))
    for problem in problems:
        console().print(escape(problem), soft_wrap=True, highlight=False)
    report(json_file, {"folder": str(folder), "problems": problems})
    if problems:
        raise typer.Exit(FAILED)
    console().print(f"{folder}: nobody else can read these, and all fit together", soft_wrap=True, highlight=False)


@app.command()
def card(
    name: Name,
    *,
    out: Annotated[Path, typer.Option("--out", help="The new folder.")],
    keys: Folder = None,
    config: ConfigFile = None,
    json_file: Json = None,
) -> None:
    """Make a folder with all that NAME needs on its own machine: its secret, and who and where the services are."""
    configured = load_config(config or DEFAULT_CONFIG)
    services = KeyFolder(_folder(keys, config)).card(name, configured.bus.tcp.by_service, out)
    console().print(f"{out}: carry it to {name}'s machine where nobody can read it on the way", soft_wrap=True)
    report(json_file, [_row(peer, []) for peer in services])


def _folder(keys: Path | None, config: Path | None) -> Path:
    """As `--keys` says, else the configuration; ConfigError when one was named that cannot be read."""
    if keys is not None:
        return keys
    if config is None and not DEFAULT_CONFIG.exists():
        return DEFAULT
    return load_config(config or DEFAULT_CONFIG).bus.keys


def _tell_where(folder: KeyFolder) -> None:
    told = f"{folder.path}: written; copy {PEERS} from there to the other hosts, if there are any"
    console().print(told, soft_wrap=True, highlight=False)


def _farewell(peer: Peer, folder: KeyFolder) -> str:
    return (
        f"{peer.name} ({peer.role}) may not come in any more where {folder.path / PEERS} counts: copy that file to the "
        "other hosts, if there are any"
    )


def _row(peer: Peer, secrets: list[str]) -> dict[str, Any]:
    ends = {"live": peer.live, "asked": peer.asked} if peer.live else {}
    return {"name": peer.name, "role": peer.role, "public": peer.public, "secret": peer.name in secrets, **ends}


def _table(peers: list[Peer], secrets: list[str]) -> Table:
    table = Table("name", "role", "secret")
    table.add_column("public key", overflow="fold", min_width=40)
    for peer in peers:
        table.add_row(peer.name, peer.role, "here" if peer.name in secrets else "elsewhere", escape(peer.public))
    return table


if __name__ == "__main__":
    sys.exit(main(app, "keys"))
