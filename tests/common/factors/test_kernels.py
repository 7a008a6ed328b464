"""Kernels: rules, the cache folder's digest, and the cache itself."""

import subprocess
import sys
from pathlib import Path

import numba
import pytest

from common.factors.kernels import compile_all, default_folder, kernels, source_digest
from common.factors.kernels.build import Kernel
from common.factors.kernels.cache import cache_in
from common.factors.kernels.library import MODULES, sources
from common.factors.operators import TABLE


def test_every_kernel_file_is_in_the_library() -> None:
    """A file of kernels that the set-up would not compile fails here."""
    files = {name for name, content in sources().items() if b"@kernel(" in content}
    assert files == {f"{module.__name__.rpartition('.')[2]}.py" for module in MODULES}


def test_every_operator_kernel_is_in_the_library() -> None:
    """What the table names is compiled at set-up."""
    known = {id(each) for each in kernels()}
    assert {row.name for row in TABLE if row.kernel is not None and id(row.kernel) not in known} == set()


@pytest.mark.parametrize("each", list(kernels()), ids=lambda each: each.name)
def test_rules(each: Kernel) -> None:
    """IEEE division, no reordering, no threads, no lock held; one signature, and no other is compiled later."""
    compile_all()
    options = each.function.targetoptions
    assert options["error_model"] == "numpy"
    assert options["nogil"]
    assert not options["fastmath"]
    assert not options["parallel"]
    assert len(each.function.signatures) == 1
    with pytest.raises(TypeError):
        each.function(1)


def test_an_edit_of_any_file_is_another_folder() -> None:
    """Also of a file that holds no kernel but what kernels call: numba alone would serve the old bits."""
    files = sources()
    digests = {source_digest(files)}
    for name, content in files.items():
        digests.add(source_digest({**files, name: content + b"\n"}))
    assert len(digests) == len(files) + 1
    assert source_digest(dict(reversed(files.items()))) == source_digest() == source_digest(files)


def test_default_folder_is_in_the_checkout() -> None:
    """`state/kernels/DIGEST`."""
    folder = default_folder()
    assert folder.parts[-3:-1] == ("state", "kernels")
    assert source_digest().startswith(folder.name)
    assert (folder.parents[2] / "common" / "factors").is_dir()


PROGRAM = """
import sys
from pathlib import Path
import numba
from common.factors.kernels.cache import cache_in
one = numba.njit(lambda x: x + 1.0)
cache_in(Path(sys.argv[1]), one)
one.compile("f8(f8)")
print(sum(one.stats.cache_hits.values()), one(1.0))
"""


def _run(folder: Path) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)], check=True, capture_output=True, text=True, timeout=60
    )
    return answer.stdout.strip()


def test_machine_code_is_kept(tmp_path: Path) -> None:
    """The second process loads what the first compiled; a damaged file is compiled anew, not trusted."""
    folder = tmp_path / "abc"
    assert _run(folder) == "0 2.0"
    assert _run(folder) == "1 2.0"
    for path in folder.glob("*.nbc"):
        path.write_bytes(path.read_bytes()[:50])
    assert _run(folder) == "0 2.0"
    assert _run(folder) == "1 2.0"


def test_other_users_of_numba_are_left_alone() -> None:
    """The cache is set on our functions, not in numba's configuration."""
    compile_all()
    assert not vars(numba.config)["CACHE_DIR"]
    stranger = numba.njit(lambda x: x)
    cache_in(Path("nowhere"), numba.njit(lambda x: x + 1))
    assert type(stranger._cache).__name__ == "NullCache"


def test_progress_is_told() -> None:
    """Each kernel by name, then the end; nothing when there is nothing to do."""
    compile_all()
    told: list[tuple[str, int, int]] = []
    assert compile_all(progress=lambda *what: told.append(what)) == 0
    assert told == []
