"""Export a vnpy.alpha model with the dataset it was trained on, so that Alphabus can take it over.

Run it with the Python that has your vnpy, on a lab of your own: it opens pickles, which run whatever code they hold.
The dataset must have been saved after prepare_data() and process_data(). Definition, weights, factor values and
predictions are written as JSON, text and parquet into LAB/export/migration/MODEL; nothing else in the lab is changed.

    python vnpy_model.py LAB --dataset NAME --model NAME
"""

import argparse
import functools
import importlib.metadata
import json
import pickle
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

KEYS = ["datetime", "vt_symbol"]
FORMAT = 1


def main() -> int:
    """Export; 0 when everything could be, 1 when it cannot, 2 for wrong names."""
    parser = argparse.ArgumentParser(prog="vnpy_model.py", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("lab", type=Path, help="folder of the lab")
    parser.add_argument("--dataset", required=True, help="name it was saved under")
    parser.add_argument("--model", required=True, help="name it was saved under")
    parser.add_argument("--out", type=Path, help="folder to write; default: LAB/export/migration/MODEL")
    given = parser.parse_args()
    paths = [given.lab / "dataset" / f"{given.dataset}.pkl", given.lab / "model" / f"{given.model}.pkl"]
    for path in paths:
        if not path.is_file():
            there = ", ".join(sorted(each.stem for each in path.parent.glob("*.pkl"))) or "nothing"
            sys.stderr.write(f"{path} is not there; in {path.parent} there is {there}\n")
            return 2
    try:
        dataset, model = (pickle.loads(path.read_bytes()) for path in paths)
    except Exception as error:  # noqa: BLE001  pickles raise what they like
        sys.stderr.write(f"{given.dataset} or {given.model} cannot be opened: {type(error).__name__}: {error}\n")
        return 1
    out = given.out or given.lab / "export" / "migration" / given.model
    try:
        export(dataset, model, out, {"dataset": given.dataset, "model": given.model})
    except (AttributeError, TypeError, ValueError) as error:
        sys.stderr.write(f"{given.model} over {given.dataset} cannot be exported: {error}\n")
        return 1
    sys.stdout.write(f"{out}\n")
    return 0


def export(dataset: Any, model: Any, out: Path, names: Mapping[str, str]) -> None:
    """Write definition and weights, then the frames; ValueError or TypeError for what has no plain form."""
    if not hasattr(dataset, "raw_df") or not hasattr(dataset, "infer_df"):
        raise ValueError("the dataset holds no values: call prepare_data() and process_data(), and save it again")
    if taken := sorted({*dataset.df.columns} & {*dataset.feature_expressions}):
        raise ValueError(f"{', '.join(taken)}: vnpy leaves out a factor that has the name of a bar's column; rename it")
    told = {"format": FORMAT, "vnpy": importlib.metadata.version("vnpy"), **names, **definition(dataset)}
    told["weights"] = weights(model)
    answers = predictions(dataset, model)
    # Before any file: what has no words in JSON leaves no half of an export.
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    (out / "migration.json").unlink(missing_ok=True)
    dataset.df.write_parquet(out / "loaded.parquet")
    dataset.raw_df.write_parquet(out / "raw.parquet")
    dataset.infer_df.write_parquet(out / "inferred.parquet")
    answers.write_parquet(out / "predictions.parquet")
    # The last: a folder without it is no export.
    (out / "migration.json").write_text(text, encoding="utf-8")


def definition(dataset: Any) -> dict[str, Any]:
    """Factor texts, label, spans and processors; factors given as frames or as polars expressions have no text."""
    texts = {str(name): text for name, text in dataset.feature_expressions.items() if isinstance(text, str)}
    rest = [name for name in (*dataset.feature_expressions, *dataset.feature_results) if name not in texts]
    return {
        "factors": texts,
        "factors_without_text": sorted(map(str, rest)),
        "label": str(dataset.label_expression),
        "periods": {segment.name.lower(): list(map(plain, span)) for segment, span in dataset.data_periods.items()},
        "infer_processors": [processor(each) for each in dataset.infer_processors],
        "learn_processors": [processor(each) for each in dataset.learn_processors],
    }


def processor(found: Any) -> dict[str, Any]:
    """Name and arguments of a function, or of a functools.partial over one."""
    if not isinstance(found, functools.partial):
        return {"name": found.__name__, "arguments": {}}
    if found.args:
        raise ValueError(f"processor {found.func.__name__} has arguments without names: {found.args!r}; name them")
    return {"name": found.func.__name__, "arguments": {name: plain(value) for name, value in found.keywords.items()}}


def plain(value: Any) -> Any:
    """A value as JSON has words for it; TypeError if it has none."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set):
        return [plain(each) for each in value]
    raise TypeError(f"{value!r} is no text, number, date or list of these")


def predictions(dataset: Any, model: Any) -> Any:
    """Every answer of the model to the dataset: the keys, the segment, the number."""
    frames = []
    for segment in dataset.data_periods:
        rows = dataset.fetch_infer(segment).sort(KEYS).select(KEYS)
        if rows.height:
            # polars itself is not imported: vnpy's frames bring theirs along.
            series = type(rows["vt_symbol"])
            names = series("segment", [segment.name.lower()] * rows.height)
            answers = series("prediction", [float(each) for each in model.predict(dataset, segment)])
            frames.append(rows.with_columns(names, answers))
    if not frames:
        raise ValueError("the dataset has no rows in any of its periods")
    return functools.reduce(lambda above, below: above.vstack(below), frames)


def weights(model: Any) -> dict[str, Any]:
    """A fitted model in plain words, by the class it is of or derives from."""
    for each in type(model).__mro__:
        if each.__name__ in MODELS:
            return MODELS[each.__name__](model)
    raise TypeError(f"a model of class {type(model).__name__}; {', '.join(MODELS)} have a form that is safe to read")


def lightgbm(model: Any) -> dict[str, Any]:
    """LightGBM's own text, up to the best round."""
    if model.model is None:
        raise ValueError("the model is not fitted")
    return {"kind": "lightgbm", "text": model.model.model_to_string(), "parameters": dict(model.params)}


def lasso(model: Any) -> dict[str, Any]:
    """Coefficients by feature."""
    if model.model is None:
        raise ValueError("the model is not fitted")
    return {
        "kind": "lasso",
        "features": list(model.feature_names),
        "coefficients": [float(each) for each in model.model.coef_],
        "intercept": float(model.model.intercept_),
        "parameters": {"alpha": model.alpha, "max_iter": model.max_iter, "random_state": model.random_state},
    }


def mlp(model: Any) -> dict[str, Any]:
    """Layers in order, each with its numbers; dropout does nothing once a network is fitted."""
    if not model.fitted:
        raise ValueError("the model is not fitted")
    layers = [layer(each) for each in model.model.network if type(each).__name__ != "Dropout"]
    parameters = {name: plain(getattr(model, name)) for name in ("hidden_sizes", "lr", "n_epochs", "batch_size")}
    return {"kind": "mlp", "features": list(model.feature_names), "layers": layers, "parameters": parameters}


def layer(module: Any) -> dict[str, Any]:
    """One of torch's modules; TypeError for one that is none of those vnpy's network is made of."""
    name = type(module).__name__
    if name not in LAYERS:
        raise TypeError(f"a layer {name}; a network may be made of {', '.join(LAYERS)}, Dropout")
    told: dict[str, Any] = {"layer": name}
    for number in LAYERS[name]:
        value = getattr(module, number)
        told[number] = value if isinstance(value, float) else value.detach().cpu().tolist()
    return told


MODELS: Mapping[str, Callable[[Any], dict[str, Any]]] = MappingProxyType(
    {"LgbModel": lightgbm, "LassoModel": lasso, "MlpModel": mlp}
)
LAYERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Linear": ("weight", "bias"),
        "BatchNorm1d": ("weight", "bias", "running_mean", "running_var", "eps"),
        "LeakyReLU": ("negative_slope",),
        "SiLU": (),
    }
)
"""What is read of each of torch's modules."""

if __name__ == "__main__":
    sys.exit(main())
