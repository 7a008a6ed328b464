"""What the pages point at is there: links, headings, files, make targets, modules and their options."""

from __future__ import annotations

import importlib.util
import re
from xml.etree.ElementTree import parse, tostring

import pytest

from tests.docs.modules import takes
from tests.docs.pages import ROOT, Page, page, pages

EVERY_PAGE = pytest.mark.parametrize("each", pages(), ids=lambda each: each.name)
MADE = ("runs/", "state/", "dist/")
LONGEST_LINE = 140

_FILE = re.compile(
    r"(?:alphabus|common|services|scripts|tests|docs|config|requirements)/[\w./*-]*|[A-Z][A-Za-z]+(?:\.md)?"
)
_TARGET = re.compile(r"\bmake ([a-z][a-z0-9-]*)")
_MODULE = re.compile(r"python -m ([a-z_.]+[a-z])(?![\w.])((?:[ \t]+[^\s`|;#&]+)*)")
_OPTION = re.compile(r"--[a-z-]+")
_SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_INSTALLED = {"build"}
_FOREIGN = ("TODO", "FIXME", "XXX")


@EVERY_PAGE
def test_links_lead_somewhere(each: Page) -> None:
    """Relative ones to a file, and to a heading in it where they name one."""
    broken = []
    for target in (link for link in each.links if "://" not in link):
        name, _, anchor = target.partition("#")
        path = (each.path.parent / name).resolve() if name else each.path
        there = path.is_file() and (not anchor or anchor in page(str(path.relative_to(ROOT))).anchors)
        broken += [] if there else [target]
    assert broken == []


@EVERY_PAGE
def test_named_files_exist(each: Page) -> None:
    """Paths in backticks below the folders of the repository."""
    named = {span for span in each.spans if "/" in span and _FILE.fullmatch(span)}
    lost = {name for name in named if not name.startswith(MADE) and not list(ROOT.glob(name.rstrip("/")))}
    assert lost == set()


@EVERY_PAGE
def test_make_targets_exist(each: Page) -> None:
    """In backticks and in shell blocks."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {found for text in _commands(each) for found in _TARGET.findall(text)} <= targets


@EVERY_PAGE
def test_commands_exist_with_their_options(each: Page) -> None:
    """`python -m MODULE ...`: the module is there, and the options stand in its source."""
    wrong = []
    for text in _commands(each):
        for module, rest in _MODULE.findall(text):
            wrong += [f"{module} {option}" for option in ["", *_OPTION.findall(rest)] if not _takes(module, option)]
    assert wrong == []


@EVERY_PAGE
def test_pages_speak_of_the_project_alone(each: Page) -> None:
    """No leftovers, no trailing blanks, one heading at the top, and lines an editor shows whole (tables apart)."""
    lines = each.text.splitlines()
    assert [word for word in _FOREIGN if word in each.text] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert [line for line in lines if len(line) > LONGEST_LINE and not line.startswith("|")] == []
    assert [line for line in each.prose.splitlines() if line.startswith("# ")] == [lines[0]]


def test_every_page_is_linked_from_the_readme() -> None:
    """What nobody finds nobody reads."""
    linked = {link.partition("#")[0] for link in page("README.md").links}
    assert {each.name for each in pages()} - {"README.md"} <= linked


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/*.svg")), ids=lambda path: path.name)
def test_pictures_can_be_read_in_light_and_dark(path: object) -> None:
    """Well-formed, with a title, a description and both palettes; nothing in them runs or is fetched."""
    tree = parse(str(path))  # noqa: S314  our own file
    text = tostring(tree.getroot(), encoding="unicode")
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert {"title", "desc", "style"} <= names
    assert "prefers-color-scheme: dark" in text
    assert not names & {"script", "foreignObject", "image"}


def _commands(each: Page) -> list[str]:
    return [*each.spans, *_SHELL.findall(each.text)]


def _takes(module: str, option: str) -> bool:
    return importlib.util.find_spec(module) is not None if module in _INSTALLED else takes(module, option)
