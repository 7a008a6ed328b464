"""What a promotion says of what is to come, with and without a running instance, and what `--wait` returns."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.models.records import Event
from common.models.registry import Registry
from scripts.models.outlook import Ground
from scripts.premises import Premises
from tests.common.models.sample_bundle import make_bundle
from tests.scripts.listener import listening
from tests.scripts.models.asking import answer, run
from tests.scripts.models.configuring import config_file

MET = "own/inference_worker.ask"
PROMOTION = ("promote", "demo", "--instance", "own", "--why", "x")


@pytest.fixture
def run_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of sockets with a short path; in it nobody listens."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("ALPHABUS_RUN_DIR", folder)
        yield Path(folder)


def swap(registry: str, action: str, why: str = "") -> None:
    """Put on record that a worker took the second version over, or did not."""
    with Registry(Path(registry), clock=lambda: 9) as models:
        event = Event(action, "own", "champion", "champion", ("demo", 1), ("demo", 2))  # type: ignore[arg-type]
        models.record(event, by="inference_worker", why=why)


def test_without_a_running_instance_its_start_is_what_counts(
    two: tuple[str, str], run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is waited for, though it was asked: nobody would ever say anything."""
    assert run_dir.is_dir()
    found = answer(tmp_path, *PROMOTION, "--version", "1", "--wait", "60", *two)
    assert (found["runs"], found["outcome"]) == (False, None)
    told = capsys.readouterr().err
    assert "own/champion is now demo/1" in told
    assert "instance own does not run here: it serves demo/1 from its next start on" in told


def test_a_running_worker_takes_over_later(
    two: tuple[str, str], run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The version before serves until then; the verb to follow it is named."""
    with listening(run_dir / MET):
        assert answer(tmp_path, *PROMOTION, "--version", "1", *two)["runs"]
        told = capsys.readouterr().err
        assert "once it is proven; demo/2 serves until then" in told
        assert "python -m scripts.models history --instance own" in told
        assert answer(tmp_path, "rollback", "--instance", "own", "--why", "x", *two)["runs"]
        assert "once it is proven; demo/1 serves until then" in capsys.readouterr().err


def test_other_factors_are_built_first(
    two: tuple[str, str], run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which plan that is, and after how many bars it is warm; a configuration whose set it is knows it already."""
    with Registry(Path(two[1]), clock=lambda: 9) as models:
        other = models.add(make_bundle(), author="ann")
    with listening(run_dir / MET):
        assert run("models", "promote", other.name, "--instance", "own", "--why", "x", *two) == 0
    told = capsys.readouterr().err
    assert "needs factors that the running instance does not compute yet" in told
    assert "warm after" in told
    with Registry(Path(two[1]), clock=lambda: 9) as models:
        plan = models.load(models.version("demo", 1).ref).manifest.factor_set.plan
        for path, known in ((config_file(tmp_path / "basic", instance="new"), True), (None, False)):
            premises = Premises.of(path, Path(two[1]), instance="new")
            assert (plan in Ground.of(models, premises, "champion").plans) is known


def test_waiting_tells_by_its_status(
    two: tuple[str, str], run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 while nothing is heard and when it is refused, with the reason; 0 once it serves."""
    waited = (*PROMOTION, "--version", "2", "--wait", "0.05", *two)
    with listening(run_dir / MET):
        assert answer(tmp_path, *waited, "--again", status=1)["outcome"] == "waiting"
        assert "does not serve own/champion (waiting): neither a swap nor a refusal" in capsys.readouterr().err
        swap(two[1], "swap_failed", "golden outputs differ")
        assert answer(tmp_path, *waited, status=1)["detail"] == "golden outputs differ"
        assert "(refused): golden outputs differ" in capsys.readouterr().err
        assert run("models", *PROMOTION, "--version", "2", "--again", *two) == 0
        swap(two[1], "swap")
        assert answer(tmp_path, *waited)["outcome"] == "served"
        assert "demo/2 serves own: champion" in capsys.readouterr().err
