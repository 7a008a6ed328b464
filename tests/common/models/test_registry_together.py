"""Several writers at once: nothing is lost, nothing is numbered twice."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any

from common.errors import BundleError, RegistryError
from common.models.bundle import Bundle
from common.models.records import Serving
from common.models.registry import Registry
from tests.common.models.mortal import VERBS, apply
from tests.common.models.remembered import serving
from tests.common.models.sample_bundle import draft, sketch

WRITERS = 4
EACH = 5
MOST = 10


def _write(root: Path, barrier: Barrier, writer: int) -> None:
    """Open, register and promote, all at the same time as the others."""
    barrier.wait()
    with Registry(root, clock=lambda: 1, timeout_s=60.0) as registry:
        for number in range(EACH):
            bundle = Bundle.make(draft(scores={"seed": float(writer * EACH + number)}), {})
            ref = registry.add(bundle, author=f"writer-{writer}")
            registry.promote("sp500", "champion", ref.name, ref.version, by=f"writer-{writer}", why="")


def test_writers_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """Every version is there once, and the history is a chain: each change starts where the last one ended."""
    barrier = Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(_write, tmp_path, barrier, writer) for writer in range(WRITERS)]:
            done.result()
    with Registry(tmp_path, clock=lambda: 1, read_only=True) as registry:
        assert [row.ref.version for row in registry.models()] == list(range(1, WRITERS * EACH + 1))
        changes = registry.history("sp500")
        assert len(changes) == WRITERS * EACH
        assert [change.source for change in changes] == [None, *(change.target for change in changes[:-1])]
        last = changes[-1].target
        assert last is not None
        assert registry.resolve("sp500", "champion").version == last[1]


def _add_again(root: Path, barrier: Barrier) -> None:
    barrier.wait()
    with Registry(root, clock=lambda: 1, timeout_s=60.0) as registry:
        for _ in range(5 * EACH):
            registry.add(sketch(), author="adder")


def _remove_again(root: Path, barrier: Barrier) -> None:
    barrier.wait()
    with Registry(root, clock=lambda: 1, timeout_s=60.0) as registry:
        for _ in range(5 * EACH):
            with suppress(RegistryError):
                registry.remove("demo", 1, by="remover", why="")


def test_who_adds_and_who_removes_agree(tmp_path: Path) -> None:
    """The same bundle comes and goes: it is on record with all its files, or not at all, and every change is told."""
    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, tmp_path, barrier) for work in (_add_again, _remove_again)]:
            done.result()
    with Registry(tmp_path, clock=lambda: 1) as registry:
        actions = [change.action for change in registry.history()]
        assert actions == [("register", "remove")[place % 2] for place in range(len(actions))]
        there = actions[-1] == "register"
        assert [row.ref.version for row in registry.models()] == [1] * there
        assert (registry.bundles / sketch().digest).exists() is there
        if there:
            assert registry.load(registry.version("demo").ref) == sketch()


def _anything(root: Path, barrier: Barrier, writer: int) -> list[Serving]:
    """Changes of every kind, as the dice of the writer fall; what it said served."""
    dice, served = Random(writer), []  # noqa: S311  dice, not secrets
    with Registry(root, clock=lambda: 1, timeout_s=60.0) as registry:
        barrier.wait()
        for number in range(8 * EACH):
            change = _draw(dice)
            with suppress(RegistryError, BundleError):  # somebody else removed what was just there
                apply(registry, change)
                served += [serving(*change[1:])] if change[0] == "serve" else []
            if number % 10 == writer:
                registry.sweep()
    return served


def _draw(dice: Random) -> list[Any]:
    version, instance = dice.randint(1, MOST), dice.choice(["sp500", "crypto"])
    drawn: dict[str, tuple[Any, ...]] = {
        "add": ("demo", dice.randrange(MOST)),
        "receive": ("demo", dice.randrange(MOST)),
        "promote": (instance, "champion", "demo", version, dice.random() < 0.2),
        "rollback": (instance, "champion"),
        "remove": ("demo", version),
        "retire": (instance, "champion"),
        "halt": (instance,),
        "serve": (instance, dice.randint(1, 9), "demo", version),
        "sign": ("demo", version),
    }
    verb = dice.choice(sorted(VERBS))
    return [verb, *drawn[verb]]


def test_all_changes_at_once_are_a_history(tmp_path: Path) -> None:
    """Row after row leads from nothing to what is on record: no alias to a version that was gone then, none lost."""
    barrier = Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS) as pool:
        done = [pool.submit(_anything, tmp_path, barrier, writer) for writer in range(WRITERS)]
        told = [each.result() for each in done]
    with Registry(tmp_path, clock=lambda: 1) as registry:
        there: set[tuple[str, int] | None] = set()
        aliases: dict[str | None, tuple[str, int] | None] = {}
        for row in registry.history():
            there |= {row.target} if row.action == "register" else set()
            there -= {row.source} if row.action == "remove" else set()
            if row.action in {"promote", "rollback"}:
                assert row.source == aliases.get(row.instance)
                assert row.target in there
                aliases[row.instance] = row.target
            if row.action == "retire":
                assert row.source == aliases.pop(row.instance)
            assert set(aliases.values()) <= there
        # Which of the others go through is for who comes first to say: a rollback needs somewhere to go.
        actions = {row.action for row in registry.history()}
        assert (
            {"register", "promote", "halt"}
            <= actions
            <= {"register", "promote", "rollback", "remove", "retire", "halt"}
        )
        assert {row.ref.key for row in registry.models()} == there
        assert {row.instance: row.ref.key for row in registry.aliases()} == aliases
        count = registry._connection.row("SELECT count(*) FROM serving")
        assert count == (sum(map(len, told)),)
        assert all(registry.load(row.ref).digest == row.ref.digest for row in registry.models())
        registry.sweep()
        digests = {row.ref.digest for row in registry.models()}
        assert {path.name for path in registry.bundles.iterdir() if path.is_dir()} == digests
