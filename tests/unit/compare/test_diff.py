"""Unified diffs: right line numbers, stanza by stanza, and patch(1) agrees."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pvesdn.compare.diff import showable, unified
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, SDN_INTERFACES, FileChange, RenderedFile
from pvesdn.model.pve_ifupdown import PveFabricInterface, PveVnetBridge
from tests.unit.compare.printed import interfaces as printed_file


def change(old: str | None, new: str | None, path: str = OUR_INTERFACES) -> FileChange:
    return FileChange(path=path, old=old, new=new, mode="0644", owner="root:root", expect=None)


def stanza(name: str, mtu: int) -> str:
    return f"\nauto {name}\niface {name}\n\tvxlan-id {len(name)}\n\tmtu {mtu}\n"


def interfaces(names: dict[str, int]) -> str:
    return "# written by pvesdn\n" + "".join(stanza(name, mtu) for name, mtu in sorted(names.items()))


def test_a_new_file_is_all_plus() -> None:
    lines = list(unified(change(None, interfaces({"a": 1}))))
    assert lines[0] == "--- /dev/null"
    assert lines[1] == f"+++ {OUR_INTERFACES}"
    assert [line for line in lines if line.startswith("-") and not line.startswith("---")] == []
    assert lines[2:] == ["@@ -0,0 +1,6 @@", *(f"+{line}" for line in interfaces({"a": 1}).splitlines())]


def test_a_file_that_goes_is_all_minus() -> None:
    lines = list(unified(change(interfaces({"a": 1}), None)))
    assert lines[1] == "+++ /dev/null"
    assert lines[2:] == ["@@ -1,6 +0,0 @@", *(f"-{line}" for line in interfaces({"a": 1}).splitlines())]


def test_a_changed_stanza_is_one_hunk_that_names_it() -> None:
    lines = list(unified(change(interfaces({"a": 1, "b": 1}), interfaces({"a": 1, "b": 2}))))
    assert lines == [
        f"--- {OUR_INTERFACES}",
        f"+++ {OUR_INTERFACES}",
        "@@ -8,4 +8,4 @@ b",
        " auto b",
        " iface b",
        " \tvxlan-id 1",
        "-\tmtu 1",
        "+\tmtu 2",
    ]


def test_other_files_are_compared_line_by_line() -> None:
    lines = list(unified(change("a\nb\n", "a\nc\n", FRR_CONF)))
    assert lines[2:] == ["@@ -1,2 +1,2 @@", " a", "-b", "+c"]


def test_a_secret_of_the_administrators_is_hidden_and_the_sign_before_it_is_not() -> None:
    lines = list(showable(change("password geheim\nhostname a\n", "password anders\nhostname a\n", FRR_CONF)))
    assert not any("geheim" in line or "anders" in line for line in lines)
    assert [line[:9] for line in lines[2:]] == ["@@ -1,2 +", "-password", "+password", " hostname"]


def test_a_remark_above_all_interfaces_has_a_header_without_a_name() -> None:
    lines = list(unified(change(interfaces({"a": 1}), "# theirs\n" + interfaces({"a": 1}))))
    assert lines[2:5] == ["@@ -1 +1,2 @@", "+# theirs", " # written by pvesdn"]


def test_an_interface_that_comes_first_is_before_the_first_line() -> None:
    old = stanza("b", 1)[1:]
    lines = list(unified(change(old, stanza("a", 1)[1:] + "\n" + old)))
    assert lines[2] == "@@ -0,0 +1,4 @@ a"


def fabric(*addresses: str, mtu: int = 1450) -> RenderedFile:
    """A file of PVE's in which one interface has a stanza for each of its addresses."""
    dummies = (PveFabricInterface("dummy_lab", "inet", address, is_dummy=True) for address in addresses)
    return printed_file(PveVnetBridge("web", "vxlan_web", mtu=mtu), *dummies, path=SDN_INTERFACES)


def test_what_was_printed_is_cut_into_the_interfaces_that_its_text_has() -> None:
    new = fabric("172.20.30.1/32", "172.21.30.1/32", mtu=1400)
    for old in (
        fabric("172.20.30.1/32"),
        fabric("172.21.30.1/32", "172.20.30.1/32"),
        printed_file(path=SDN_INTERFACES),
    ):
        made = change(old.text, new.text, SDN_INTERFACES)
        assert list(unified(replace(made, printed=new.interfaces))) == list(unified(made))


MTUS = st.dictionaries(st.sampled_from(["a", "b", "c", "vxlan_d", "e", "f"]), st.integers(1, 3))


@given(old=MTUS, new=MTUS, moved=st.booleans())
def test_the_hunks_turn_the_old_file_into_the_new_one(old: dict[str, int], new: dict[str, int], *, moved: bool) -> None:
    before, after = interfaces(old), interfaces(new)
    if moved:  # a file whose stanzas somebody has put into another order
        before = before.replace("# written by pvesdn\n", "") + "# a remark at the end\n"
    lines = list(unified(change(before, after)))
    assert patched(before, lines[2:]) == after
    if before == after:
        assert lines[2:] == []


def patched(text: str, hunks: list[str]) -> str:
    """The hunks applied at exactly the lines they name."""
    old, new, taken = text.splitlines(), [], 0
    for line in hunks:
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            first = int(start) - (count != "0")
            new += old[taken:first]
            taken = first
            added = line.split()[2][1:].partition(",")
            assert len(new) == int(added[0]) - (added[2] != "0"), f"{line} names another line of the new file"
            continue
        if not line.startswith("+"):
            assert old[taken] == line[1:]
            taken += 1
        if not line.startswith("-"):
            new.append(line[1:])
    return "\n".join([*new, *old[taken:]]) + "\n"
