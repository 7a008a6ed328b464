"""Questions that are messages and make no sense, at all five services: each is answered, none ends a process."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from alphabus.codec import decode, encode
from alphabus.endpoints import SERVICES, Endpoints
from alphabus.inlet import STALE_NS
from alphabus.messages import Acknowledge, Delivery, Reply, Request
from alphabus.security.roles import ASKED
from services.inference_worker.control import VERBS
from tests.services.cluster import MS, Cluster, toy_config, toy_registry
from tests.services.markets import toy_market

ENDPOINTS = Endpoints(Path("/memory"), "test")
NUMBERS = [0, 1, -1, 5, 18, 19, 255, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1, -(2**31), -(2**63)]
TEXTS = [
    "", "champion", "blend", "*", "\u00e9", "x" * 300, "x" * 5000, "\0", "a\nb", "../..", "precomputed",
    "test/bars/", "test/announcements/", "test/signals/champion/", "test/signals/\u00e9/",
]  # fmt: skip
NAMES = ["topic", "journal", "bar", "arm", "time", "from", "to", "why", "by", "x"]
WORDS = [*ASKED, *VERBS, "x" * 32, ""]


class Odd:
    """Draws questions: most have the arguments their verb takes, with odd values; the others whatever there is."""

    def __init__(self, seed: int, journal: bytes) -> None:
        self._dice = Random(seed)  # noqa: S311  seeded, to be repeatable
        self._binary = [b"", bytes(16), journal, b"x" * 1000]

    def request(self, number: int) -> Request:
        """The next one."""
        verb = self._dice.choice(WORDS)
        arguments = self._sensible(verb) if self._dice.random() < 0.7 else self._any()
        return Request(number, verb, arguments)

    def _sensible(self, verb: str) -> dict[str, Any]:
        numbers, choose = NUMBERS, self._dice.choice
        taken: dict[str, dict[str, Any]] = {
            "replay": {"topic": choose(TEXTS), "journal": choose(self._binary), "bar": choose(numbers)},
            "at": {"time": choose(numbers)},
            "history": {"from": choose(numbers), "to": choose(numbers), "journal": choose(self._binary)},
        }
        return taken.get(verb, {}) | ({"arm": "champion"} if self._dice.random() < 0.8 else {})

    def _any(self) -> dict[str, Any]:
        names = self._dice.sample(NAMES, self._dice.randrange(6))
        kinds: list[list[Any]] = [NUMBERS, TEXTS, self._binary]
        return {name: self._dice.choice(self._dice.choice(kinds)) for name in names}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """All five at the end of a run, with a record."""
    folder = tmp_path_factory.mktemp("odd")
    made = Cluster(toy_config(folder, toy_registry(folder / "registry")), toy_market(3, history=4, live=14))
    made.run()
    return made


@pytest.mark.parametrize("name", SERVICES)
def test_every_odd_question_is_answered(cluster: Cluster, name: str) -> None:
    """Six hundred by seed: each gets a reply with its number, and whoever was asked goes on."""
    service = cluster.services[name]
    odd, kinds = Odd(SERVICES.index(name), cluster.services["bar_feed"].journal), set()
    for number in range(600):
        request = odd.request(number)
        error = asked(cluster, name, request)
        kinds.add((request.verb, error is None))
    refusals = service.outlet.refusals
    assert refusals > 100
    assert {"replay", "status"} <= {verb for verb, answered in kinds if answered}
    for _ in range(3):  # the next sign of life says how many
        cluster.round(400 * MS)
    assert service.counters.snapshot()["questions_refused"] >= refusals
    assert not [told for told in cluster.refused if told.startswith("ask")], "every refusal was foreseen"


def asked(cluster: Cluster, name: str, request: Request) -> str | None:
    """What the reply says is wrong with a question; fails when there is no reply."""
    link = cluster.services["monitor"].context.bus.transport.requester(ENDPOINTS.asked(name))
    link.send(encode(Delivery("test/ask/", 0, 0, 0, request)))
    cluster.services[name].run_once()
    frames = link.receive()
    link.close()
    assert frames is not None, f"no answer to {request}"
    reply = decode(frames).message
    assert isinstance(reply, Reply)
    assert reply.id == request.id
    return reply.error


@pytest.mark.parametrize("name", SERVICES)
def test_no_acknowledgement_ends_a_process(tmp_path: Path, name: str) -> None:
    """Of whatever consumer, topic, journal and bar, also one that is far ahead of everything; none is answered."""
    feed = {"retention": {"max_days": 1e-9, "keep_sections": 14}}
    config = toy_config(
        tmp_path, toy_registry(tmp_path / "registry"), feed=feed, factors={"set": "toy", "snapshot_sections": 10}
    )
    cluster, dice = Cluster(config, toy_market(3, history=4, live=14)), Random(SERVICES.index(name))  # noqa: S311  seeded
    for _ in range(10):
        cluster.round(20 * MS)
    journals, bars = (cluster.services["bar_feed"].journal, bytes(16)), [n for n in NUMBERS if 0 <= n < 2**63]
    topics = [text for text in TEXTS if text.isascii() and text.isprintable() and len(text) <= 256]
    link = cluster.services["monitor"].context.bus.transport.requester(ENDPOINTS.asked(name))
    for _ in range(200):
        said = Acknowledge(dice.choice(SERVICES), dice.choice(topics), dice.choice(journals), dice.choice(bars))
        link.send(encode(Delivery("test/ask/", 0, 0, 0, said)))
        cluster.services[name].run_once()
    for _ in range(30):
        cluster.round(20 * MS)
    assert link.receive() is None
    cluster.close()


FOLLOWED = {
    "bar_feed": set[str](),
    "factor_engine": {"bar_feed"},
    "inference_worker": {"bar_feed", "factor_engine", "signal_cache"},
    "signal_cache": {"inference_worker"},
    "monitor": {"inference_worker"},
}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_tells_of_its_links(cluster: Cluster, name: str) -> None:
    """Whom it follows, and that nothing is missing; once they fall silent, that."""
    service = cluster.services[name]
    assert service.links == dict.fromkeys(FOLLOWED[name], "current")
    cluster.clock.advance(STALE_NS + 1)
    assert service.links == dict.fromkeys(FOLLOWED[name], "stale")
    for _ in range(3):
        cluster.round(400 * MS)
    assert service.links == dict.fromkeys(FOLLOWED[name], "current")


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a topic that is not ASCII": ("replay", {"topic": "test/signals/\u00e9/"}, "topic: "),
    "a topic over the limit": ("replay", {"topic": "x" * 257}, "of at most 256 characters"),
    "a control character": ("replay", {"topic": "test/\n/"}, "is not printable ASCII"),
    "no topic": ("replay", {"topic": 3}, "topic: 3 is not printable ASCII"),
    "a negative bar": ("replay", {"bar": -5}, "bar: -5 is not a whole number in [0, 9223372036854775808)"),
    "a bar of 64 bits": ("replay", {"bar": 2**64 - 1}, "bar: 18446744073709551615 is not"),
    "a journal of another length": ("replay", {"journal": b"x"}, "journal: b'x' is not 16 bytes"),
    "a journal of no bytes at all": ("replay", {"journal": 0}, "journal: 0 is not 16 bytes"),
    "a page of less than nothing": ("replay", {"bytes": -1}, "bytes: -1 is not a whole number"),
    "a page without a size": ("replay", {"bytes": "many"}, "bytes: 'many' is not a whole number"),
    "a time of 64 bits": ("at", {"time": 2**63}, "time: 9223372036854775808 is not"),
    "a time that is text": ("at", {"time": "now"}, "time: 'now' is not"),
    "a first bar of 64 bits": ("history", {"from": 2**63}, "from: 9223372036854775808 is not"),
    "a numbering of another length": ("history", {"journal": b"x"}, "journal: b'x' is not 16 bytes"),
    "a last bar that is text": ("history", {"to": "x"}, "to: 'x' is not"),
}
RIGHT: dict[str, Any] = {"topic": "test/signals/champion/", "journal": b"", "bar": 0}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_is_named(cluster: Cluster, case: str) -> None:
    """Verb, argument, value, and what it would have to be."""
    verb, wrong, said = WRONG[case]
    right: dict[str, Any] = RIGHT if verb == "replay" else {"arm": "champion", "time": 0}
    arguments = right | wrong
    name = "signal_cache"
    error = asked(cluster, name, Request(7, verb, arguments))
    assert error is not None
    assert error.startswith(f"{verb}: ")
    assert said in error
