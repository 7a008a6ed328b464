"""`history` and `served`."""

from pathlib import Path

from common.models.records import Serving
from common.models.registry import Registry
from tests.scripts.models.asking import answer, run


def test_who_served_is_told(two: tuple[str, str], tmp_path: Path) -> None:
    """From which bar on, of which journal."""
    with Registry(Path(two[1]), clock=lambda: 1) as registry:
        registry.record_serving(Serving("own", b"j" * 16, "live", "champion", 5, 50, "demo", 2))
    found = answer(tmp_path, "served", "--instance", "own", "--bar", "7", *two)
    assert (found["version"], found["bar"], found["journal"]) == (2, 5, (b"j" * 16).hex())
    assert run("models", "served", "--instance", "own", "--bar", "4", *two) == 1
