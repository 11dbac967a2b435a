"""`pvesdn check`: definitions alone, for editors and CI."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.kit import call

GOOD = "vxlan: lab\n\tmtu 1450\n\nvnet: web\n\tzone lab\n\ttag 100\n"
WRONG = "vxlan: lab\n\tmtu 145\n\nvnet: web\n\tzone lba\n\ttag 100\n\nvnet: db\n\tzone lab\n\ttag 100\n"
NOT_CHECKED = (
    "not checked without a cluster: membership of the nodes, VTEP addresses, routes and MTUs between them, interfaces of "
    "exits, device names on the nodes"
)


def written(folder: Path, text: str | bytes, name: str = "pvesdn.cfg") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_good_definitions_are_good_and_what_was_not_checked_is_said_once(tmp_path: Path) -> None:
    result = call("check", written(tmp_path, GOOD))
    assert (result.status, result.out) == (0, "")
    assert result.err == f"no errors, no warnings\n{NOT_CHECKED}, PVE's own definitions\n"


def test_each_fault_is_a_line_that_an_editor_finds_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, WRONG, "draft.cfg")
    result = call("check", file)
    assert result.status == 1
    assert result.out.splitlines() == [
        f"{file}:2:6: error: zone 'lab': mtu 145 is out of range; write a number from 552 to 9216",
        f"{file}:5:7: error: vnet 'web': zone 'lba' does not exist; define it, or remove this section",
        f"{file}:10:6: error: vnet 'db': tag 100 is also the tag of vnet 'web' ({file}:6); choose another VNI",
    ]
    assert result.err.startswith("3 errors\nnot checked without a cluster: ")


def test_a_fault_in_a_section_draws_no_other_and_hides_none(tmp_path: Path) -> None:
    text = WRONG.replace("lba", "lab").replace("tag 100\n\nvnet: db", "tag one\n\nvnet: db")
    text += "\nsubnet: lab-10.0.0.0-24\n\tvnet web\n\nsubnet: lab-10.0.1.0-24\n\tvnet dbs\n"
    out = call("check", written(tmp_path, text)).out
    assert [line.split("pvesdn.cfg:")[1].split(":")[0] for line in out.splitlines()] == ["2", "6", "16"]
    assert "did you mean 'db'?" in out


def test_the_document_has_every_place_in_parts(tmp_path: Path) -> None:
    file = written(tmp_path, WRONG)
    result = call("check", "--json", file)
    document = json.loads(result.out)
    assert (result.status, result.err) == (1, "")
    assert (document["kind"], document["exit_status"], document["files"]) == ("check", 1, [str(file)])
    assert document["findings"][1] == {
        "severity": "error",
        "file": str(file),
        "line": 5,
        "column": 7,
        "end_column": 10,
        "kind": "vnet",
        "id": "web",
        "what": "zone 'lba' does not exist",
        "hint": "define it, or remove this section",
    }
    assert [(f["line"], f["column"], f["end_column"]) for f in document["findings"]] == [
        (2, 6, 9),
        (5, 7, 10),
        (10, 6, 9),
    ]
    assert document["not_checked"][-1] == "PVE's own definitions"


def test_the_word_of_a_list_has_its_own_columns(tmp_path: Path) -> None:
    text = GOOD.replace("\tmtu 1450\n", "\tpeers 192.0.2.1, 192.0.2.256,192.0.2.3\n")
    (found,) = json.loads(call("check", "--json", written(tmp_path, text)).out)["findings"]
    assert (found["line"], found["column"], found["end_column"]) == (2, 19, 30)


def test_pins_of_vnets_that_only_pve_knows_are_held_against_each_other_and_against_tags(tmp_path: Path) -> None:
    own = "vxlan: prod\n\tcarries lan\n\tvni-range 200-299\n\n" + GOOD
    for name, tag in (("db", 210), ("api", 210), ("dmz", 100)):
        own += f"\nvnet: {name}\n\tzone prod\n\ttag {tag}\n"
    file = written(tmp_path, own)
    assert call("check", file).out.splitlines() == [
        f"{file}:18:6: error: vnet 'api': tag 210 is also the tag of vnet 'db' ({file}:14); choose another VNI",
        f"{file}:22:6: error: vnet 'dmz': tag 100 is also the tag of vnet 'web' ({file}:10); choose another VNI",
    ]


def test_standard_input_is_a_pvesdn_cfg() -> None:
    result = call("check", "-", piped=WRONG.encode())
    assert result.status == 1
    assert result.out.startswith("<stdin>:2:6: error: zone 'lab': mtu 145 is out of range; ")
    assert "; save it with plain line endings" in call("check", "-", piped=b"vxlan: lab\r\n").out


def test_a_folder_is_checked_as_a_whole(tmp_path: Path) -> None:
    own = "evpn: prod\n\tcontroller ctl\n\tirb none\n\nvnet: web\n\tzone prod\n\ttag 100\n"
    written(tmp_path, own)
    assert call("check", tmp_path).status == 0
    written(tmp_path, "evpn: ctl\n\tasn 65000\n\tpeers 192.0.2.1,192.0.2.2\n", "controllers.cfg")
    assert call("check", tmp_path).err == f"no errors, no warnings\n{NOT_CHECKED}\n"
    written(tmp_path, "vxlan: floor\n\tpeers 192.0.2.1,192.0.2.2\n", "zones.cfg")
    written(tmp_path, "vnet: db\n\tzone floor\n\ttag 100\n", "vnets.cfg")
    place = tmp_path / "vnets.cfg"
    assert f"pvesdn.cfg:7:6: error: vnet 'web': tag 100 is also the tag of vnet 'db' ({place}:3)" in (
        call("check", tmp_path).out
    )


def test_a_name_that_pve_may_have_is_no_error_until_pves_files_are_there(tmp_path: Path) -> None:
    text = "evpn: prod\n\tcontroller ctl\n\tirb none\n\nvnet: web\n\tzone prod\n\ttag 100\n"
    file = written(tmp_path, text)
    alone = call("check", file)
    assert alone.status == 0
    assert "note: zone 'prod': not checked: whether PVE has a controller 'ctl'" in alone.out
    written(tmp_path, "simple: lan\n", "zones.cfg")
    beside = call("check", tmp_path)
    assert beside.status == 1
    assert "zone 'prod': controller 'ctl' does not exist; define it: 'evpn-controller: ctl' with an asn" in beside.out
    near = written(tmp_path, f"evpn-controller: ctrl\n\tasn 65000\n\n{text}")
    assert "controller 'ctl' does not exist; did you mean 'ctrl'?" in call("check", near).out


def test_a_file_of_pves_is_known_by_its_name(tmp_path: Path) -> None:
    result = call("check", written(tmp_path, "vlan: floor\n\tbridge vmbr0\n", "zones.cfg"))
    assert (result.status, result.out) == (0, "")
    result = call("check", written(tmp_path, "vlan: floor\n\tbrigde vmbr0\n", "zones.cfg"))
    assert result.status == 1
    assert (
        "zones.cfg:2:2: error: zone 'floor': 'brigde' is not a property of type vlan; did you mean bridge?"
        in result.out
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"vnet: web\n\ttag 1\xff\n", "pvesdn.cfg:2: byte 0xff is not UTF-8 text; save it as UTF-8"),
        (b"vnet: web\n\ttag 1\0\n", "pvesdn.cfg:2: holds a NUL byte, so it is not text; save it as UTF-8"),
        (b"#" * (8 * 1024 * 1024 + 1), "pvesdn.cfg: has more than 8 MiB; is this the right file?"),
    ],
    ids=["not UTF-8", "NUL", "huge"],
)
def test_what_is_no_text_ends_with_one_line_and_status_2(tmp_path: Path, content: bytes, complaint: str) -> None:
    result = call("check", written(tmp_path, content))
    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: {tmp_path}/{complaint}\n"


@pytest.mark.parametrize("kind", ["missing", "pipe", "folder", "loop", "dangling"])
def test_what_is_no_file_ends_with_one_line_and_status_2(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "pvesdn.cfg"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "loop":
        place.symlink_to(place)
    elif kind == "dangling":
        place.symlink_to(tmp_path / "nowhere")
    result = call("check", place)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {place}: ")
    assert len(result.err.splitlines()) == 1


def test_wrong_usage_is_status_2_and_a_document_where_one_was_asked_for(tmp_path: Path) -> None:
    assert call("check").status == 2
    assert call("check", "--frobnicate", tmp_path).status == 2
    document = json.loads(call("check", "--json", tmp_path / "nowhere").out)
    assert (document["kind"], document["exit_status"], len(document["errors"])) == ("error", 2, 1)


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "link.cfg"
    link.symlink_to(written(tmp_path, GOOD))
    assert call("check", link).status == 0


def test_quiet_says_nothing_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert call("check", "-q", written(tmp_path, GOOD)) == call("check", "-q", written(tmp_path, GOOD, "other.cfg"))
    result = call("check", "-q", written(tmp_path, GOOD))
    assert (result.status, result.out, result.err) == (0, "", "")
