"""A model on record on the command line: found, promoted and told, or refused before anything is changed."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from common.config import load_config
from common.factors.plan import compile_set
from common.factors.sets import load_set
from common.market.sample import sample_market
from common.models.manifest import FactorRecord, Span
from common.models.records import Event, ModelRef
from common.models.registry import Registry
from common.models.signature import make_key
from common.replay.on_record import OnRecord
from common.replay.preparation import Prepared, Wish
from scripts import replay, up
from scripts.choice import chosen, crown, equipped, set_file
from scripts.command import main
from scripts.premises import Premises
from tests.scripts.models.configuring import config_file
from tests.services.cluster import toy_bundle
from tests.services.markets import TOY_SET

SCRIPTS = {"replay": replay.app, "up": up.app}
MEAN = "mean=tests.common.models.own_kind:MeanModel"
OWN_SET = """\
from common.factors.own_operators import window_operator

@window_operator("half(x, window)")
def half(values):
    return values[-1] / 2

operators = [half]
label = "ts_delay(close, -1) / close - 1"
factors = {"return_1": "half(close, 2)", "mean_3": "close", "rank": "volume"}
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars, and a registry with two versions of `demo`, one model of an own operator, and one of a shorter market."""
    folder = tmp_path_factory.mktemp("shelf")
    sample_market(symbols=20, days=90).write_parquet(folder / "bars.parquet")
    record = FactorRecord("own", "0" * 64, TOY_SET.factors, operators=("half",))
    with Registry(folder / "registry", clock=lambda: 0) as models:
        for seed in (7, 8):
            models.add(toy_bundle(seed=seed), author="test")
        models.add(toy_bundle(name="coded", factor_set=record), author="test")
    return folder


@pytest.fixture
def folder(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, where the commands are run."""
    shutil.copytree(shelf, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(name: str, *arguments: str) -> int:
    """Exit status of a command run in this process."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(SCRIPTS[name], name, ["--bars", "bars.parquet", "--out", "out", *arguments]))
    return int(ended.value.code or 0)


def said(text: str) -> str:
    """What people read, without the frame that typer draws, and folds into."""
    return " ".join(text.replace("│", " ").split())


@dataclass(frozen=True, slots=True)
class Refused:
    """Arguments, exit status, and words of the message."""

    arguments: tuple[str, ...]
    status: int
    words: str


REFUSALS = {
    "unknown": Refused(("--model", "dmeo"), 2, "--model (MODEL=): there is no model 'dmeo'; did you mean 'demo'?"),
    "version": Refused(("--model", "demo/7"), 2, "model 'demo' has no version 7; its versions are 1 to 2"),
    "text": Refused(("--model", "demo/new"), 2, "'demo/new' is not NAME or NAME/VERSION"),
    "registry": Refused(("--model", "demo", "--registry", "nowhere"), 1, "there is no registry"),
    "set": Refused(("--model", "demo", "--set", "basic"), 2, "with factor set 'toy', not 'basic'"),
    "code": Refused(
        ("--model", "coded"), 2, "calls half, code that only that set's file has: name the file with --set"
    ),
    "unsigned": Refused(("--model", "demo", "--key", "key"), 1, "is not signed"),
    "key": Refused(("--model", "demo", "--key", "nowhere.key"), 2, "nowhere.key cannot be read"),
    "damaged": Refused(("--model", "demo/1"), 1, "golden_inputs.npy has 1 bytes"),
    "after": Refused(("--model", "demo", "--split", "2031-01-01"), 2, "lies after the last bar"),
}


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name in SCRIPTS for case in REFUSALS if (name, case) != ("up", "after")]
)
def test_what_cannot_serve_is_refused(name: str, case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do; nothing is promoted, and no folder of results is made."""
    make_key(folder / "key")
    with Registry(folder / "registry", clock=lambda: 0, read_only=True) as models:
        (models.folder(models.version("demo", 1).ref) / "golden_inputs.npy").write_bytes(b"x")
    refused = REFUSALS[case]
    registry = () if "--registry" in refused.arguments else ("--registry", "registry")
    assert run(name, *refused.arguments, *registry) == refused.status
    assert refused.words in said(capsys.readouterr().err)
    with Registry(folder / "registry", clock=lambda: 0, read_only=True) as models:
        assert models.aliases() == []
    assert not (folder / "out").exists()


def taken(folder: Path, model: str, split: str | None = None) -> tuple[Prepared, str]:
    """What a replay with this model starts from, and what it told."""
    people = Console(file=io.StringIO(), width=300)
    premises = Premises.of(None, folder / "registry")
    wish = equipped(Wish(folder / "bars.parquet", folder / "out", split=split, instance="x"), premises, None, None)
    prepared = replay.take(wish, chosen(model, None, premises, None), people)
    assert isinstance(people.file, io.StringIO)
    return prepared, said(people.file.getvalue())


def test_the_newest_version_is_promoted_and_its_set_configured(folder: Path) -> None:
    """A set that no file has, too: what the engine loads is the plan the model was made with."""
    prepared, told = taken(folder, "demo")
    with Registry(folder / "registry", clock=lambda: 0, read_only=True) as models:
        assert models.resolve("x", "champion") == prepared.trained.ref == models.version("demo", 2).ref
    config = load_config(prepared.config_file)
    assert compile_set(load_set(config.factors.set)).digest == compile_set(TOY_SET).digest
    assert config.factors.name == "toy"
    assert "model demo/2 (on record)" in told
    assert "factor set toy" in told
    assert "is promoted over" not in told


def test_what_is_promoted_over_what_is_told(folder: Path) -> None:
    """Once: who is champion already is not promoted over itself."""
    taken(folder, "demo/1")
    assert (
        "champion of x: demo/2 is promoted over demo/1, which was it; to have that one back" in taken(folder, "demo")[1]
    )
    assert "is promoted over" not in taken(folder, "demo/2")[1]


def test_training_over_another_champion_is_told(folder: Path) -> None:
    """A replay that trains says whose place its model takes, and how to have that back."""
    (folder / "quick.toml").write_text(f"label = '{TOY_SET.label}'\n[factors]\nup = 'close > open'\n", "utf-8")
    taken(folder, "demo/1")
    wish = Wish(folder / "bars.parquet", folder / "out", instance="x", registry=folder / "registry")
    wish = replace(wish, factor_set=str(folder / "quick.toml"))
    people = Console(file=io.StringIO(), width=300)
    replay.train_for(wish, people)
    assert isinstance(people.file, io.StringIO)
    told = said(people.file.getvalue())
    assert "champion of x: x/1 is promoted over demo/1, which was it" in told
    assert "--model demo/1 (MODEL=demo/1)" in told
    again = Console(file=io.StringIO(), width=300)
    replay.train_for(wish, again)
    assert isinstance(again.file, io.StringIO)
    assert "is promoted over" not in again.file.getvalue()


def test_signals_that_are_no_evidence_are_counted(folder: Path) -> None:
    """Where the split lies inside what the model was made of."""
    days = [int(each) for each in taken(folder, "demo")[0].table.times]
    spans = {"training": Span(days[0], days[49], 50), "validation": Span(days[50], days[69], 20)}
    with Registry(folder / "registry", clock=lambda: 0) as models:
        models.add(toy_bundle(spans=spans), author="test")
    prepared, told = taken(folder, "demo/3")
    assert (prepared.split.history, "warning" in told) == (71, False)
    stamp = prepared.table.frame["stamp"].unique().sort()[60]
    _, told = taken(folder, "demo/3", split=str(_date(stamp)))
    assert "warning: 10 of 30 replayed times lie within what demo/3 was trained and validated on" in told


def _date(stamp: int) -> str:
    return datetime.fromtimestamp(stamp / 1e9, UTC).date().isoformat()


def test_a_configuration_says_registry_key_kinds_and_set(folder: Path) -> None:
    """They go into the instance's own: what serves the model vouches for it with the same key."""
    (folder / "half.py").write_text(OWN_SET, encoding="utf-8")
    key = make_key(folder / "key")
    own = load_set(str(folder / "half.py"))
    record = FactorRecord("half", compile_set(own).digest.hex(), own.factors, operators=("half",))
    with Registry(folder / "registry", clock=lambda: 0, key=key) as models:
        models.add(toy_bundle(name="half", factor_set=record), author="test")
    config = config_file(
        folder / "serving", registry=str(folder / "registry"), key=str(folder / "key"), kinds=[MEAN],
        factors={"set": str(folder / "half.py")},
    )  # fmt: skip
    premises = Premises.of(config, None)
    wish = equipped(Wish(folder / "bars.parquet", folder / "out", instance="x"), premises, config, None)
    found = chosen("half", None, premises, config)
    assert found.named == str(folder / "half.py")
    prepared = replay.take(wish, found, Console(file=io.StringIO()))
    made = load_config(prepared.config_file)
    assert (made.registry, made.key, made.kinds) == (folder / "registry", folder / "key", (MEAN,))
    assert made.factors.set == str(folder / "half.py")


def test_up_serves_the_model_that_is_named(folder: Path) -> None:
    """Promoted over the champion it had, its set configured; the next start without a name finds it."""
    premises = Premises.of(None, folder / "registry")
    wish = equipped(Wish(folder / "bars.parquet", folder / "out", instance="x", pace_s=1.0), premises, None, None)
    people = Console(file=io.StringIO(), width=300)
    config, file, ref = up.prepare(wish, 1, chosen("demo/1", None, premises, None), people)
    assert (ref.key, load_config(file)) == (("demo", 1), config)
    assert compile_set(load_set(config.factors.set)).digest == compile_set(TOY_SET).digest
    _, _, second = up.prepare(wish, 1, chosen("demo", None, premises, None), people)
    assert isinstance(people.file, io.StringIO)
    assert "champion of x: demo/2 is promoted over demo/1" in said(people.file.getvalue())
    assert up.prepare(wish, 1, None, people)[2] == second


def test_crown_promotes_once(folder: Path) -> None:
    """The same champion again is no row of history."""
    premises = Premises.of(None, folder / "registry")
    model: OnRecord = chosen("demo/1", None, premises, None)
    wish = equipped(Wish(folder / "bars.parquet", folder / "out", instance="x"), premises, None, None)
    config = replay.take(wish, model, Console(file=io.StringIO())).config
    crown(model, config, "again", Console(file=io.StringIO()))
    with Registry(folder / "registry", clock=lambda: 0, read_only=True) as models:
        rows = models.history("x", "champion")
    assert [(row.action, row.target) for row in rows] == [("promote", ("demo", 1))]
    assert rows[0].why == f"to replay {folder / 'bars.parquet'}"
    assert ModelRef("demo", 1, model.ref.digest) == model.ref


def test_a_champion_that_failed_before_is_tried_again(folder: Path) -> None:
    """A worker goes on with what served before until the history says that the version is wanted once more."""
    premises = Premises.of(None, folder / "registry")
    model = chosen("demo/1", None, premises, None)
    config = taken(folder, "demo/1")[0].config
    failed = Event("swap_failed", "x", "champion", "champion", ("demo", 2), ("demo", 1))
    with Registry(folder / "registry", clock=lambda: 0) as models:
        models.record(failed, by="inference_worker", why="it never spoke")
    crown(model, config, "mended", Console(file=io.StringIO()))
    crown(model, config, "once is enough", Console(file=io.StringIO()))
    with Registry(folder / "registry", clock=lambda: 0, read_only=True) as models:
        changes = [row for row in models.history("x", "champion") if row.action == "promote"]
    assert [row.why for row in changes][1:] == ["mended"]


def test_only_a_set_of_ones_own_is_a_file() -> None:
    """What a run reads may not be what it removes; a shipped set is no file of the user's."""
    assert set_file("mine.toml") == {"--set": Path("mine.toml")}
    assert set_file("basic") == set_file(None) == {}
