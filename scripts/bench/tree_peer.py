"""One way to score trees, in a process and a Python environment of its own: asked on standard input, by JSON lines.

Run as `PYTHON scripts/bench/tree_peer.py PEER MODEL.txt VALUES.npy FOLDER`; needs numpy and what the peer needs. The
first answer says what loading took. `{"rows", "calls"}` is answered by durations in ns, each of other rows;
`{"save", "rows"}` by writing the scores there.
"""

import hashlib
import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[Any]
Score = Callable[[Matrix], Any]


def ours(model: Path, _folder: Path) -> Score:
    """Feature-major, as the factor engine has it."""
    trees = importlib.import_module("common.models.trees.scorer")
    return trees.TreeScorer.read(model.read_text(encoding="utf-8")).predict  # type: ignore[no-any-return]


def lightgbm(model: Path, _folder: Path, threads: int = 1) -> Score:
    """LightGBM's own predict."""
    booster = importlib.import_module("lightgbm").Booster(model_file=str(model))
    return lambda rows: booster.predict(rows, num_threads=threads)


def lleaves(model: Path, folder: Path) -> Score:
    """Compiled by LLVM; what was compiled once lies in the folder."""
    compiled = importlib.import_module("lleaves").Model(model_file=str(model))
    compiled.compile(cache=kept(model, folder, "lleaves"))
    return lambda rows: compiled.predict(rows, n_jobs=1)


def onnxruntime(model: Path, _folder: Path) -> Score:
    """Through ONNX; features are float32 there, so these are not the same scores."""
    runtime = importlib.import_module("onnxruntime")
    tools = importlib.import_module("onnxmltools")
    types = importlib.import_module("onnxmltools.convert.common.data_types")
    booster = importlib.import_module("lightgbm").Booster(model_file=str(model))
    inputs = [("rows", types.FloatTensorType([None, booster.num_feature()]))]
    graph = tools.convert_lightgbm(booster, initial_types=inputs, zipmap=False)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(None, {"rows": rows})[0]


def treelite(model: Path, _folder: Path) -> Score:
    """Treelite's own interpreter."""
    library = importlib.import_module("treelite")
    loaded = library.frontend.load_lightgbm_model(str(model))
    return lambda rows: library.gtil.predict(loaded, rows, nthread=1)


def tl2cgen(model: Path, folder: Path) -> Score:
    """Compiled by the C compiler; what was compiled once lies in the folder."""
    library, target = importlib.import_module("tl2cgen"), kept(model, folder, "tl2cgen")
    if not target.exists():
        loaded = importlib.import_module("treelite").frontend.load_lightgbm_model(str(model))
        library.export_lib(loaded, toolchain="gcc", libpath=str(target), params={"parallel_comp": 8})
    predictor = library.Predictor(str(target), nthread=1)
    return lambda rows: predictor.predict(library.DMatrix(rows))


PEERS: Mapping[str, Callable[[Path, Path], Score]] = {
    "ours": ours,
    "LightGBM": lightgbm,
    "LightGBM, 2 threads": lambda model, folder: lightgbm(model, folder, 2),
    "lleaves": lleaves,
    "ONNX Runtime": onnxruntime,
    "Treelite": treelite,
    "tl2cgen": tl2cgen,
}


COMPILED: Mapping[str, str] = {"lleaves": "lleaves", "tl2cgen": "so"}
"""Peers that compile each model, and how the names of what they compiled end."""


def main(peer: str, model: str, values: str, folder: str) -> None:
    """Load, say so, and answer until standard input ends."""
    load_s, score = loaded(peer, Path(model), Path(folder))
    say({"load_s": load_s, "memory_mb": most_memory_mb()})
    columns = np.load(values, mmap_mode="r", allow_pickle=False)
    cut = cutter(peer, columns)
    for line in sys.stdin:
        question = json.loads(line)
        if "save" in question:
            scores = np.asarray(score(cut(0, question["rows"])), np.float64).reshape(-1)
            np.save(question["save"], scores, allow_pickle=False)
            say({})
        else:
            say({"ns": measured(score, cut, question["rows"], question["calls"], columns.shape[1])})


def loaded(peer: str, model: Path, folder: Path) -> tuple[float, Score]:
    """Seconds and score; for what was compiled before and lies in the folder, the seconds it took then."""
    if peer not in COMPILED:
        return timed(peer, model, folder)
    target = kept(model, folder, peer)
    record = target.with_suffix(f".{peer}.seconds")
    if target.exists() and record.exists():
        return float(record.read_text(encoding="ascii")), timed(peer, model, folder)[1]
    # Without a record it may be half of a file, and nobody knows what it took.
    target.unlink(missing_ok=True)
    seconds, score = timed(peer, model, folder)
    record.write_text(str(seconds), encoding="ascii")
    return seconds, score


def timed(peer: str, model: Path, folder: Path) -> tuple[float, Score]:
    """Seconds that loading takes now, and score."""
    started = time.perf_counter_ns()
    score = PEERS[peer](model, folder)
    return (time.perf_counter_ns() - started) / 1e9, score


def kept(model: Path, folder: Path, peer: str) -> Path:
    """Where a peer keeps what it compiled of this very text: another model of the same name is another file."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()[:12]
    return folder / f"{model.stem}-{digest}.{COMPILED[peer]}"


def most_memory_mb() -> float:
    """Most memory so far; what getrusage says would have the parent's in it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def cutter(peer: str, columns: Matrix) -> Callable[[int, int], Matrix]:
    """Give rows `first` to `last` in the memory order a peer likes: ours by feature, all others by row."""
    if peer == "ours":
        return lambda first, last: np.ascontiguousarray(columns[:, first:last])
    kind = np.float32 if peer == "ONNX Runtime" else np.float64
    rows = np.ascontiguousarray(columns.T, dtype=kind)
    return lambda first, last: rows[first:last]


def measured(score: Score, cut: Callable[[int, int], Matrix], rows: int, calls: int, most: int) -> list[int]:
    """Durations of calls in ns, each with other rows as far as there are."""
    durations = []
    for call in range(calls):
        first = call * rows % (most - rows + 1)
        matrix = cut(first, first + rows)
        started = time.perf_counter_ns()
        score(matrix)
        durations.append(time.perf_counter_ns() - started)
    return durations


def say(answer: Mapping[str, Any]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
