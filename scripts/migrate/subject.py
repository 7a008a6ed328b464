"""From options to what is compared: an export, the bars it was loaded from, and who was a member when."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import typer

from common.market.constituents import Constituents
from common.market.importing.vnpy_lab import VnpyLab
from common.market.members_file import save_constituents
from common.market.store import BarTable, load_bars
from common.nearest import did_you_mean
from common.research.migration.candidate import Candidate
from common.research.migration.export import FILE, Export
from common.research.migration.lab_bars import bars_by_opens, bars_of_lab
from scripts.command import usage
from scripts.members import members_of
from scripts.outputs import writing

EXPORTS = Path("export") / "migration"


@dataclass(frozen=True, slots=True)
class Source:
    """Where bars lie (None: in the export's own lab), and how their stamps are to be read."""

    place: Path | None
    zone: str
    stamp: Literal["auto", "open", "close"]
    interval: str

    def bars(self, export: Export, folder: Path) -> BarTable:
        """Bars of a file, or of a lab."""
        if self.place is not None and not VnpyLab.is_one(self.place):
            table = load_bars(self.place, zone=self.zone, stamp=self.stamp, interval=self.interval)
            return bars_by_opens(table, export)
        own = folder.absolute().joinpath(*[".."] * (len(EXPORTS.parts) + 1)).resolve()
        return bars_of_lab(self.place or own, export, self.zone)


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """An export over bars; members: who belonged to the index when, None as vnpy's filter had it."""

    export: Export
    table: BarTable
    members: Constituents | None

    @classmethod
    def of(cls, given: Path, source: Source, members: Path | None) -> Self:
        """Read all of it; typer.BadParameter names the option that is wrong."""
        folder = folder_of(given)
        with usage("EXPORT"):
            export = Export.read(folder)
        with usage("--bars"):
            table = source.bars(export, folder)
        return cls(export, table, members_of(members, table.frame["symbol"].unique()))

    def candidate(self, name: str) -> Candidate:
        """What would be registered under that name."""
        return Candidate.of(self.export, self.table.frame, name, self.members)


def folder_of(given: Path) -> Path:
    """The folder of the export itself; of a lab, its only one."""
    if not given.exists():
        names = [each.parent.name for each in given.parent.glob(f"*/{FILE}")]
        raise typer.BadParameter(f"{given} is not there{did_you_mean(given.name, names)}", param_hint="EXPORT")
    if (given / FILE).exists() or not VnpyLab.is_one(given):
        return given
    exports = sorted(each.parent for each in (given / EXPORTS).glob(f"*/{FILE}"))
    if len(exports) != 1:
        told = ", ".join(str(each) for each in exports) or "run exporters/vnpy_model.py"
        raise typer.BadParameter(f"{given} holds {len(exports)} exports, not one: {told}", param_hint="EXPORT")
    return exports[0]


def keep_members(candidate: Candidate, file: Path | None) -> None:
    """Write who was a member when, where a file is named; typer.BadParameter where everybody always was."""
    if file is None:
        return
    found = candidate.recipe.constituents
    if found is None:
        told = f"dataset {candidate.export.definition.dataset} had no index filter: everybody is a member; leave it out"
        raise typer.BadParameter(told, param_hint="--members-out")
    with writing(file):
        save_constituents(file, found)
