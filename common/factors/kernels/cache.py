"""Machine code on disk, in a folder whose name is the digest of everything that made it.

numba's own cache stamps a kernel with the hash of the file it stands in, so an edited function in another file is not
noticed and old bits are served. Here the folder is keyed by all sources at once, and the stamp is the folder's name.
The cache is set on each dispatcher: neither the environment nor numba's configuration is touched, so other users of
numba in the same process keep their own settings.
"""

import contextlib
from pathlib import Path
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator


class _FolderLocator(_CacheLocator):
    """Tells numba to keep one function's machine code in a given folder."""

    def __init__(self, function: Any, folder: Path) -> None:
        self._function = function
        self._folder = folder

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._folder.name

    def get_disambiguator(self) -> str:
        return str(self._function.__code__.co_firstlineno)


def cache_in(folder: Path, dispatcher: Any) -> None:
    """Let `dispatcher` load its machine code from `folder`, and save there what it has to compile."""

    class Locator(_FolderLocator):
        @classmethod
        def from_function(cls, py_func: Any, py_file: str) -> "_FolderLocator":
            del py_file
            return _FolderLocator(py_func, folder)

    class Implementation(CompileResultCacheImpl):
        def __init__(self, py_func: Any) -> None:
            self._locator_classes = [Locator]
            super().__init__(py_func)  # type: ignore[no-untyped-call]

    class Cache(FunctionCache):
        _impl_class = Implementation

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            """Load one; a damaged file counts as none, and is compiled and written anew."""
            try:
                return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
            except Exception:  # noqa: BLE001  unpickling raises anything
                return None

        def save_overload(self, sig: Any, data: Any) -> None:
            """Save one; where the folder cannot be written to, the next start is slow and that is all."""
            with contextlib.suppress(OSError):
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]

    dispatcher._cache = Cache(dispatcher.py_func)  # type: ignore[no-untyped-call]  # noqa: SLF001  numba has no public setter
