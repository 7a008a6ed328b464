"""Columns in one piece of memory: what is sent of them, and what is read, without a copy and to the same bytes."""

from __future__ import annotations

from dataclasses import replace

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabus.body import UNCOPIED, Body
from alphabus.codec import content_of, decode, decode_record, encode, encode_record
from alphabus.columns import FACTOR_MARKS, MAX_SYMBOLS, stack
from alphabus.errors import DecodeError, EncodeError
from alphabus.header import NOTHING, PACKED, pack, pack_front, unpack
from alphabus.layout import layout, layout_of, read_layout
from alphabus.messages import STREAMED, Columns, Factors
from tests.alphabus.examples import EXAMPLES, FACTORS, SIGNALS, delivery, plain

LARGE = UNCOPIED // 8


def body_of(columns: Columns) -> Body:
    """The same columns in a body."""
    wide = [name for name, column in columns.items() if column.dtype == np.float64]
    narrow = [name for name in columns if name not in wide]
    body = Body.blank(layout(wide, narrow), len(next(iter(columns.values()))))
    for name, column in columns.items():
        body[name][:] = column
    return body.sealed()


def factors(symbols: int) -> Factors:
    """A section of two factors in a body."""
    body = Body.blank(layout(["a", "b"], FACTOR_MARKS), symbols)
    body.wide[:], body.narrow[:] = np.arange(2 * symbols).reshape(2, symbols), 1
    return replace(FACTORS, columns=body.sealed())


@pytest.mark.parametrize("message", [FACTORS, SIGNALS], ids=lambda message: message.kind)
def test_a_body_is_sent_as_its_columns_are(message: Factors) -> None:
    """The same bytes on the link and on record, whichever way the columns are held."""
    packed = replace(message, columns=body_of(message.columns))
    assert plain(packed) == plain(message)
    assert encode(delivery(packed)) == encode(delivery(message))
    assert encode_record(packed) == encode_record(message)


@pytest.mark.parametrize(("symbols", "uncopied"), [(3, False), (LARGE, True)])
def test_a_large_body_is_sent_from_where_it_is(symbols: int, *, uncopied: bool) -> None:
    """A small one is copied, which costs less; either way it is read as it was."""
    message = factors(symbols)
    frames = encode(delivery(message))
    assert np.shares_memory(np.frombuffer(frames[2], np.uint8), message.columns.memory) is uncopied  # type: ignore[attr-defined]
    assert plain(decode(frames)) == plain(delivery(message))
    assert plain(decode_record(encode_record(message))) == plain(message)


def test_what_is_sealed_is_not_written_any_more() -> None:
    """Neither through a column nor through all of them."""
    columns = factors(3).columns
    assert isinstance(columns, Body)
    for view in (columns.wide, columns.narrow, columns["a"], columns["warm"]):
        with pytest.raises(ValueError, match="read-only"):
            view[:] = 0


def test_a_body_is_a_mapping() -> None:
    """Names in their order, columns by name, nothing under another name."""
    columns = factors(3).columns
    assert list(columns) == ["a", "b", *FACTOR_MARKS]
    assert {name: column.tolist() for name, column in columns.items()}["b"] == [3.0, 4.0, 5.0]
    assert (len(columns), "b" in columns, "c" in columns) == (5, True, False)
    with pytest.raises(KeyError):
        columns["c"]


@pytest.mark.parametrize("held", ["body", "columns"])
@given(names=st.lists(st.sampled_from("abcdef"), unique=True))
def test_columns_are_stacked_in_the_order_asked_for(held: str, names: list[str]) -> None:
    """One matrix, whichever way the columns are held: all, some or none of them, beside one another or not."""
    columns: Columns = {name: np.array([place, np.nan, -0.0]) for place, name in enumerate("abcdef")}
    columns = {**columns, "warm": np.ones(3, np.uint8)}
    expected = b"".join(columns[name].tobytes() for name in names)
    found = stack(body_of(columns) if held == "body" else columns, names)
    assert (found.shape, found.dtype.str, found.tobytes()) == ((len(names), 3), "<f8", expected)


