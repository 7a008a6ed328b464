"""Libraries that only some kinds of model need: imported where they are used, missed in words."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from common.errors import ModelError

# Which of the requirements brings a library, by the first part of the module's name.
BROUGHT_BY: Mapping[str, str] = MappingProxyType(
    {
        "lightgbm": "requirements/run.lock",
        "plotly": "requirements/research.lock",
        "safetensors": "requirements/mlp.lock",
        "sklearn": "requirements/research.lock",
        "threadpoolctl": "requirements/research.lock",
        "torch": "requirements/torch.txt",
    }
)


def library(name: str) -> Any:
    """Import a module by its dotted name; ModelError with the line that installs it if it is not there."""
    try:
        return import_module(name)
    except (ImportError, OSError) as error:
        wanted = name.partition(".")[0]
        raise ModelError(
            f"{wanted} cannot be imported ({error}); install it with: pip install -r {BROUGHT_BY[wanted]}"
        ) from error
