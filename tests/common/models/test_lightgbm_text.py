"""A damaged text is an error, whatever LightGBM would make of it: at some damage it ends the process."""

import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import BundleError, ModelError
from common.models.lightgbm import FILE, LightGBMModel
from common.models.lightgbm_library import Booster
from common.models.lightgbm_text import loadable
from tests.common.models.forests import made_up
from tests.common.models.sample_bundle import NAMES, small_model

ROOT = Path(__file__).parents[3]


def text() -> str:
    """As LightGBM wrote it, with the sizes of its trees."""
    return small_model().save()[FILE].decode()


def cuts() -> list[float]:
    """How much of the trees is left."""
    return [0.02, 0.25, 0.5, 0.75, 0.97]


def refused(damaged: str) -> None:
    """Our error, and not a signal."""
    with pytest.raises(BundleError, match=r"cut or changed|tree_sizes|NUL|Model file|Check failed"):
        LightGBMModel.load({FILE: damaged.encode()}, NAMES)


def test_other_ends_of_lines_are_refused() -> None:
    """A text that went through another system: every tree is longer than its size says."""
    refused(text().replace("\n", "\r\n"))


@pytest.mark.parametrize("share", cuts())
def test_a_cut_text_is_refused(share: float) -> None:
    """In the first tree, in the last, and in between."""
    whole = text()
    begin, end = whole.index("Tree=0"), whole.index("end of trees")
    refused(whole[: begin + int(share * (end - begin))])


def test_a_text_cut_between_trees_is_refused() -> None:
    """Those that are left would score: with other numbers."""
    whole = text()
    refused(whole[: whole.index("Tree=2")])
    refused(whole[: whole.index("Tree=0")])
    refused(whole[: whole.index("end of trees")])


@pytest.mark.parametrize("place", ["Tree=1", "Tree=4", "end of trees"])
@pytest.mark.parametrize("more", [" ", "\n", "0"])
def test_one_byte_more_is_refused(place: str, more: str) -> None:
    """Before any tree, or behind the last one, where a blank line more is none."""
    whole = text()
    damaged = whole.replace(place, more + place, 1)
    if (place, more) in {("end of trees", " "), ("end of trees", "\n")}:
        assert Booster(damaged).features() == list(NAMES)
    else:
        refused(damaged)


@pytest.mark.parametrize(("old", "new"), [("tree_sizes=", "tree_sizes=x "), ("tree_sizes=", "tree_sizes=9 ")])
def test_other_sizes_are_refused(old: str, new: str) -> None:
    """No number, or one tree more."""
    refused(text().replace(old, new))


def test_a_nul_is_refused() -> None:
    """LightGBM would take the text to end there."""
    refused(text().replace("Tree=1", "\0ree=1"))


def test_damage_within_a_tree_ends_no_process() -> None:
    """Sizes are right, the tree is not: an error in LightGBM's words, from a process that lives on."""
    damaged = text().replace("leaf_value=", "leaf_valve=", 1)
    code = f"""
from common.errors import ModelError
from common.models.lightgbm_library import Booster
try:
    Booster({damaged!r})
except ModelError as error:
    print("refused", error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "refused LightGBM:" in done.stdout


def test_a_sound_text_loses_its_sizes_only() -> None:
    """One without them is handed over as it is."""
    whole, made = text(), made_up(1, trees=2, leaves=4)
    line = next(line for line in whole.split("\n") if line.startswith("tree_sizes="))
    assert loadable(whole) == whole.replace(line, "", 1).encode()
    assert loadable(made) == made.encode()


def test_a_feature_may_be_called_like_a_line() -> None:
    """Only a line that begins so is one."""
    made = made_up(1, trees=2, leaves=4).replace("feature_names=f0", "feature_names=tree_sizes=7")
    assert loadable(made) == made.encode()
    with pytest.raises(ModelError, match="tree_sizes"):
        loadable("tree\ntree_sizes=7 7\n")
