"""Programs of the repository that pages name, and the options they take."""

from __future__ import annotations

from tests.docs.pages import ROOT

EVERYWHERE = ("", "--json", "--registry", "--help")


def takes(module: str, option: str) -> bool:
    """Whether a program, a file or a folder of them, is there and has an option: its parameters are its options."""
    place = ROOT / module.replace(".", "/")
    files = sorted(place.glob("*.py")) if (place / "__main__.py").is_file() else [place.with_suffix(".py")]
    if not all(file.is_file() for file in files):
        return False
    # What every service shares, too.
    text = "".join(file.read_text(encoding="utf-8") for file in [*files, ROOT / "common/process.py"])
    return option in EVERYWHERE or f'"{option}"' in text or f"    {option.strip('-').replace('-', '_')}: " in text
