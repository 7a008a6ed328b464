"""Export what only vnpy can read of a vnpy.alpha lab's data: who was a member of an index when.

Run it with the Python that has your vnpy, on a lab of your own: it opens its shelves, which run whatever code they
hold. Everything is written as JSON below LAB/export; nothing in the lab is changed. Models, with the datasets they were
trained on, are exported by vnpy_model.py.

    python vnpy_lab.py LAB
"""

import argparse
import json
import shelve
import sys
from pathlib import Path


def main() -> int:
    """Export; 0 when everything could be."""
    parser = argparse.ArgumentParser(prog="vnpy_lab.py", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("lab", type=Path, help="folder of the lab")
    lab: Path = parser.parse_args().lab
    if not (lab / "component").is_dir():
        sys.stderr.write(f"{lab} is no vnpy.alpha lab: it has no folder `component`\n")
        return 2
    failures = export_components(lab)
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return 1 if failures else 0


def export_components(lab: Path) -> list[str]:
    """Write every index as {date: [symbols]}; return what could not be."""
    failures = []
    for name in sorted({shelve_name(path.name) for path in (lab / "component").iterdir()}):
        try:
            with shelve.open(str(lab / "component" / name), flag="r") as members:
                lists = {day: list(members[day]) for day in sorted(members)}
        except Exception as error:  # noqa: BLE001  shelves raise what they like
            failures.append(f"{lab / 'component' / name} cannot be opened: {type(error).__name__}: {error}")
        else:
            write(lab / "export" / "component" / f"{name}.json", lists)
    return failures


def shelve_name(file: str) -> str:
    """Name of the shelve a file belongs to: which endings it has depends on the machine it was made on."""
    for ending in (".dat", ".dir", ".bak", ".db", ".pag"):
        file = file.removesuffix(ending)
    return file


def write(path: Path, lists: dict[str, list[str]]) -> None:
    """Put one JSON file into the export."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(lists, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main())
