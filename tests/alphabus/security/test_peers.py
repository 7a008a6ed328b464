"""Who came in may do what its role allows and no more, on real sockets, and must leave when it floods or is removed."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from alphabus.codec import encode
from alphabus.messages import Acknowledge, EndOfStream, Mode, Request, Signals
from alphabus.security.roles import ASKED, ROLES
from alphabus.security.subscriptions import MAX_SUBSCRIPTIONS
from tests.alphabus.examples import EXAMPLES, delivery
from tests.alphabus.links import SERVICE, Reader, Stage
from tests.alphabus.security.doors import Site, raw, site, wear
from tests.alphabus.security.tapes import Tape, recorded

BARS = "t/bars/"


def answer_to(made: Site, name: str, stage: Stage, verb: str, **arguments: int | str | bytes) -> str | None:
    """The error a question gets, None when it was answered."""
    reader = made.reader(name, stage)
    question = reader.inlet.request(verb, **arguments)
    reader.until(lambda: question in reader.inlet._questions._answers, stage)
    found = reader.inlet.answer(question)
    assert found is not None
    return found[0].error


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_ask(tmp_path: Path, role: str) -> None:
    """Everybody on the list may ask; only an operator may command; the refusal says who may what, and is counted."""
    with site(tmp_path) as made:
        stage = made.stage()
        stage.publish(1)
        assert answer_to(made, role, stage, "latest") is None
        error = answer_to(made, role, stage, "halt")
        if role == "operator":
            assert error == "no verb 'halt'"  # it reached the stage, which has none
            assert made.told.events == []
        else:
            assert error == f"refused: role {role} may ask {' '.join(ASKED)}, not 'halt'"
            assert [found["peer"] for found in made.told.of("peer_denied")] == [role]


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_have_replayed(tmp_path: Path, role: str) -> None:
    """A client the signals; bars and factors only those who compute, watch or operate."""
    with site(tmp_path) as made:
        stage = made.stage()
        errors = {
            topic: answer_to(made, role, stage, "replay", topic=topic, journal=b"", bar=0)
            for topic in ("t/signals/other/", BARS, "t/factors/basic.0/")
        }
        refused = [topic for topic, error in errors.items() if error is not None and error.startswith("refused: ")]
        assert refused == ([BARS, "t/factors/basic.0/"] if role == "client" else [])


@pytest.mark.parametrize("role", ROLES)
def test_who_may_acknowledge(tmp_path: Path, role: str) -> None:
    """Three stages, each for itself: else a stranger to the path could make a writer forget what others lack."""
    with site(tmp_path) as made:
        stage = made.stage()
        reader = made.reader(role, stage)
        for consumer in ("signal_cache", role):
            reader.inlet._send(Acknowledge(consumer, stage.topic, bytes(16), 7))
        may = ROLES[role].acknowledges
        reader.until(lambda: len(stage.heard) + len(made.told.events) >= 2, stage)
        assert {message.consumer for message in stage.heard} == ({role} if may else set())
        assert len(made.told.of("peer_denied")) == 2 - len(stage.heard)


def test_nobody_publishes_at_the_asked_end(tmp_path: Path) -> None:
    """Whatever its role: a section, a reply, an end of the stream are not questions."""
    with site(tmp_path) as made:
        stage = made.stage()
        reader = made.reader("operator", stage)
        for message in (EXAMPLES[Signals], EndOfStream(bytes(16), 1, Mode.LIVE)):
            reader.inlet._send(message)
        reader.until(lambda: len(made.told.of("peer_denied")) == 2, stage)
        assert {found["why"] for found in made.told.of("peer_denied")} == {
            "nobody may send 'signals' here",
            "nobody may send 'end' here",
        }


def test_garbage_of_a_peer_is_counted_where_garbage_is(tmp_path: Path) -> None:
    """As over ipc; it is no question of roles."""
    with site(tmp_path) as made:
        stage = made.stage()
        reader = made.reader("client", stage)
        reader.inlet._ask.send([b"t/ask/", b"\x81", b""])
        reader.until(lambda: bool(stage.wire.refusals), stage)
        assert (stage.wire.refusals, made.told.events) == ([("ask", "header")], [])


def test_a_client_does_not_hear_bars(tmp_path: Path) -> None:
    """Nor everything at once: the subscription is not granted, and that is counted."""
    with site(tmp_path) as made:
        stage = made.stage()
        client = made.transport("client").subscriber(made.endpoints.live(SERVICE), [BARS, "", "t/sig", stage.topic])
        reader = made.reader("monitor", stage)
        stage.topic, topic = BARS, stage.topic
        reader.until(lambda: len(made.told.of("peer_denied")) == 3, stage)
        stage.outlet.publish(BARS, EXAMPLES[Signals])
        stage.outlet.publish(topic, EXAMPLES[Signals])
        assert isinstance(client.handle, zmq.Socket)
        assert client.handle.poll(20_000)
        frames = client.receive()
        assert frames is not None
        assert bytes(frames[0]).decode() == topic
        client.close()


def test_a_captured_conversation_sent_again_is_refused(tmp_path: Path) -> None:
    """Every byte a client sent, once more over a new connection: nothing in it reaches the stage."""
    with site(tmp_path) as made:
        stage = made.stage()
        with recorded(made.tcp[SERVICE][1]) as tape:
            heard = converse(made, stage, tape)
            assert heard == 1
            with socket.create_connection(tape.target) as again:
                again.settimeout(20.0)
                again.sendall(bytes(tape.sent))
                while again.recv(65536):  # until the server has enough of it and hangs up
                    stage.turn()
        assert len(stage.heard) == heard


def converse(made: Site, stage: Stage, tape: Tape) -> int:
    """An acknowledgement through the tape; how many were heard."""
    with raw(zmq.DEALER) as cache:
        wear(cache, made.pairs["signal_cache"], made.pairs[SERVICE].public)
        cache.connect(tape.address)
        message = Acknowledge("signal_cache", stage.topic, bytes(16), 7)
        cache.send_multipart(encode(delivery(message)))
        stage.wire.until(lambda: bool(stage.heard), stage.turn, lambda: stage.outlet.handles)
    return len(stage.heard)


def test_a_removed_peer_must_leave_at_once(tmp_path: Path) -> None:
    """It hears no more and is not heard; the others come back by themselves and miss nothing."""
    with site(tmp_path) as made:
        stage = made.stage()
        leaver, stayer = made.reader("client", stage), made.reader("trader-2", stage)
        stage.publish(2)
        for reader in (leaver, stayer):
            reader.until(lambda reader=reader: len(reader.bars) >= 2, stage)  # type: ignore[misc]
        made.list_peers("client")
        stage.turn()
        leaver.inlet.request("latest")
        stayer.until(lambda: bool(made.told.of("peer_denied")), stage)
        assert made.told.of("peer_denied")[0]["why"] == "not on the allow-list any more"
        stage.publish(3)
        stayer.until(lambda: len(stayer.bars) >= 5, stage)
        stayer.until(lambda: bool(made.told.of("stranger_refused")), stage)
        leaver.turn()
        assert (stayer.bars, leaver.bars) == ([1, 2, 3, 4, 5], [1, 2])


def test_a_new_peer_comes_in_at_once(tmp_path: Path) -> None:
    """The list is read again when it has changed."""
    with site(tmp_path) as made:
        made.list_peers("trader-2")
        stage = made.stage()
        reader = made.reader("trader-2", stage)
        reader.until(lambda: bool(made.told.of("stranger_refused")), stage)
        made.list_peers()
        stage.publish(1)
        reader.until(lambda: reader.bars == [1], stage)
        assert reader.bars == [1]


def test_a_list_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    """Who is in stays in; once it can be read again all is as before."""
    with site(tmp_path) as made:
        stage = made.stage()
        inside = made.reader("trader-2", stage)
        inside.until(lambda: not inside.inlet.behind, stage)
        late = made.wire("client")  # it read the list while that was good
        made.folder.joinpath("peers.toml").chmod(0o644)
        outside = Reader.start(Stage(late, stage.outlet))
        made.stack.callback(outside.inlet.close)
        inside.until(lambda: bool(made.told.of("stranger_refused")), stage)
        stage.publish(1)
        inside.until(lambda: inside.bars == [1], stage)
        assert "chmod 600" in made.told.of("keys_unreadable")[0]["why"]
        made.folder.joinpath("peers.toml").chmod(0o600)
        outside.until(lambda: outside.bars == [1], stage)
        assert outside.bars == [1]


def test_a_list_that_is_away_takes_nothing_from_who_is_in(tmp_path: Path) -> None:
    """Who is in goes on to ask and to hear; once the list is back whoever is not on it is turned out."""
    with site(tmp_path) as made:
        stage = made.stage()
        inside = made.reader("trader-2", stage)
        inside.until(lambda: not inside.inlet.behind, stage)
        listed = made.folder / "peers.toml"
        listed.rename(made.folder.parent / "peers.away")
        inside.until(lambda: bool(made.told.of("keys_unreadable")), stage)
        stage.publish(1)
        inside.until(lambda: inside.bars == [1], stage)
        (made.folder.parent / "peers.away").rename(listed)
        inside.until(lambda: bool(made.told.of("keys_readable")), stage)
        stage.publish(1)
        inside.until(lambda: inside.bars == [1, 2], stage)
        assert (made.told.of("peer_denied"), made.told.of("stranger_refused")) == ([], [])
        made.list_peers("trader-2")
        inside.until(lambda: bool(made.told.of("stranger_refused")), stage)
        assert made.told.of("stranger_refused")[0]["why"] == "not on the allow-list"


def test_a_flood_of_subscriptions_is_ended(tmp_path: Path) -> None:
    """Long before it costs memory: the key is banned, and everybody else is served as before."""
    with site(tmp_path) as made, raw(zmq.SUB) as flooder:
        stage = made.stage()
        reader = made.reader("trader-2", stage)
        stage.publish(2)
        reader.until(lambda: len(reader.bars) >= 2, stage)
        wear(flooder, made.pairs["client"], made.pairs[SERVICE].public)
        flooder.sndhwm = 0
        flooder.connect(made.tcp[SERVICE][0])
        for number in range(20 * MAX_SUBSCRIPTIONS):
            flooder.subscribe(f"t/signals/{number}/".encode())
        reader.until(lambda: bool(made.told.of("peer_banned")), stage)
        assert made.told.of("peer_banned") == [{"peer": "client"}]
        reader.until(lambda: bool(made.told.of("stranger_refused")), stage)
        assert made.told.of("stranger_refused")[0]["why"] == "banned"
        stage.publish(2)
        reader.until(lambda: len(reader.bars) >= 4, stage)
        assert reader.bars == [1, 2, 3, 4]
        assert answer_to(made, "trader-2", stage, "latest") is None


def test_questions_in_a_flood_leave_the_stage_its_turn(tmp_path: Path) -> None:
    """However many wait, one turn takes only so many."""
    with site(tmp_path) as made:
        stage = made.stage()
        with raw(zmq.DEALER) as flooder:
            wear(flooder, made.pairs["client"], made.pairs[SERVICE].public)
            flooder.connect(made.tcp[SERVICE][1])
            for number in range(3000):
                flooder.send_multipart(encode(delivery(Request(number, "halt", {}))))
            stage.wire.until(lambda: len(made.told.of("peer_denied")) >= 3000, stage.turn, lambda: stage.outlet.handles)
        assert len(made.told.of("peer_denied")) == 3000


def test_odd_messages_at_the_live_end_do_no_harm(tmp_path: Path) -> None:
    """An XSUB socket can send anything there: nothing, many parts, ends of subscriptions that never were."""
    with site(tmp_path) as made, raw(zmq.XSUB) as odd:
        stage = made.stage()
        reader = made.reader("trader-2", stage)
        wear(odd, made.pairs["client"], made.pairs[SERVICE].public)
        odd.connect(made.tcp[SERVICE][0])
        parts = (
            [b""],
            [b"\x02x"],
            [b"\x00t/never/"],
            [b"\x00"],
            [b"\x01" + b"\xff" * 9],
            [b"\x01a", b"b", b"c"],
            [b"\x01"],
        )
        for each in parts:
            odd.send_multipart(each)
        odd.send(b"\x01" + b"t/bars/")
        reader.until(lambda: any("t/bars/" in found["why"] for found in made.told.of("peer_denied")), stage)
        stage.publish(2)
        reader.until(lambda: len(reader.bars) >= 2, stage)
        assert reader.bars == [1, 2]
        assert made.told.of("peer_banned") == []


def test_a_subscription_over_the_limit_ends_its_connection(tmp_path: Path) -> None:
    """Nobody makes us keep a long prefix, which ZeroMQ frees by recursion, byte by byte; the others are served on."""
    with site(tmp_path) as made, raw(zmq.SUB) as odd:
        stage = made.stage()
        reader = made.reader("trader-2", stage)
        wear(odd, made.pairs["client"], made.pairs[SERVICE].public)
        monitor = odd.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        odd.connect(made.tcp[SERVICE][0])
        assert recv_monitor_message(monitor)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
        odd.subscribe(b"t/signals/" + b"x" * 8192)
        assert monitor.poll(20_000)
        assert recv_monitor_message(monitor)["event"] == zmq.EVENT_DISCONNECTED
        odd.disable_monitor()
        monitor.close()
        stage.publish(2)
        reader.until(lambda: len(reader.bars) >= 2, stage)
        assert reader.bars == [1, 2]