@pytest.mark.parametrize(("names", "uncopied"), [("abc", True), ("bc", True), ("cb", False), ("ac", False)])
def test_neighbours_are_not_copied(names: str, *, uncopied: bool) -> None:
    """As a rule a model takes all factors of its plan, in their order: then it sees them where they are, read-only."""
    columns = body_of({name: np.zeros(3) for name in "abc"})
    found = stack(columns, tuple(names))
    assert np.shares_memory(found, columns.memory) is uncopied
    assert found.flags.writeable is not uncopied


@pytest.mark.parametrize("held", ["body", "columns"])
def test_all_names_there_are_not_are_told(held: str) -> None:
    """In the order asked for; a u1 column is none of these."""
    columns: Columns = {"a": np.zeros(2), "b": np.zeros(2), "warm": np.ones(2, np.uint8)}
    with pytest.raises(KeyError) as refused:
        stack(body_of(columns) if held == "body" else columns, ("d", "b", "warm", "c"))
    assert refused.value.args == ("d", "warm", "c")


@pytest.mark.parametrize("size", [0, 1])
def test_nobody_is_a_size_too(size: int) -> None:
    """A section without symbols has columns of no length."""
    message = factors(size)
    assert plain(decode(encode(delivery(message)))) == plain(delivery(message))


def test_more_symbols_than_a_message_may_have_are_not_sent() -> None:
    """As a reader would refuse them."""
    with pytest.raises(EncodeError, match="symbols"):
        encode(delivery(replace(FACTORS, columns={name: np.zeros(MAX_SYMBOLS + 1) for name in ("a", *FACTOR_MARKS)})))


def test_a_layout_is_read_once() -> None:
    """The same words again are the same layout, as a writer lists it and as a reader finds it; another is another."""
    first = layout(["a"], FACTOR_MARKS)
    assert read_layout(bytes(first.packed)) is read_layout(first.packed)
    assert read_layout(first.packed) == first == layout_of(first.names, (np.dtype("<f8"), *[np.dtype("|u1")] * 3))
    assert layout(["b"], FACTOR_MARKS) != first


def test_an_unsound_layout_is_refused_each_time() -> None:
    """Nothing of it is remembered."""
    for _ in range(2):
        with pytest.raises(DecodeError, match="stands twice"):
            layout(["a", "a"], FACTOR_MARKS)
        with pytest.raises(DecodeError, match="stands twice"):
            read_layout(msgpack.packb([["a", "<f8"], ["a", "<f8"]]))


@pytest.mark.parametrize("kind", STREAMED, ids=lambda kind: kind.kind)
def test_what_is_said_twice_is_packed_once(kind: type) -> None:
    """Link and record take one content, and their bytes are those of the message."""
    message = EXAMPLES[kind]
    assert isinstance(message, STREAMED)
    content = content_of(message)
    assert encode(delivery(message), content) == encode(delivery(message))
    assert encode_record(message, content) == encode_record(message)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 40])
@pytest.mark.parametrize("after", [0, 1, 15, 16])
def test_a_header_in_pieces_is_that_of_the_whole_map(count: int, after: int) -> None:
    """However many: the first byte of a short map says how many there are, of a longer one the first three."""
    front, rest = ({f"{side}{number}": number for number in range(size)} for side, size in (("a", count), ("b", after)))
    columns = [["a", "<f8"]]
    assert pack(pack_front(front, msgpack.packb(columns)), rest) == msgpack.packb({**front, PACKED: columns, **rest})
    assert pack(NOTHING, front) == msgpack.packb(front)
    assert unpack(pack(NOTHING, front)) == front


def test_columns_are_left_packed_in_the_header() -> None:
    """Wherever they stand in the map, and whatever they are: who reads them checks them."""
    for odd in ([["a", "<f8"]], 5, None, {"a": [1]}, "x"):
        assert unpack(msgpack.packb({"a": 1, PACKED: odd, "b": 2})) == {"a": 1, PACKED: msgpack.packb(odd), "b": 2}
