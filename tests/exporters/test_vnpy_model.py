"""What the exporter reads of objects like vnpy's, made here; vnpy itself is asked in tests/parity."""

import functools
import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from common.research.migration.weights import model_of, read_weights
from exporters import vnpy_model


def process_own(df: Any, **arguments: Any) -> Any:
    """A processor of a user's own."""
    return df


class MlpModel:
    """As vnpy's: torch's modules in a list."""

    def __init__(self, features: int, hidden: tuple[int, ...]) -> None:
        torch.manual_seed(3)
        layers: list[torch.nn.Module] = [torch.nn.Dropout(0.05)]
        for before, after in zip((features, *hidden), hidden, strict=False):
            layers += [torch.nn.Linear(before, after), torch.nn.BatchNorm1d(after), torch.nn.LeakyReLU(0.1)]
        self.model = SimpleNamespace(
            network=torch.nn.ModuleList([*layers, torch.nn.Dropout(0.05), torch.nn.Linear(hidden[-1], 1)])
        )
        self.fitted, self.feature_names = True, [f"f{place}" for place in range(features)]
        self.hidden_sizes, self.lr, self.n_epochs, self.batch_size = hidden, 0.001, 300, 2000

    def predict(self, rows: Any) -> Any:
        """Answers f4[N] to rows [N, F]."""
        found = torch.tensor(rows, dtype=torch.float32)
        with torch.no_grad():
            for layer in self.model.network.eval():
                found = layer(found)
        return found.reshape(-1).numpy()


@pytest.mark.parametrize("hidden", [(5,), (8, 4)])
def test_a_network_gives_the_same_answers_here(hidden: tuple[int, ...]) -> None:
    """Normalisation with numbers of its own, leaky units and all; torch adds in 32 bits."""
    found = MlpModel(6, hidden)
    random = np.random.default_rng(1)
    for layer in found.model.network:
        if isinstance(layer, torch.nn.BatchNorm1d):
            for name in ("weight", "bias", "running_mean"):
                getattr(layer, name).data = torch.tensor(random.normal(size=layer.num_features), dtype=torch.float32)
            layer.register_buffer(
                "running_var", torch.tensor(random.uniform(0.5, 2, layer.num_features), dtype=torch.float32)
            )
    rows = random.normal(size=(500, 6))
    words = read_weights(json.loads(json.dumps(vnpy_model.weights(found))))
    model = model_of(words, tuple(found.feature_names), np.ascontiguousarray(rows.T))
    ours = model.predict(np.ascontiguousarray(rows.T))
    assert np.abs(ours - found.predict(rows)).max() < 1e-5 * ours.std()
    assert all((values > 0).all() for values in model.detail().measures.values())


def test_a_layer_of_ones_own_is_refused() -> None:
    """By name, with what may stand there."""
    with pytest.raises(TypeError, match="a layer Tanh; a network may be made of Linear, BatchNorm1d"):
        vnpy_model.layer(torch.nn.Tanh())


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (SimpleNamespace(), "a model of class SimpleNamespace; LgbModel, LassoModel, MlpModel"),
        (type("LgbModel", (), {"model": None})(), "not fitted"),
        (type("Mine", (type("LassoModel", (), {"model": None}),), {})(), "not fitted"),
        (type("MlpModel", (), {"fitted": False})(), "not fitted"),
    ],
)
def test_models_without_a_plain_form_are_refused(model: Any, told: str) -> None:
    """An unknown class, and known ones, derived from or not, before they are fitted."""
    with pytest.raises((TypeError, ValueError), match=told):
        vnpy_model.weights(model)


def test_processors_are_told_with_their_arguments() -> None:
    """Times as texts; an argument without a name, or without a plain form, is refused."""
    since = functools.partial(process_own, start=datetime(2020, 1, 2), names=("a", "b"))  # noqa: DTZ001  as vnpy
    arguments = {"start": "2020-01-02T00:00:00", "names": ["a", "b"]}
    assert vnpy_model.processor(since) == {"name": "process_own", "arguments": arguments}
    assert vnpy_model.processor(process_own) == {"name": "process_own", "arguments": {}}
    with pytest.raises(ValueError, match="name them"):
        vnpy_model.processor(functools.partial(process_own, 1))
    with pytest.raises(TypeError, match="is no text"):
        vnpy_model.processor(functools.partial(process_own, how=object()))


def test_a_dataset_without_values_is_refused(tmp_path: Path) -> None:
    """It says what to call; nothing is written."""
    with pytest.raises(ValueError, match="call prepare_data"):
        vnpy_model.export(SimpleNamespace(), SimpleNamespace(), tmp_path / "out", {})
    assert not (tmp_path / "out").exists()


def lab(folder: Path, model: bytes) -> list[str]:
    """A folder with both pickles, and the command over it."""
    for kind in ("dataset", "model"):
        (folder / kind).mkdir()
        (folder / kind / "mine.pkl").write_bytes(model)
    return ["vnpy_model.py", str(folder), "--dataset", "mine", "--model", "mine"]


@pytest.mark.parametrize("content", [b"", b"no pickle", b"cnowhere\nnothing\n."])
def test_a_pickle_that_cannot_be_opened_is_told(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut, none at all, or of classes that are not there: one line and exit status 1."""
    monkeypatch.setattr("sys.argv", lab(tmp_path, content))
    assert vnpy_model.main() == 1
    assert "mine or mine cannot be opened: " in capsys.readouterr().err
    assert not (tmp_path / "export").exists()


def test_what_has_no_words_in_json_leaves_no_half_of_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written before everything can be."""
    frame = pl.DataFrame({"close": [1.0]})
    found = SimpleNamespace(df=frame, raw_df=frame, infer_df=frame, feature_expressions={})
    monkeypatch.setattr("importlib.metadata.version", lambda _: "4.5.0")
    monkeypatch.setattr(vnpy_model, "definition", lambda _: {})
    monkeypatch.setattr(vnpy_model, "predictions", lambda *_: frame)
    for worth, error in ((object(), TypeError), (float("nan"), ValueError)):
        monkeypatch.setattr(vnpy_model, "weights", lambda _, worth=worth: {"parameters": worth})
        with pytest.raises(error):
            vnpy_model.export(found, SimpleNamespace(), tmp_path / "out", {})
        assert not (tmp_path / "out").exists()


def test_a_factor_named_like_a_column_is_refused(tmp_path: Path) -> None:
    """It would be computed in the column's place and handed to no model."""
    frame = pl.DataFrame({"vwap": [1.0]})
    found = SimpleNamespace(df=frame, raw_df=frame, infer_df=frame, feature_expressions={"vwap": "close"})
    with pytest.raises(ValueError, match="vwap: vnpy leaves out a factor"):
        vnpy_model.export(found, SimpleNamespace(), tmp_path / "out", {})


def test_factors_without_text_are_named() -> None:
    """Polars expressions and frames of results, beside those that have one."""
    found = SimpleNamespace(
        feature_expressions={"a": "close / open", "b": pl.col("close")},
        feature_results={"c": pl.DataFrame()},
        label_expression="close",
        data_periods={},
        infer_processors=[],
        learn_processors=[process_own],
    )
    told = vnpy_model.definition(found)
    assert (told["factors"], told["factors_without_text"]) == ({"a": "close / open"}, ["b", "c"])
    assert told["learn_processors"] == [{"name": "process_own", "arguments": {}}]
