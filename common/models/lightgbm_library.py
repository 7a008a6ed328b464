"""LightGBM by its C interface: a text model read, asked, and let go of, without the Python package around it.

Importing that package brings SciPy along, and scikit-learn where it is installed: more than all else a child starts
with, in time and in memory. https://lightgbm.readthedocs.io/en/stable/C-API.html
"""

import ctypes
import json
import weakref
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError
from common.models.lightgbm_text import loadable
from common.models.matrix import feature_matrix

Floats = NDArray[np.float64]

_FLOAT64, _COLUMN_MAJOR, _NORMAL, _FROM_FIRST, _ALL = 1, 0, 0, 0, -1
"""C_API_DTYPE_FLOAT64, is_row_major, C_API_PREDICT_NORMAL, start_iteration, num_iteration."""

_ALIASES_BYTES = 1 << 20

MEASURES: Mapping[str, int] = MappingProxyType({"gain": 1, "split": 0})
"""C_API_FEATURE_IMPORTANCE_GAIN and _SPLIT: by how much the splits by a feature lowered the loss, and how many."""


class Booster:
    """A model in LightGBM's own memory, which is given back when nothing refers to this any more."""

    def __init__(self, text: str) -> None:
        """Read a text model; ModelError with LightGBM's own words if it is none, with ours if it is a damaged one."""
        body, handle = loadable(text), ctypes.c_void_p()
        _call("BoosterLoadModelFromString", body, ctypes.byref(ctypes.c_int()), ctypes.byref(handle))
        weakref.finalize(self, _call, "BoosterFree", handle)
        self._handle = handle
        self._count = self._number("BoosterGetNumFeature", ctypes.c_int())

    def features(self) -> list[str]:
        """Names in the order of the matrix."""
        longest = self._names(0, ())
        names = [ctypes.create_string_buffer(longest) for _ in range(self._count)]
        self._names(longest, [ctypes.cast(name, ctypes.c_char_p) for name in names])
        return [name.value.decode() for name in names]

    def predict(self, matrix: Floats) -> Floats:
        """Score f8[F, S] with one thread into f8[S], or f8[S, K] for K values a row."""
        values = feature_matrix(matrix, self._count)
        rows, asked = values.shape[1], (_NORMAL, _FROM_FIRST, _ALL)
        each = self._number("BoosterCalcNumPredict", ctypes.c_int64(), 1, *asked)
        out, length = np.empty((rows, each)), ctypes.c_int64()
        given = (_pointer(values), _FLOAT64, rows, self._count, _COLUMN_MAJOR)
        known = (*given, *asked, b"num_threads=1", ctypes.byref(length), _pointer(out))
        if rows:
            _call("BoosterPredictForMat", self._handle, *known)
        return out[:, 0] if each == 1 else out

    def importance(self, measure: str) -> Floats:
        """By one of the measures, f8[F]."""
        out = np.empty(self._count)
        _call("BoosterFeatureImportance", self._handle, _ALL, MEASURES[measure], _pointer(out))
        return out

    def _names(self, room: int, names: Sequence[ctypes.c_char_p]) -> int:
        """Write names of at most `room` bytes; return how many the longest has."""
        length, longest, pointers = ctypes.c_int(), ctypes.c_size_t(), (ctypes.c_char_p * len(names))(*names)
        known = (ctypes.byref(length), ctypes.c_size_t(room), ctypes.byref(longest))
        _call("BoosterGetFeatureNames", self._handle, len(names), *known, pointers)
        return longest.value

    def _number(self, function: str, out: Any, *arguments: Any) -> int:
        _call(function, self._handle, *arguments, ctypes.byref(out))
        return int(out.value)


def parameter_names() -> frozenset[str]:
    """Every parameter LightGBM knows, by its first name: beside that one it would ignore an alias."""
    room, wanted = ctypes.create_string_buffer(_ALIASES_BYTES), ctypes.c_int64()
    _call("DumpParamAliases", ctypes.c_int64(_ALIASES_BYTES), ctypes.byref(wanted), room)
    return frozenset(json.loads(room.value))


def _pointer(values: Floats) -> ctypes.c_void_p:
    return values.ctypes.data_as(ctypes.c_void_p)


def _call(function: str, *arguments: Any) -> None:
    """ModelError with what LightGBM says went wrong."""
    if getattr(_library(), f"LGBM_{function}")(*arguments):
        raise ModelError(f"LightGBM: {_library().LGBM_GetLastError().decode(errors='replace')}")


@cache
def _library() -> ctypes.CDLL:
    found = find_spec("lightgbm")
    folders = [Path(folder) for folder in (found.submodule_search_locations or ())] if found else []
    for path in (folder / "lib" / "lib_lightgbm.so" for folder in folders):
        if path.is_file():
            library = _opened(path)
            library.LGBM_GetLastError.restype = ctypes.c_char_p
            return library
    raise ModelError("LightGBM's library is not there; install it with: pip install -r requirements/run.lock")


def _opened(path: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ModelError(
            f"LightGBM's library {path} does not load: {error}; it needs the OpenMP runtime libgomp1"
            " (Debian, Ubuntu: apt-get install libgomp1)"
        ) from error
