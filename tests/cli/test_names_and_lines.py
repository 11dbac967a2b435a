"""Names in few words, and lines that fit."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.cli.screens.screen import Screen, Span, Style
from pvesdn.cli.screens.tables import folded
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.model.ranges import ranges
from tests.cli.kit import Terminal


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["node1"], "node1"),
        (["node1", "node2"], "node1, node2"),
        (["node3", "node1", "node2"], "node1-node3"),
        ([f"node{n}" for n in range(1, 17)], "node1-node16"),
        (["node1", "node2", "node3", "node5"], "node1-node3, node5"),
        (["alder", "birch", "cedar"], "alder, birch, cedar"),
        (["v008", "v009", "v010", "v011"], "v008-v011"),
        (["v8", "v9", "v10"], "v8-v10"),
        (["v08", "v9", "v10"], "v08, v9, v10"),
        (["10.0.0.9", "10.0.0.10", "10.0.0.11"], "10.0.0.9-10.0.0.11"),
        (["fd00::9", "fd00::10", "fd00::11"], "fd00::10, fd00::11, fd00::9"),
        (["pve-a1", "pve-b2", "pve-b3"], "pve-a1, pve-b2, pve-b3"),
        (["1", "2", "3"], "1-3"),
    ],
)
def test_names_in_a_row_are_a_range(names: list[str], said: str) -> None:
    assert ranges(names) == said


@given(st.sets(st.from_regex(r"[ab]{0,2}[0-9]{1,3}", fullmatch=True)))
def test_a_range_stands_for_its_names_and_no_others(names: set[str]) -> None:
    found = set()
    for part in filter(None, ranges(names).split(", ")):
        first, _, last = part.partition("-")
        stem, digits = first.rstrip("0123456789"), len(first) - len(first.rstrip("0123456789"))
        for number in range(int(first[len(stem) :]), int((last or first)[len(stem) :]) + 1):
            found.add(stem + (str(number).zfill(digits) if first[len(stem) :].startswith("0") else str(number)))
    assert found == names


def plain(*lines: tuple[Span | str, ...], width: int | None) -> list[str]:
    return ["".join(part if isinstance(part, str) else part.text for part in line) for line in wrapped(lines, width)]


def test_a_line_is_broken_between_words_and_goes_on_indented() -> None:
    line = ("  ", Span("blocked: ", Style.ERROR), "one two three four five six seven eight nine")
    assert plain(line, width=40) == [
        "  blocked: one two three four five six",
        "      seven eight nine",
    ]


def test_a_pipe_gets_whole_lines_and_so_does_a_terminal_too_narrow_for_words() -> None:
    assert plain(("a " * 100,), width=None) == ["a " * 100]
    assert plain(("a " * 100,), width=20) == ["a " * 100]


def test_a_word_that_is_longer_than_the_line_is_not_broken() -> None:
    assert plain((f"short {'x' * 60} short",), width=40) == ["short", f"    {'x' * 60}", "    short"]


def test_a_command_in_backquotes_is_not_broken() -> None:
    line = "it is over by now: `pvesdn history show 12` tells how"
    assert plain((line,), width=40) == ["it is over by now:", "    `pvesdn history show 12` tells how"]


def test_a_command_in_apostrophes_is_not_broken_and_other_apostrophes_hold_nothing_together() -> None:
    line = "a NIC is set by 'qm set VMID --net0 virtio,bridge=web'."
    assert plain((line,), width=46) == ["a NIC is set by", "    'qm set VMID --net0 virtio,bridge=web'."]
    line = "of the nodes' bridges and their guests' addresses none is known"
    assert plain((line,), width=40) == ["of the nodes' bridges and their guests'", "    addresses none is known"]


def test_an_error_is_broken_on_a_terminal_and_whole_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen({"COLUMNS": "40", "NO_COLOR": "1"})
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        monkeypatch.setattr("sys.stderr", stream)
        screen.error("node1: nothing was heard of it for ten seconds")
    assert log.getvalue() == "error: node1: nothing was heard of it for ten seconds\n"
    assert terminal.getvalue() == "error: node1: nothing was heard of it\n    for ten seconds\n"


def test_a_pipe_gets_whole_lines_whatever_the_shell_says_of_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen({"COLUMNS": "40", "NO_COLOR": "1"})
    pipe, terminal = io.StringIO(), Terminal()
    for stream, width in ((pipe, None), (terminal, 40)):
        monkeypatch.setattr("sys.stdout", stream)
        screen.line("node1: nothing was heard of it for ten seconds")
        assert screen.width == width
    assert pipe.getvalue() == "node1: nothing was heard of it for ten seconds\n"
    assert terminal.getvalue() == "node1: nothing was heard of it for ten\n    seconds\n"


def test_signs_and_styles_stay_with_their_words() -> None:
    lines = list(wrapped([(Span("  +", Style.ADD), " name " * 10, Span("end", Style.WARNING))], 40))
    assert Span("+", Style.ADD) in lines[0]
    assert lines[-1][-1] == Span("end", Style.WARNING)


@given(st.lists(st.text("ab -", min_size=1, max_size=20), min_size=1, max_size=12), st.integers(40, 100))
def test_no_word_is_lost_and_no_line_too_long(parts: list[str], width: int) -> None:
    lines = plain(tuple(parts), width=width)
    assert " ".join(" ".join(lines).split()) == " ".join("".join(parts).split())
    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)


# --- tables of which nothing is left out ------------------------------------------------------------------------------


def table(*rows: tuple[str, ...], width: int | None, whole: tuple[int, ...] = ()) -> list[str]:
    return ["".join(map(str, line)) for line in folded(rows, width, whole=whole)]


def test_the_widest_column_goes_on_below_and_the_others_stay_in_line() -> None:
    rows = ("web", "10.0.1.0/24 via 10.0.1.1, 10.0.2.0/24", "shop"), ("db", "-", "databases")
    assert table(*rows, width=None) == [
        "  web  10.0.1.0/24 via 10.0.1.1, 10.0.2.0/24  shop",
        "  db   -                                      databases",
    ]
    assert table(*rows, width=45) == [
        "  web  10.0.1.0/24 via 10.0.1.1,  shop",
        "       10.0.2.0/24",
        "  db   -                          databases",
    ]


def test_a_command_is_not_folded() -> None:
    row = ("web", "qm set 100 --net0 bridge=web", "for those who may")
    assert table(row, width=45, whole=(1,)) == [
        "  web  qm set 100 --net0 bridge=web  for",
        "                                     those",
        "                                     who may",
    ]


def test_columns_for_which_there_is_no_room_at_all_stand_below() -> None:
    rows = ("a" * 20, "b" * 20, "some words"), ("c", "d", "")
    assert table(*rows, width=40) == [f"  {'a' * 20}", f"      {'b' * 20}  some words", "  c", "      d"]


@given(
    st.lists(st.tuples(*[st.text("ab -", max_size=30)] * 3), min_size=1, max_size=5),
    st.integers(40, 90),
)
def test_a_folded_table_has_every_word_and_fits(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = table(*rows, width=width)
    assert sorted(" ".join(lines).split()) == sorted(" ".join(" ".join(row) for row in rows).split())
    assert all(len(line) <= width for line in lines)
