"""Machine code of the models' kernels: made once, in a folder that changes with its sources."""

from collections.abc import Callable
from pathlib import Path

import pytest

from common.factors.kernels.build import Kernel
from common.models import dense_compilation
from common.models.dense_compilation import compile_dense, dense_folder
from common.models.kernel_folder import kernel_folder
from common.models.trees import compilation as tree_compilation
from common.models.trees.compilation import compile_trees, tree_folder


@pytest.mark.parametrize(
    ("compile_all", "kernels", "folder"),
    [(compile_trees, tree_compilation.KERNELS, tree_folder), (compile_dense, dense_compilation.KERNELS, dense_folder)],
)
def test_kernels_compile_once_a_process(
    compile_all: Callable[[], int], kernels: tuple[Kernel, ...], folder: Callable[[], Path]
) -> None:
    """The second time nothing is left to do; the folder is named by the sources."""
    compile_all()
    assert compile_all() == 0
    assert all(each.function.signatures for each in kernels)
    assert folder().parent.name == "kernels"


def test_another_source_is_another_folder(tmp_path: Path) -> None:
    """By its content, its name and the group it belongs to."""
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("a = 1")
    second.write_text("a = 1")
    folders = [kernel_folder("trees", [first]), kernel_folder("trees", [second]), kernel_folder("dense", [first])]
    first.write_text("a = 2")
    folders.append(kernel_folder("trees", [first]))
    assert len(set(folders)) == 4
