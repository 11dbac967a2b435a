"""A node's own files: devices with their lines, and the same files without some of them."""

from __future__ import annotations

import glob
from pathlib import Path
from textwrap import dedent

import pytest

from pvesdn.decode.nodes.hand_written import MAIN_INTERFACES, Cut, cut_file, decode_hand_written, interfaces_files
from pvesdn.model.facts import NodeFacts, is_sourced
from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES
from pvesdn.model.hand_written import Place

BESIDE = "/etc/network/interfaces.d/mine"


def cut(text: str, *whole: str, **options: int) -> str:
    """The text without these devices, and without one line of others."""
    places = {name: frozenset({Place(MAIN_INTERFACES, line)}) for name, line in options.items()}
    return cut_file(dedent(text), MAIN_INTERFACES, Cut(frozenset(whole), places)).text


# --- devices ---------------------------------------------------------------------------------------------------------


def test_stanzas_of_one_name_are_one_device_with_the_line_of_each_option() -> None:
    text = "auto a\niface a inet static\n address 10.0.0.1\n netmask 255.0.0.0\niface a inet6 static\n address fd00::1/64\n"
    device = decode_hand_written("n", {MAIN_INTERFACES: text}).devices["a"]
    assert device.place == Place(MAIN_INTERFACES, 2)
    assert [(o.name, o.value, o.place.line) for o in device.all("address", "netmask")] == [
        ("address", "10.0.0.1", 3),
        ("netmask", "255.0.0.0", 4),
        ("address", "fd00::1/64", 6),
    ]


def test_files_of_pve_and_of_pvesdn_are_not_hand_written() -> None:
    files = {
        SDN_INTERFACES: "iface a\n",
        OUR_INTERFACES: "iface b\n",
        BESIDE: "iface c\n",
        MAIN_INTERFACES: "source /etc/network/interfaces.d/*\niface d\n",
    }
    assert interfaces_files(files) == [MAIN_INTERFACES, BESIDE]
    assert list(decode_hand_written("n", files).devices) == ["d", "c"]


@pytest.mark.parametrize(
    ("source", "is_in_force"),
    [
        ("/etc/network/interfaces.d/*", True),
        ("interfaces.d/m*", True),
        ("/etc/*/interfaces.d/mine", True),
        ("/etc/network/*", False),
        ("/etc/*", False),
        ("interfaces.d/m", False),
    ],
)
def test_a_star_of_a_source_line_stands_for_no_slash(source: str, is_in_force: bool) -> None:
    files = {MAIN_INTERFACES: f"source {source}\n", BESIDE: "iface c\n"}
    node = decode_hand_written("n", files)
    assert (BESIDE in interfaces_files(files), "c" in node.devices) == (is_in_force, is_in_force)
    assert dict(node.unsourced) == ({} if is_in_force else {BESIDE: frozenset({"c"})})
    assert NodeFacts("n", sources=(source,)).is_sourced(BESIDE) is is_in_force


@pytest.mark.parametrize(
    "source", ["d/*", "d/?mine", "d/[.]mine", "d/.*", "d/.mine", "*/x", ".d/*", ".*/x", "*/*", "d/*e"]
)
def test_a_source_line_names_what_ifupdown2_finds_by_it(tmp_path: Path, source: str) -> None:
    """Which asks Python's glob: no wildcard stands for the dot of a dotfile."""
    for name in ("d/mine", "d/.mine", ".d/x", "d/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = set(glob.glob(f"{tmp_path}/{source}"))  # noqa: PTH207 - it is what ifupdown2 calls
    files = {str(path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {file for file in files if is_sourced(file, [f"{tmp_path}/{source}"])} == found


def test_an_auto_line_without_a_stanza_is_an_orphan() -> None:
    node = decode_hand_written("n", {MAIN_INTERFACES: "auto a b\niface a\n"})
    assert dict(node.orphans) == {"b": Place(MAIN_INTERFACES, 1)}


def test_frr_conf_is_read_where_it_is_the_administrators() -> None:
    files = {"/etc/frr/frr.conf": "vrf a\n vni 1\n"}
    assert len(decode_hand_written("n", files).frr.vrfs) == 1
    assert decode_hand_written("n", files, has_own_frr=False).frr.vrfs == ()


# --- without some of them --------------------------------------------------------------------------------------------


def test_a_stanza_goes_with_its_auto_line_and_the_space_around_it() -> None:
    text = """\
        auto lo
        iface lo inet loopback

        auto a
        iface a
            mtu 1500

        auto b
        iface b
            mtu 1400
        """
    assert cut(text, "a") == "auto lo\niface lo inet loopback\n\nauto b\niface b\n    mtu 1400\n"
    assert cut(text, "b") == "auto lo\niface lo inet loopback\n\nauto a\niface a\n    mtu 1500\n"
    assert cut(text, "lo") == "auto a\niface a\n    mtu 1500\n\nauto b\niface b\n    mtu 1400\n"


def test_a_shared_auto_line_loses_the_name_alone() -> None:
    assert cut("auto a b\niface a\niface b\n", "b") == "auto a\niface a\n"


def test_comments_inside_go_and_those_before_stay() -> None:
    text = "iface a\n\n# about b\niface b\n x 1\n# inside\n y 2\n\n# about c\niface c\n"
    assert cut(text, "b") == "iface a\n\n# about b\n\n# about c\niface c\n"


def test_a_continued_line_goes_whole() -> None:
    text = "iface a\n up echo \\\n   two\niface b\n"
    result = cut_file(text, MAIN_INTERFACES, Cut(frozenset({"a"})))
    assert result.text == "iface b\n"
    assert result.gone == {"a": ((1, 3),)}


def test_a_device_may_lose_some_lines_and_no_more_is_static_then() -> None:
    text = "auto a\niface a inet static\n address 10.0.0.1/8\n mtu 1550\n"
    assert cut(text, a=3) == "auto a\niface a inet manual\n mtu 1550\n"
    assert cut(text.replace(" inet static", ""), a=3) == "auto a\niface a\n mtu 1550\n"


def test_other_keywords_end_a_stanza() -> None:
    assert cut("iface a\n x 1\nsource b\n y 2\n", "a") == "source b\n y 2\n"


def test_the_lines_that_go_are_told_by_device() -> None:
    text = "auto a b\niface a\n x 1\niface b\n y 1\niface a inet6\n z 1\n"
    assert cut_file(text, MAIN_INTERFACES, Cut(frozenset({"a"}))).gone == {"a": ((1, 3), (6, 7))}


def test_nothing_to_cut_changes_nothing() -> None:
    text = "\n\n# x\nauto a\niface a\n\n\n x 1\n\n"
    assert cut(text) == text
