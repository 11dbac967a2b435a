"""A snapshot folder gives back what was put into it, without its secrets, and nothing of it lies outside."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters import snapshot_dir
from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.decode.secrets import hide_secrets
from pvesdn.errors import SnapshotError
from pvesdn.model.snapshot import RECORD_FILE, NodeRaw, Snapshot
from tests.fakes import cluster_answers, fake_node
from tests.limits import small_files

FRR = "/etc/frr/frr.conf"
WITH_PASSWORD = """\
frr defaults datacenter
password one
enable password two
!
router bgp 1234
 neighbor 192.168.0.2 password three
!
key chain lsdb
 key 1
  key-string four
"""


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def snapshot() -> Snapshot:
    node = fake_node("node1", 1)
    files = {
        **node.files,
        "/etc/network/interfaces.d/pvesdn": "# written by pvesdn\n\nauto vmbr2\niface vmbr2\n\tmtu 1500\n",
    }
    return Snapshot(
        api=cluster_answers(("node1", "node2"), (), "9.1.5"),
        pve_files={"pvesdn.cfg": "vxlan: ucast\n\n", ".running-config": '{"version": 1}'},
        nodes={"node1": NodeRaw(files, node.commands)},
        unreachable={"node2": "node2: connection refused"},
    )


def put(folder: Path, path: str, text: str = "{}") -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


@pytest.fixture
def least(tmp_path: Path) -> Path:
    """The least that is a snapshot."""
    put(tmp_path / "least", "api/cluster/status.json", "[]")
    return tmp_path / "least"


def test_what_was_written_is_read_again(tmp_path: Path, snapshot: Snapshot) -> None:
    assert write_snapshot(tmp_path / "snap", snapshot) == ()
    assert read_snapshot(tmp_path / "snap") == snapshot


def test_the_layout_is_the_documented_one(tmp_path: Path, snapshot: Snapshot) -> None:
    write_snapshot(tmp_path / "snap", snapshot)
    found = sorted(p.relative_to(tmp_path / "snap").as_posix() for p in (tmp_path / "snap").rglob("*") if p.is_file())
    assert found == [
        "api/cluster/sdn.json",
        "api/cluster/status.json",
        "api/nodes.json",
        "api/version.json",
        "etc/pve/sdn/.running-config",
        "etc/pve/sdn/pvesdn.cfg",
        "nodes/node1/cmd/ip-addr.json",
        "nodes/node1/cmd/ip-link.json",
        "nodes/node1/cmd/ip-route.json",
        "nodes/node1/cmd/ip-route6.json",
        "nodes/node1/cmd/sysctl.json",
        "nodes/node1/cmd/versions.json",
        "nodes/node1/etc/network/interfaces",
        "nodes/node1/etc/network/interfaces.d/pvesdn",
        "unreachable.json",
    ]


def test_line_ends_survive(tmp_path: Path, snapshot: Snapshot) -> None:
    odd = replace(snapshot, pve_files={"pvesdn.cfg": "vxlan: a\r\n\x0b\u2028end without a line feed"})
    write_snapshot(tmp_path / "snap", odd)
    assert read_snapshot(tmp_path / "snap").pve_files == odd.pve_files


def test_nobody_else_may_look(tmp_path: Path, snapshot: Snapshot) -> None:
    write_snapshot(tmp_path / "snap", snapshot)
    assert stat.S_IMODE((tmp_path / "snap").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "snap").rglob("*") if p.is_file()}
    assert modes == {0o600}


def test_passwords_are_replaced_and_it_is_said(tmp_path: Path, snapshot: Snapshot) -> None:
    node = NodeRaw({FRR: WITH_PASSWORD}, {})
    notes = write_snapshot(tmp_path / "snap", replace(snapshot, nodes={"node1": node}))
    assert notes == ("nodes/node1/etc/frr/frr.conf: 4 values replaced by placeholders",)
    text = read_snapshot(tmp_path / "snap").nodes["node1"].files[FRR]
    hidden = {"one": "hidden-1", "two": "hidden-2", "three": "hidden-3", "four": "hidden-4"}
    assert text == "".join(hidden.get(word, word) for word in re.split(r"(\s)", WITH_PASSWORD))
    assert not any(word in text for word in ("one", "two", "three", "four"))


def test_the_record_of_our_last_write_follows_the_replacement(tmp_path: Path, snapshot: Snapshot) -> None:
    record = json.dumps({"format": 1, "files": {FRR: sha256(WITH_PASSWORD)}, "unfinished": False})
    node = NodeRaw({FRR: WITH_PASSWORD, RECORD_FILE: record}, {})
    write_snapshot(tmp_path / "snap", replace(snapshot, nodes={"node1": node}))
    files = read_snapshot(tmp_path / "snap").nodes["node1"].files
    assert json.loads(files[RECORD_FILE])["files"][FRR] == sha256(files[FRR])


def test_an_empty_folder_may_be_filled(tmp_path: Path, snapshot: Snapshot) -> None:
    (tmp_path / "snap").mkdir(mode=0o755)
    write_snapshot(tmp_path / "snap", snapshot)
    assert read_snapshot(tmp_path / "snap") == snapshot


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path, snapshot: Snapshot) -> None:
    put(tmp_path, "snap/mine", "precious")
    with pytest.raises(SnapshotError, match="snap: is not empty; choose a new folder"):
        write_snapshot(tmp_path / "snap", snapshot)
    assert [p.name for p in (tmp_path / "snap").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    "path", ["/etc/../../../escaped", "etc/frr", "/", "//etc", "/etc/./x", "/cmd/ip-link.json", "/a\0b"]
)
def test_no_file_of_a_node_lies_outside(tmp_path: Path, snapshot: Snapshot, path: str) -> None:
    with pytest.raises(SnapshotError, match="does not belong in a snapshot"):
        write_snapshot(tmp_path / "snap", replace(snapshot, nodes={"node1": NodeRaw({path: "x"}, {})}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["..", "../node1", "a/b", "", "-x", "a\nb"])
def test_no_node_lies_outside(tmp_path: Path, snapshot: Snapshot, name: str) -> None:
    with pytest.raises(SnapshotError, match="does not belong in a snapshot"):
        write_snapshot(tmp_path / "snap", replace(snapshot, nodes={name: NodeRaw()}))


@pytest.mark.parametrize("path", ["../version", "/etc/passwd", "a//b", "..", "a/.."])
def test_no_answer_of_the_api_lies_outside(tmp_path: Path, snapshot: Snapshot, path: str) -> None:
    with pytest.raises(SnapshotError, match="does not belong in a snapshot"):
        write_snapshot(tmp_path / "snap", replace(snapshot, api={path: 1}))


def test_nothing_half_written_is_left_behind(tmp_path: Path, snapshot: Snapshot) -> None:
    broken = NodeRaw({"/etc/frr": "a file", "/etc/frr/frr.conf": "and a folder"}, {})
    with pytest.raises(SnapshotError):
        write_snapshot(tmp_path / "snap", replace(snapshot, nodes={"node1": broken}))
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_not_unicode_is_refused(tmp_path: Path, snapshot: Snapshot) -> None:
    with pytest.raises(SnapshotError, match=r"frr\.conf: a node sent text that is not Unicode"):
        write_snapshot(tmp_path / "snap", replace(snapshot, nodes={"node1": NodeRaw({FRR: "\ud800"}, {})}))


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path, snapshot: Snapshot) -> None:
    put(tmp_path, "file", "")
    with pytest.raises(SnapshotError, match=r"snap: .*; choose another folder"):
        write_snapshot(tmp_path / "file" / "snap", snapshot)


def test_parts_that_are_absent_are_absent(least: Path) -> None:
    (least / "nodes" / "node1").mkdir(parents=True)
    assert read_snapshot(least) == Snapshot(api={"cluster/status": []}, pve_files={}, nodes={"node1": NodeRaw()})


def test_files_nobody_asked_for_are_not_read(least: Path) -> None:
    put(least, "nodes/node1/etc/shadow", "root:x")
    put(least, "nodes/node1/etc/network/interfaces.d/.pvesdn.pvesdn-new", "staged")
    put(least, "etc/pve/sdn/dns.cfg", "x")
    put(least, "api/README", "x")
    assert read_snapshot(least) == Snapshot(api={"cluster/status": []}, pve_files={}, nodes={"node1": NodeRaw()})


def test_an_absent_folder_says_how_to_take_one(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="gone: no such folder; take a snapshot with: pvesdn snapshot DIR"):
        read_snapshot(tmp_path / "gone")


def test_another_folder_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"is not a snapshot: api/cluster/status\.json is missing"):
        read_snapshot(tmp_path)


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("api/version.json", "{", r"api/version\.json: is not valid JSON"),
        ("api/version.json", "[" * 100_000, r"api/version\.json: is not valid JSON"),
        ("unreachable.json", "[]", r"unreachable\.json: is not a table of reasons by node"),
        ("unreachable.json", '{"node2": null}', r"unreachable\.json: is not a table of reasons by node"),
        ("unreachable.json", '{"../node2": "off"}', r"unreachable\.json: is not a table of reasons by node"),
        ("unreachable.json", '{"node2": "\\ud800"}', r"unreachable\.json: is not a table of reasons by node"),
        ("nodes/a b/x", "", r"nodes/a b: is not a node name"),
    ],
)
def test_a_malformed_part_is_named(least: Path, path: str, text: str, fault: str) -> None:
    put(least, path, text)
    with pytest.raises(SnapshotError, match=fault):
        read_snapshot(least)


@pytest.mark.parametrize(
    ("path", "data", "fault"),
    [
        ("cmd/ip-link.json", b"", "is not valid JSON"),
        ("cmd/ip-route.json", b'[{"dst": "defau', "is not valid JSON"),
        ("etc/network/interfaces", b"auto \xff", "is not UTF-8 text"),
    ],
)
def test_a_damaged_file_of_a_node_costs_that_node(least: Path, path: str, data: bytes, fault: str) -> None:
    put(least, "nodes/node1/etc/network/interfaces", "auto lo\n")
    put(least, "nodes/node2/etc/network/interfaces", "auto lo\n")
    put(least, f"nodes/node2/{path}")
    (least / "nodes/node2" / path).write_bytes(data)
    read = read_snapshot(least)
    assert "node1" in read.nodes
    assert "node2" not in read.nodes
    assert read.unreachable == {"node2": f"{least}/nodes/node2/{path}: {fault}"}


def test_bytes_that_are_no_text_are_an_error(least: Path) -> None:
    put(least, "etc/pve/sdn/pvesdn.cfg")
    (least / "etc/pve/sdn/pvesdn.cfg").write_bytes(b"vxlan: \xff")
    with pytest.raises(SnapshotError, match=r"pvesdn\.cfg: is not UTF-8 text"):
        read_snapshot(least)


def test_a_link_out_of_the_snapshot_is_refused(least: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside", "secret")
    (least / "etc/pve/sdn").mkdir(parents=True)
    (least / "etc/pve/sdn/pvesdn.cfg").symlink_to(tmp_path / "outside")
    with pytest.raises(SnapshotError, match=r"pvesdn\.cfg: leads out of the snapshot"):
        read_snapshot(least)


def test_a_linked_folder_does_not_lead_out_either(least: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside/etc/network/interfaces", "secret")
    (least / "nodes").mkdir()
    (least / "nodes/node1").symlink_to(tmp_path / "outside")
    with pytest.raises(SnapshotError, match=r"interfaces: leads out of the snapshot"):
        read_snapshot(least)


def test_a_dangling_link_is_an_error(least: Path) -> None:
    (least / "etc/pve/sdn").mkdir(parents=True)
    (least / "etc/pve/sdn/pvesdn.cfg").symlink_to("gone")
    with pytest.raises(SnapshotError, match=r"pvesdn\.cfg: No such file or directory"):
        read_snapshot(least)


def test_a_link_to_itself_is_an_error(least: Path) -> None:
    (least / "etc/pve/sdn").mkdir(parents=True)
    (least / "etc/pve/sdn/pvesdn.cfg").symlink_to("pvesdn.cfg")
    with pytest.raises(SnapshotError, match=r"pvesdn\.cfg: Too many levels of symbolic links"):
        read_snapshot(least)


def test_a_folder_that_cannot_be_is_an_error_for_reading_and_for_writing(snapshot: Snapshot, tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 300)
    with pytest.raises(SnapshotError, match="File name too long"):
        read_snapshot(folder)
    with pytest.raises(SnapshotError, match="File name too long; choose another folder"):
        write_snapshot(folder, snapshot)


def test_a_pipe_is_not_waited_for(least: Path) -> None:
    (least / "etc/pve/sdn").mkdir(parents=True)
    os.mkfifo(least / "etc/pve/sdn/pvesdn.cfg")
    with pytest.raises(SnapshotError, match=r"pvesdn\.cfg: is not a file"):
        read_snapshot(least)


def test_a_huge_file_is_refused(least: Path) -> None:
    put(least, "etc/pve/sdn/pvesdn.cfg")
    os.truncate(least / "etc/pve/sdn/pvesdn.cfg", 9 * 1024 * 1024)
    with pytest.raises(SnapshotError, match="is bigger than 8 MiB"):
        read_snapshot(least)


@pytest.mark.parametrize("piece", ["[],", "{},", '"a",', '{"a":[1000]},'])
def test_an_answer_that_swells_in_memory_is_refused(least: Path, piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_dir, "_MOST_MEMORY", 1024 * 1024)
    put(least, "nodes/node1/cmd/ip-link.json", f"[{piece * 20_000}0]")
    with pytest.raises(SnapshotError, match=r"ip-link\.json: takes more than 1 MiB when it is read"):
        read_snapshot(least)


def test_a_folder_of_files_that_are_all_holes_is_refused(least: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_dir, "TOTAL_LIMIT", 8 * 1024 * 1024)
    for number in range(4):
        put(least, f"nodes/node1/etc/network/interfaces.d/{number}")
        os.truncate(least / f"nodes/node1/etc/network/interfaces.d/{number}", 3 * 1024 * 1024)
    with pytest.raises(
        SnapshotError, match=r"the files up to nodes/node1/etc/network/interfaces.d/2 have more than 8 MiB"
    ):
        read_snapshot(least)


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("password hunter2", "password ********"),
        ("enable password hunter2", "enable password ********"),
        (" neighbor fd00::1 password hunter2", " neighbor fd00::1 password ********"),
        ("  key-string hunter2  ", "  key-string ********"),
        (" ip ospf authentication-key hunter2", " ip ospf authentication-key ********"),
        (" ip ospf message-digest-key 1 md5 hunter2", " ip ospf message-digest-key ********"),
        (" area-password md5 hunter2", " area-password ********"),
        (" isis password clear hunter2", " isis password ********"),
        (" authentication hunter2", " authentication ********"),
        ("\twpa-psk hunter2", "\twpa-psk ********"),
    ],
)
def test_a_secret_word_hides_the_rest_of_its_line(line: str, hidden: str) -> None:
    assert hide_secrets(f"before\n{line}\nafter\n") == (f"before\n{hidden}\nafter\n", 1)
    assert hide_secrets(hidden) == (hidden, 0)


@pytest.mark.parametrize("line", ["service password-encryption", " neighbor VTEP remote-as 1234", "password"])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert hide_secrets(line) == (line, 0)


# --- links, and what changes while it is read -------------------------------------------------------------------------


def test_a_link_that_stays_inside_is_followed(least: Path) -> None:
    put(least, "nodes/node1/etc/network/interfaces", "auto lo\n")
    (least / "nodes/node2").symlink_to("node1")
    (least / "etc/pve/sdn").mkdir(parents=True)
    (least / "etc/pve/sdn/pvesdn.cfg").symlink_to("../../../nodes/node1/etc/network/interfaces")
    (least / "etc/pve/sdn/zones.cfg").symlink_to(least / "nodes/node1/etc/network/interfaces")
    read = read_snapshot(least)
    assert read.nodes["node2"] == read.nodes["node1"]
    assert read.pve_files == {"pvesdn.cfg": "auto lo\n", "zones.cfg": "auto lo\n"}


@pytest.mark.parametrize("target", ["../../../../outside", "../../../api/../../outside", "/etc/hostname"])
def test_a_link_that_climbs_out_is_refused(least: Path, tmp_path: Path, target: str) -> None:
    put(tmp_path, "outside", "secret")
    (least / "etc/pve/sdn").mkdir(parents=True)
    (least / "etc/pve/sdn/pvesdn.cfg").symlink_to(target)
    with pytest.raises(SnapshotError, match=r"pvesdn\.cfg: leads out of the snapshot"):
        read_snapshot(least)


@pytest.mark.parametrize("inner", ["api", "etc", "etc/pve", "etc/pve/sdn", "nodes", "nodes/node1/cmd"])
def test_no_folder_on_the_way_may_be_a_link_out(least: Path, tmp_path: Path, inner: str) -> None:
    put(tmp_path, "outside/cluster/status.json", "[]")
    put(tmp_path, "outside/pvesdn.cfg", "secret")
    put(tmp_path, "outside/pve/sdn/pvesdn.cfg", "secret")
    put(tmp_path, "outside/sdn/pvesdn.cfg", "secret")
    put(tmp_path, "outside/ip-link.json", "[]")
    (least / inner).parent.mkdir(parents=True, exist_ok=True)
    if (least / inner).exists():
        (least / inner).rename(tmp_path / "away")
    (least / inner).symlink_to(tmp_path / "outside")
    with pytest.raises(SnapshotError, match="leads out of the snapshot"):
        read_snapshot(least)


@pytest.mark.parametrize("swapped", ["pvesdn.cfg", "sdn"])
def test_what_is_swapped_for_a_link_in_a_race_is_not_followed(
    least: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    """At every opening of a file anything on the way may have become a link out a moment ago."""
    put(least, "etc/pve/sdn/pvesdn.cfg", "vxlan: ucast\n")
    put(tmp_path, "outside/pvesdn.cfg", "secret")
    victim = next(path for path in (least / "etc").rglob("*") if path.name == swapped)
    real_open = os.open

    def racing(path: object, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == swapped and not victim.is_symlink():
            victim.rename(tmp_path / "away")
            victim.symlink_to(tmp_path / "outside" / ("pvesdn.cfg" if swapped == "pvesdn.cfg" else ""))
        return real_open(path, flags, mode, dir_fd=dir_fd)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", racing)
    with pytest.raises(SnapshotError, match=r"etc/pve/sdn/\S+\.cfg: leads out of the snapshot"):
        read_snapshot(least)


def test_descriptors_are_all_given_back(least: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside", "secret")
    before = len(list(Path("/proc/self/fd").iterdir()))
    read_snapshot(least)
    (least / "etc/pve/sdn").mkdir(parents=True)
    (least / "etc/pve/sdn/pvesdn.cfg").symlink_to(tmp_path / "outside")
    with pytest.raises(SnapshotError):
        read_snapshot(least)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# --- a disk that takes no more ----------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_to_its_end_is_named(tmp_path: Path, snapshot: Snapshot) -> None:
    big = replace(snapshot, nodes={"node1": NodeRaw({FRR: "frr defaults datacenter\n" * 10_000}, {})})
    with small_files(), pytest.raises(SnapshotError) as caught:
        write_snapshot(tmp_path / "snap", big)
    assert str(caught.value) == f"{tmp_path}/snap/nodes/node1/etc/frr/frr.conf: File too large; choose another folder"
    assert list(tmp_path.iterdir()) == []


# --- much -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_an_answer_of_many_devices_is_read_back(least: Path, tmp_path: Path) -> None:
    links = [{"ifname": f"tap{number}i0", "mtu": 1500, "linkinfo": {"info_kind": "tun"}} for number in range(100_000)]
    snapshot = replace(read_snapshot(least), nodes={"node1": NodeRaw({}, {"ip-link": links})})
    write_snapshot(tmp_path / "many", snapshot)
    assert (tmp_path / "many/nodes/node1/cmd/ip-link.json").stat().st_size > 8 * 1024 * 1024
    assert read_snapshot(tmp_path / "many") == snapshot


@pytest.mark.parametrize("name", ["/etc/frr/\ud800", "/etc/frr/a\nb", "/etc/frr/\x1b[2J"])
def test_a_path_that_cannot_be_shown_is_not_written(least: Path, tmp_path: Path, name: str) -> None:
    snapshot = replace(read_snapshot(least), nodes={"node1": NodeRaw({name: ""}, {})})
    with pytest.raises(SnapshotError, match="does not belong in a snapshot"):
        write_snapshot(tmp_path / "odd", snapshot)
