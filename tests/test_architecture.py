"""The arrows between the layers, and what stands nowhere in the code, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("alphabus", "common", "services", "scripts")
MAY_IMPORT = {
    "alphabus": {"alphabus"},
    "common": {"alphabus", "common"},
    "services": {"alphabus", "common", "services"},
    "scripts": {"alphabus", "common", "scripts"},
}
MEASURES = {"services"}  # benchmarks time the parts of a process without its bus
CLIENT_NEEDS = {"alphabus", "zmq", "msgpack", "numpy"}
HEAVY = ("polars", "lightgbm", "torch", "numba", "pydantic", "structlog")
NEEDS_PYTEST = "alphabus.testing.fixtures"
NAMED_ALIKE: set[str] = set()
MAY_PRINT = ("scripts/", "alphabus/__main__.py")
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {"eval", "exec"}
UNSAFE_NAMES = {"recv_pyobj", "send_pyobj", "read_pickle", "to_pickle"}
UNSAFE_PATHS = {"torch.load"}

FILES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(), str(path)) for path in FILES}
EVERY_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def module_of(path: Path) -> str:
    """Its dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Dotted names of the modules a file imports, relative ones made absolute, and of what it takes from them."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain, its last part when the beginning is no name."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def unsafe(tree: ast.AST) -> list[str]:
    """What in this code could run code that came as data."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in UNSAFE_CALLS:
            found.append(node.func.id)
        if isinstance(node, ast.Attribute | ast.Name):
            name = dotted(node)
            if name in UNSAFE_PATHS or name.rpartition(".")[2] in UNSAFE_NAMES:
                found.append(name)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found += [] if isinstance(node.value, ast.Constant) and node.value.value is False else ["allow_pickle"]
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in UNSAFE_MODULES]
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [n for n in names if n.split(".")[0] in UNSAFE_MODULES or n in UNSAFE_PATHS]
    return found


def test_there_is_something_to_look_at() -> None:
    """Every layer has files, so that a moved folder cannot make these tests empty."""
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(LAYERS)


@EVERY_FILE
def test_the_arrow_points_one_way(path: Path) -> None:
    """Services -> common -> alphabus; scripts stand over common; nothing looks back."""
    layer = path.relative_to(ROOT).parts[0]
    allowed = MAY_IMPORT[layer] | (MEASURES if path.is_relative_to(ROOT / "scripts/bench") else set())
    ours = {name for name in imported(path) if name.split(".")[0] in (*LAYERS, "tests")}
    assert {name for name in ours if name.split(".")[0] not in allowed} == set()


@EVERY_FILE
def test_services_do_not_import_each_other(path: Path) -> None:
    """They meet only on the bus; a benchmark measures the parts of one."""
    if path.is_relative_to(ROOT / "scripts/bench"):
        return
    own = ".".join(module_of(path).split(".")[:2])
    foreign = {".".join(name.split(".")[:2]) for name in imported(path) if name.startswith("services.")} - {own}
    assert foreign == set()


@pytest.mark.parametrize("path", [p for p in FILES if p.is_relative_to(ROOT / "alphabus")], ids=module_of)
def test_the_client_needs_three_libraries(path: Path) -> None:
    """pyzmq, msgpack and numpy beside the standard library; pytest where the fixtures are."""
    foreign = {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names - CLIENT_NEEDS
    assert foreign == ({"pytest"} if module_of(path) == NEEDS_PYTEST else set())


@EVERY_FILE
def test_nothing_runs_what_came_as_data(path: Path) -> None:
    """No pickle under any name, no eval, no exec."""
    assert unsafe(TREES[path]) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "import joblib.memory",
        "from pickle import loads",
        "import torch\ntorch.load(path)",
        "from torch import load",
        "socket.recv_pyobj()",
        "sockets[0].send_pyobj(x)",
        "eval(text)",
        "exec(text)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=chosen)",
        "frame.to_pickle(path)",
    ],
)
def test_what_could_run_data_is_found(code: str) -> None:
    """The search finds each of the forms it is there for."""
    assert unsafe(ast.parse(code)) != []


@pytest.mark.parametrize("code", ["np.load(path, allow_pickle=False)", "model.eval()", "json.loads(text)"])
def test_what_is_harmless_is_not_found(code: str) -> None:
    """A name alone is no reason."""
    assert unsafe(ast.parse(code)) == []


@EVERY_FILE
def test_only_scripts_print(path: Path) -> None:
    """Everything else logs events."""
    if str(path.relative_to(ROOT)).startswith(MAY_PRINT):
        return
    calls = [node.func for node in ast.walk(TREES[path]) if isinstance(node, ast.Call)]
    assert [call for call in calls if isinstance(call, ast.Name) and call.id == "print"] == []


@EVERY_FILE
def test_every_module_says_what_it_is(path: Path) -> None:
    """In a docstring."""
    assert ast.get_docstring(TREES[path])


def test_no_file_is_named_like_a_module_of_the_standard_library() -> None:
    """Neither a file nor a folder: run from its own folder it would be imported in that module's place."""
    found = {
        str(path.relative_to(ROOT))
        for path in FILES
        if set(path.relative_to(ROOT).with_suffix("").parts) & sys.stdlib_module_names
    }
    assert found == NAMED_ALIKE


def test_importing_the_client_loads_nothing_heavy() -> None:
    """Every module of alphabus in a fresh interpreter, and none of the pipeline's libraries with it."""
    modules = [module_of(path) for path in FILES if path.is_relative_to(ROOT / "alphabus")]
    light = [name for name in modules if name not in (NEEDS_PYTEST, "alphabus.__main__")]
    code = f"import importlib, sys\nfor name in {light}: importlib.import_module(name)\n"
    code += f"print(sorted(set({[*HEAVY, 'pytest', 'common', 'services']}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
