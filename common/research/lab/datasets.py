"""Datasets on file: raw values as arrays, and in words the recipe, the test span and what stamps look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from alphabus.errors import AlphabusError
from common.errors import LabError
from common.market.span import Span
from common.market.stamp_form import StampForm
from common.research.dataset import Dataset
from common.research.lab.files import Files, writing
from common.research.raw_file import drop_raw, read_raw, write_raw
from common.research.recipe_words import decode_recipe, encode_recipe


@dataclass(frozen=True, slots=True)
class Datasets:
    """A file a name; what was fitted is fitted again from the values, to the same bits."""

    files: Files

    def save(self, name: str, dataset: Dataset) -> None:
        """Save one, or replace it."""
        test = dataset.test
        words = {
            "recipe": encode_recipe(dataset.recipe),
            "test": None if test is None else [test.first, test.last],
            "stamps": _stamp_words(dataset.form.kind),
            "ahead": dataset.form.ahead_ns,
        }
        place = self.files.path(name)
        with writing(place):
            write_raw(place, dataset.raw, words)

    def load(self, name: str) -> Dataset:
        """The dataset that was saved; LabError with the closest name if there is none, or for one that was changed."""
        place = self.files.known(name)
        try:
            raw, words = read_raw(place)
            test = None if words["test"] is None else Span(*words["test"])
            form = StampForm(_stamp_type(words["stamps"]), words.get("ahead"))
            return Dataset.over(raw, decode_recipe(words["recipe"]), test=test, form=form)
        except (AlphabusError, OSError, KeyError, TypeError, ValueError) as error:
            raise LabError(f"{place}: cannot be read: {error}; save the dataset anew") from error

    def remove(self, name: str) -> None:
        """Delete one; LabError with the closest name if it is not there."""
        place = self.files.known(name)
        with writing(place):
            drop_raw(place)


def _stamp_words(kind: pl.DataType) -> list[Any]:
    """`date`, `text`, or `datetime` with unit and zone."""
    if isinstance(kind, pl.Datetime):
        return ["datetime", kind.time_unit, kind.time_zone]
    return ["date" if isinstance(kind, pl.Date) else "text"]


def _stamp_type(words: list[Any]) -> pl.DataType:
    what, *details = words
    if what == "datetime":
        return pl.Datetime(*details)
    return pl.Date() if what == "date" else pl.String()
