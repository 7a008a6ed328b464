"""The documentation as tests read it: pages with their headings, links, code blocks and marked tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(
    r"(?:<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<kind>[a-z]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)
_TABLE = re.compile(r"<!-- table: (?P<name>[a-z-]+) -->\n(?P<rows>(?:\|.*\n)+)")
_CELL = re.compile(r"(?<!\\)\|")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its kind (`python`, `toml`, ...), the comment above it, and where it stands."""

    place: str
    kind: str
    mark: str
    code: str


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """Path below the repository."""
        return str(self.path.relative_to(ROOT))

    @property
    def blocks(self) -> list[Block]:
        """Fenced blocks, in order."""
        return [
            Block(
                f"{self.name}:{self.text.count(chr(10), 0, found.start('code'))}", *found.group("kind", "mark", "code")
            )
            for found in _FENCE.finditer(self.text)
        ]

    @property
    def prose(self) -> str:
        """The text without its blocks."""
        return _FENCE.sub("", self.text)

    @property
    def spans(self) -> set[str]:
        """What stands in backticks outside blocks."""
        return set(_SPAN.findall(self.prose))

    @property
    def links(self) -> list[str]:
        """Targets of links and pictures."""
        return _LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What a link to a heading of this page may end in."""
        return {_anchor(heading) for heading in _HEADING.findall(self.prose)}

    @property
    def tables(self) -> dict[str, list[list[str]]]:
        """Marked tables by name: rows of cells as written, the heading left out."""
        return {
            found["name"]: [_cells(row) for row in found["rows"].splitlines()[2:]]
            for found in _TABLE.finditer(self.text)
        }


def page(name: str) -> Page:
    """A page by its path below the repository."""
    return Page(ROOT / name, (ROOT / name).read_text(encoding="utf-8"))


def pages() -> list[Page]:
    """Every page there is."""
    names = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md")),
    ]
    return [page(name) for name in names]


def blocks(kind: str) -> list[Block]:
    """Every block of a kind on any page."""
    return [block for each in pages() for block in each.blocks if block.kind == kind]


def words(cell: str) -> list[str]:
    """What stands in backticks in a cell."""
    return [span.replace("\\|", "|") for span in _SPAN.findall(cell)]


def column(rows: list[list[str]], place: int = 0) -> list[str]:
    """One column of a table, backticks removed."""
    return [row[place].strip("`") for row in rows]


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row.strip())[1:-1]]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
