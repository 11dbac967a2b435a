"""The file of the history: what is written is read again, it never grows beyond its limits, and damage is told."""

from __future__ import annotations

import base64
import json
import lzma
import random
from collections.abc import Callable
from typing import Any

import pytest

from pvesdn.decode.history import decode_history, digest_of
from pvesdn.encode.history import encode_history
from pvesdn.errors import HistoryError
from pvesdn.model.history import (
    LARGEST,
    MOST_BYTES,
    MOST_ENTRIES,
    MOST_TEXT,
    Counts,
    Ending,
    Entry,
    History,
    Planned,
    Result,
    Short,
    Sources,
)


def entry(number: int, text: str = "") -> Entry:
    return Entry(
        number=number,
        id=f"{number:016x}",
        who="alice as root on pve1",
        began="2026-11-27T10:00:00Z",
        ended="2026-11-27T10:00:30Z",
        ending=Ending.FAILED,
        comment="öffnen, ticket 4711",
        pvesdn="0.1.0",
        flags=("--overwrite",),
        plan=Short(where="node1-node3", total=Counts(add=3), nodes=(Planned(nodes="node1-node3", each=Counts(add=1)),)),
        after=Sources(own=digest_of(text) if text else None),
        results=(Result(nodes="node1-node3", what="as before", why="node2 failed"),),
    )


def history(*texts: str, first: int = 1) -> History:
    entries = tuple(entry(number, text) for number, text in enumerate(texts, first))
    return History(entries, {digest_of(text): text for text in texts if text})


def noise(size: int, seed: int) -> str:
    return base64.b64encode(random.Random(seed).randbytes(size * 3 // 4)).decode()


@pytest.mark.parametrize(
    "texts",
    [
        (),
        ("",),
        ("vxlan: a\n",),
        ("vxlan: a\n", "vxlan: b\n", "vxlan: a\n"),
        ("ü\t\x07\u2028\ud800",),
        ("a" * 100_000,),
    ],
    ids=["nothing", "no-file", "one", "twice-the-same", "odd-characters", "long"],
)
def test_what_was_written_is_read_again(texts: tuple[str, ...]) -> None:
    written = encode_history(history(*texts))
    assert decode_history(written) == history(*texts)
    assert written.isascii()


def test_no_file_is_an_empty_history() -> None:
    assert decode_history(None) == History()
    assert History().next_number == 1


def test_the_newest_are_kept_and_numbers_go_on() -> None:
    kept = decode_history(encode_history(history(*(f"vxlan: z{n}\n" for n in range(80)), first=21)))
    assert [one.number for one in kept.entries] == list(range(51, 101))
    assert kept.next_number == 101
    assert len(kept.texts) == MOST_ENTRIES  # those of entries that are gone are gone too


def test_a_file_never_grows_beyond_its_limit_and_loses_the_oldest_definitions_first() -> None:
    whole = history(*(noise(20_000, seed) for seed in range(20)))
    written = encode_history(whole)
    assert len(written) <= MOST_BYTES
    kept = decode_history(written)
    assert kept.entries == whole.entries
    assert 4 <= len(kept.texts) < 20
    assert set(kept.texts) == {one.after.own for one in whole.entries[-len(kept.texts) :]}


def test_definitions_that_newer_entries_have_too_are_not_old() -> None:
    texts = [noise(20_000, seed) for seed in range(8)]
    whole = history(*texts)
    shared = Sources(own=whole.entries[0].after.own)  # the first is what the last goes back to
    last = whole.entries[-1].model_copy(update={"after": shared})
    kept = decode_history(encode_history(History((*whole.entries[:-1], last), whole.texts)))
    assert kept.text(kept.entries[-1].after.own) == texts[0]
    assert kept.text(kept.entries[1].after.own) is None


def test_entries_that_are_too_long_go_with_the_oldest() -> None:
    nodes = ", ".join(f"node-with-a-long-name-{n:04}" for n in range(0, 1000, 2))
    long = Short(where=nodes, nodes=(Planned(nodes=nodes, each=Counts(add=1)),))
    whole = History(tuple(entry(n).model_copy(update={"plan": long}) for n in range(1, 11)))
    written = encode_history(whole)
    assert len(written) <= MOST_BYTES
    kept = decode_history(written).entries
    assert 2 <= len(kept) < 10
    assert kept == whole.entries[-len(kept) :]


def test_definitions_that_do_not_fit_are_left_out_and_all_else_stays() -> None:
    kept = decode_history(encode_history(history("vxlan: a\n", noise(400_000, 1))))
    assert [one.number for one in kept.entries] == [1, 2]
    assert list(kept.texts.values()) == ["vxlan: a\n"]
    assert kept.text(kept.entries[1].after.own) is None


def test_definitions_are_kept_only_as_far_as_they_can_be_unpacked() -> None:
    kept = decode_history(encode_history(history("a" * MOST_TEXT, "b")))
    assert list(kept.texts.values()) == ["b"]


def packed(document: Any, **arguments: Any) -> str:
    return base64.b64encode(lzma.compress(json.dumps(document).encode(), **arguments)).decode()


def edited(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.update(values)


def holding(definitions: Any, **arguments: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.update(definitions=packed(definitions, **arguments))


def of_entry(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["entries"][0].update(values)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (edited(kind="pvesdn plan"), "no history of pvesdn"),
        (edited(entries=None), "entries is not a JSON list"),
        (edited(entries=[1]), "entry 1 of entries is not a JSON object"),
        (edited(definitions=7), "definitions is not printable text"),
        (edited(definitions="not base64"), "definitions are damaged"),
        (edited(definitions="AAAA"), "definitions are damaged"),
        (lambda document: document.update(definitions=packed({})[:-8]), "definitions are damaged"),
        (holding("a" * (MOST_TEXT + 1)), "definitions are damaged"),
        (holding({}, preset=9), "definitions are damaged"),
        (holding([]), "definitions is not a JSON object"),
        (holding({"0" * 32: "edited"}), "definitions were edited or damaged"),
        (holding({"0" * 32: 7}), "definitions were edited or damaged"),
        (of_entry(comment="\x1b[2J"), "entries.0.comment is not as pvesdn wrote it"),
        (of_entry(comment="x" * 201), "entries.0.comment is not"),
        (of_entry(number=0), "entries.0.number is not"),
        (of_entry(number=999_999_999), "no number is left for another entry"),
        (of_entry(ending="fine"), "entries.0.ending is not"),
        (of_entry(extra=1), "entries.0.extra is not"),
        (of_entry(began="yesterday"), "entries.0.began is not"),
        (lambda document: document["entries"].append(document["entries"][0]), "its numbers do not grow"),
        (lambda document: document["entries"].extend([document["entries"][0]] * 50), "more than 50 entries"),
    ],
)
def test_damage_is_told_with_what_to_do(damage: Callable[[dict[str, Any]], object], complaint: str) -> None:
    document = json.loads(encode_history(history("vxlan: a\n")))
    damage(document)
    with pytest.raises(HistoryError) as caught:
        decode_history(json.dumps(document))
    assert complaint in caught.value.message
    assert caught.value.hint.endswith("mv /etc/pve/sdn/pvesdn-history.json /root/")


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, " " * (LARGEST + 1), "\ud800"])
def test_what_is_no_document_is_told(text: str) -> None:
    with pytest.raises(HistoryError):
        decode_history(text)


def test_a_later_format_is_not_called_damaged() -> None:
    with pytest.raises(HistoryError, match="written by another version") as caught:
        decode_history('{"kind": "pvesdn history", "format": 2}')
    assert "mv" not in caught.value.hint
