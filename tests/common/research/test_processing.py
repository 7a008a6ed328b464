"""Processors as people write them, on a command line and in a file."""

from pathlib import Path

import pytest

from common.errors import ConfigError, FactorError, PipelineError
from common.factors.processors.table import make_processor
from common.research.processing import Processing, processing_of, read_processing, read_processor
from tests.docs.pages import blocks

TEXTS = {
    "drop_na": make_processor("drop_na"),
    "cs_norm:method=zscore": make_processor("cs_norm", {"method": "zscore"}),
    'cs_norm:method="robust",names=label': make_processor("cs_norm", {"method": "robust", "names": ["label"]}),
    'cs_rank_norm:names=["a", "b"]': make_processor("cs_rank_norm", {"names": ["a", "b"]}),
    "fill_na:fill_value=0,fill_label=false": make_processor("fill_na", {"fill_value": 0, "fill_label": False}),
    "ts_norm:fit_end_time=2014-12-31": make_processor("ts_norm", {"fit_end_time": "2014-12-31"}),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_a_processor(text: str) -> None:
    """Name, and parameters as TOML writes them or as bare words."""
    assert read_processor(text) == TEXTS[text]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cs_nrom:method=zscore", "did you mean 'cs_norm'"),
        ("cs_norm:metod=zscore", "did you mean 'method'"),
        ("cs_norm", "needs method"),
        ("cs_norm:zscore", "is not KEY=VALUE"),
        ("cs_norm:method=mean", "robust or zscore"),
    ],
)
def test_a_wrong_text_is_refused(text: str, told: str) -> None:
    """With the closest name, or what is missing."""
    with pytest.raises(PipelineError) as refused:
        read_processor(text)
    assert told in str(refused.value)


def test_a_file_says_the_same(tmp_path: Path) -> None:
    """Tables in order; an empty list of learn processors learns the label as it is."""
    path = tmp_path / "processors.toml"
    path.write_text(
        '[[infer]]\nname = "ts_norm"\n[[infer]]\nname = "fill_na"\nfill_value = 0.0\n'
        '[[learn]]\nname = "cs_norm"\nmethod = "zscore"\nnames = ["label"]\n',
        encoding="utf-8",
    )
    texts = processing_of(["ts_norm", "fill_na:fill_value=0.0"], ["cs_norm:method=zscore,names=label"])
    assert read_processing(path) == texts
    path.write_text("learn = []\n", encoding="utf-8")
    assert read_processing(path) == Processing((), ())
    assert processing_of([], []) == Processing((), None)


def test_the_example_of_the_page_can_be_read(tmp_path: Path) -> None:
    """As it stands in docs/training.md."""
    (block,) = [each for each in blocks("ini") if "[[infer]]" in each.code]
    path = tmp_path / "processors.toml"
    path.write_text(block.code, encoding="utf-8")
    found = read_processing(path)
    assert [each.name for each in found.infer] == ["robust_zscore_norm", "fill_na"]
    assert found.label_text == 'cs_norm(method="zscore", names=["label"])'


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "names no processor: write [[infer]] or [[learn]] tables"),
        ("[[infre]]\n", "did you mean 'infer'"),
        ("infer = 3\n", "must be [[infer]] tables"),
        ("[[learn]]\nmethod = 'zscore'\n", "each with a name"),
        ("[[infer]]\nname = 'cs_nrom'\n", "did you mean 'cs_norm'"),
        ("[[infer]\n", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, body: str, told: str) -> None:
    """By its name, saying what is wrong in it."""
    path = tmp_path / "processors.toml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_processing(path)
    assert told in str(refused.value)
    assert "processors.toml" in str(refused.value)


def test_the_label_is_not_for_infer_processors() -> None:
    """Live there is none."""
    with pytest.raises(FactorError, match="not there when a model answers"):
        processing_of(["cs_norm:method=zscore,names=label"], [])
