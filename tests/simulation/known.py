"""What is worked out once for all seeds, though every start of a process asks for it: plans and manifests (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any
from unittest.mock import patch

import common.models.bundle
import services.factor_engine.service
import services.factor_engine.wishes
from common.factors.plan import compile_set
from common.models.manifest import decode_manifest

FUNCTIONS: Mapping[Callable[..., Any], tuple[ModuleType, ...]] = {
    compile_set: (services.factor_engine.service, services.factor_engine.wishes),
    decode_manifest: (common.models.bundle,),
}
"""Functions of frozen values, and the modules that ask them."""
REMEMBERED = 20


class Known:
    """What they answered; there are as many factor sets and bundles as the cast has."""

    def __init__(self) -> None:
        self._known = {function: lru_cache(REMEMBERED)(function) for function in FUNCTIONS}

    @contextmanager
    def remembered(self) -> Iterator[None]:
        """Within it whoever asks for the same again gets the same again."""
        with ExitStack() as stack:
            for function, modules in FUNCTIONS.items():
                for module in modules:
                    stack.enter_context(patch.object(module, function.__name__, self._known[function]))
            yield
