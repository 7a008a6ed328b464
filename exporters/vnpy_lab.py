"""Export what only vnpy can read of a vnpy.alpha lab: index members, datasets, LightGBM models.

Run it with the Python that has your vnpy, on a lab of your own: it opens its shelves and pickles, which run whatever
code they hold. Everything is written as JSON and text below LAB/export; nothing in the lab is changed.

    python vnpy_lab.py LAB
"""

import argparse
import json
import pickle
import shelve
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    """Export; 0 when everything could be."""
    parser = argparse.ArgumentParser(prog="vnpy_lab.py", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("lab", type=Path, help="folder of the lab")
    lab: Path = parser.parse_args().lab
    if not (lab / "component").is_dir():
        sys.stderr.write(f"{lab} is no vnpy.alpha lab: it has no folder `component`\n")
        return 2
    failures = [*export_components(lab), *export_pickles(lab, "dataset", dataset), *export_pickles(lab, "model", model)]
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return 1 if failures else 0


def export_components(lab: Path) -> list[str]:
    """Write every index as {date: [symbols]}."""
    for name in sorted({shelve_name(path.name) for path in (lab / "component").iterdir()}):
        with shelve.open(str(lab / "component" / name), flag="r") as members:
            write(lab, "component", name, {day: list(members[day]) for day in sorted(members)})
    return []


def shelve_name(file: str) -> str:
    """Name of the shelve a file belongs to: which endings it has depends on the machine it was made on."""
    for ending in (".dat", ".dir", ".bak", ".db", ".pag"):
        file = file.removesuffix(ending)
    return file


def export_pickles(lab: Path, kind: str, describe: Any) -> list[str]:
    """Write every dataset or model that can be told in plain words; return what could not."""
    failures = []
    for path in sorted((lab / kind).glob("*.pkl")):
        with path.open("rb") as file:
            found = pickle.load(file)
        try:
            write(lab, kind, path.stem, describe(found))
        except (AttributeError, TypeError) as error:
            failures.append(f"{path}: {type(found).__name__} cannot be exported: {error}")
    return failures


def dataset(found: Any) -> dict[str, Any]:
    """Factor texts, label, spans of an AlphaDataset; factors given as frames of results have no text."""
    return {
        "features": {str(name): str(text) for name, text in found.feature_expressions.items()},
        "features_without_text": sorted(map(str, found.feature_results)),
        "label": str(found.label_expression),
        "periods": {str(segment.name).lower(): list(map(str, span)) for segment, span in found.data_periods.items()},
    }


def model(found: Any) -> dict[str, Any]:
    """A LightGBM model as its own text; other kinds have no form that is safe to read."""
    return {"kind": "lightgbm", "text": found.model.model_to_string(), "parameters": dict(found.params)}


def write(lab: Path, kind: str, name: str, content: Any) -> None:
    """Put one JSON file into the export."""
    path = lab / "export" / kind / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main())
