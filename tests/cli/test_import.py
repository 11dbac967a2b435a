"""`pvesdn import`."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.model.files import FRR_CONF as FRR
from pvesdn.model.snapshot import NodeRaw
from tests.cli.kit import Result, call
from tests.fakes import FakeCluster, fake_cluster
from tests.limits import small_files
from tests.unit.recognise.kit import MODELS, hand

OWN = "/etc/pve/sdn/pvesdn.cfg"
MULTICAST = MODELS / "multicast" / "snapshot"
TEXT = """\
vxlan: mcast
	multicast-group 225.20.1.1

vnet: vmbr2
	tag 2
	zone mcast

vnet: vmbr3
	tag 3
	zone mcast

"""
NOTE = "note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0\n"


@pytest.fixture
def by_hand() -> FakeCluster:
    """The first model by hand on a live cluster."""
    cluster = fake_cluster()
    for name, raw in hand("multicast").nodes.items():
        cluster.nodes[name].files.update(raw.files)
        cluster.nodes[name].commands |= raw.commands
    return cluster


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_definitions_what_has_to_go_and_what_then_comes_are_shown() -> None:
    node = """\
        node1-node3
          - vxlan2  (/etc/network/interfaces:17-21, vxlan_vmbr2 comes in its place)
          - vmbr2  (/etc/network/interfaces:23-27)
          - vxlan3  (/etc/network/interfaces:29-33, vxlan_vmbr3 comes in its place)
          - vmbr3  (/etc/network/interfaces:35-39)
            taken down before that: ifdown vxlan2 vxlan3

        """
    comes = """\
        node1-node3
          + /etc/network/interfaces.d/pvesdn
              ~ vmbr2  (hand-written until now; the device stays)
              ~ vmbr3  (hand-written until now; the device stays)
            -/+ vxlan_vmbr2  (in place of vxlan2, which has VNI 2 and must go first)
            -/+ vxlan_vmbr3  (in place of vxlan3, which has VNI 3 and must go first)

        """
    expected = (
        f"Proposed: {OWN}\n\n{TEXT}"
        "To take out: the kernel refuses a second device with a VNI, so these go first.\n"
        "From then until the apply is done, guests have no network beyond their node.\n\n"
        + dedent(node)
        + "What then comes: the plan of apply --overwrite, once all that is taken out\n\n"
        + "  + create\n  ~ change in place\n-/+ delete and create anew\n\n"
        + dedent(comes)
        + "Plan: 0 to add, 6 to change, 0 to destroy, 6 to replace on 3 of 3 nodes.\n"
    )
    assert call("import", "--from", MULTICAST) == Result(0, expected, NOTE)


def test_what_frr_conf_local_can_keep_is_shown_once_for_nodes_that_keep_the_same(tmp_path: Path) -> None:
    kept = " neighbor 192.168.0.9 remote-as 65009\n neighbor 192.168.0.9 password s3cret\n"
    write_snapshot(tmp_path / "s", hand("evpn-l2", (" no bgp default", f"{kept} no bgp default")))
    result = call("import", "--from", tmp_path / "s")
    head = "For /etc/frr/frr.conf.local: what of it still can be said there, with the secret in place of ********"
    lines = (
        "node1-node3",
        "  router bgp 1234",
        "   no bgp default ipv4-unicast",
        "   neighbor 192.168.0.9 remote-as 65009",
        "   neighbor 192.168.0.9 password ********",
        "  exit",
    )
    assert f"{head}\n\n{chr(10).join(lines)}\n\nWhat then comes" in result.out
    document = json.loads(call("import", "--json", "--from", tmp_path / "s").out)
    assert document["frr_conf_local"]["node2"] == "".join(f"{line[2:]}\n" for line in lines[1:])


def test_nothing_to_import_names_what_was_found(tmp_path: Path) -> None:
    bridges = (
        ("bridge_ports vxlan2\n", "bridge_ports vxlan2 vxlan3\n"),
        ("bridge_ports vxlan3\n", "bridge_ports none\n"),
    )
    write_snapshot(tmp_path / "s", hand("unicast", *bridges))
    result = call("import", "--from", tmp_path / "s")
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines()[:2] == [
        "error: nothing can be imported as it stands; what was found, and why it was left:",
        (
            "error: node1-node3: /etc/network/interfaces:24: vmbr2: a bridge with 2 VXLAN ports (vxlan2, vxlan3): "
            "it stays as it is; a VNet has one VNI: to have them imported give each VXLAN device a bridge of its own"
        ),
    ]


def test_quiet_prints_the_definitions_alone() -> None:
    assert call("import", "-q", "--from", MULTICAST) == Result(0, TEXT.rstrip("\n") + "\n", "")


def test_quiet_still_says_what_is_lost(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", hand("multicast", node1=("vxlan-id 2\n", "vxlan-id 2\n        vxlan-ageing 10\n")))
    result = call("import", "-q", "--from", tmp_path / "s")
    assert result.out == TEXT.rstrip("\n") + "\n"
    assert result.err == "warning: not carried over: node1: /etc/network/interfaces:20: vxlan2: vxlan-ageing 10\n"


def test_what_is_lost_in_the_same_line_of_several_nodes_is_shown_once(tmp_path: Path) -> None:
    more = ("vxlan-id 2\n", "vxlan-id 2\n        vxlan-ageing 10\n")
    write_snapshot(tmp_path / "s", hand("multicast", more, node2=("vxlan-ageing 10", "vxlan-ageing 20")))
    shown = call("import", "--from", tmp_path / "s").out.partition("Not carried over")[2].partition("\n\n")[0]
    assert shown.splitlines()[1:] == [
        "  node1, node3: /etc/network/interfaces:20: vxlan2: vxlan-ageing 10",
        "  node2: /etc/network/interfaces:20: vxlan2: vxlan-ageing 20",
    ]
    document = json.loads(call("import", "--json", "--from", tmp_path / "s").out)
    assert [found["where"] for found in document["not_carried_over"]] == [
        f"node{n}: /etc/network/interfaces:20: vxlan2" for n in (1, 2, 3)
    ]


def test_what_every_node_loses_in_the_same_place_is_said_once(tmp_path: Path) -> None:
    snapshot = read_snapshot(MODELS / "evpn-l2" / "snapshot")
    nodes = {}
    for name, raw in snapshot.nodes.items():
        alone = "interface eno1\n ip ospf area 0\nexit\n" if name == "node2" else ""
        text = f"frr version 8.4.4\nfrr defaults traditional\n{raw.files[FRR]}{alone}"
        nodes[name] = NodeRaw({**raw.files, FRR: text}, raw.commands)
    write_snapshot(tmp_path / "s", replace(snapshot, nodes=nodes))
    out = call("import", "--from", tmp_path / "s").out
    (line,) = (line for line in out.splitlines() if "frr defaults traditional" in line)
    assert line.startswith(f"  node1-node3: {FRR}:2: 'frr defaults traditional'; ")
    (alone,) = (line for line in out.splitlines() if "ip ospf area 0" in line)
    assert alone.startswith(f"  node2: {FRR}:")
    document = json.loads(call("import", "--json", "--from", tmp_path / "s").out)
    lost = [row for row in document["not_carried_over"] if "traditional" in str(row)]
    assert [row["node"] for row in lost] == ["node1", "node2", "node3"]


def test_pves_files_are_told_apart() -> None:
    result = call("import", "-q", "--as", "pve", "--from", MODELS / "one-exit" / "snapshot")
    assert [line for line in result.out.splitlines() if line.startswith("#")] == [
        "# controllers.cfg",
        "# pvesdn.cfg",
        "# subnets.cfg",
        "# vnets.cfg",
        "# zones.cfg",
    ]


def test_diff_shows_the_lines_that_go_and_those_that_come() -> None:
    result = call("import", "--diff", "--from", MULTICAST)
    assert "      --- /etc/network/interfaces\n" in result.out
    assert "      -        vxlan-svcnodeip 225.20.1.1\n" in result.out
    assert "      +\tvxlan-mcastgrp 225.20.1.1\n" in result.out


def test_a_name_that_means_something_to_a_shell_is_quoted(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", hand("multicast", ("vxlan2", "vx;halt")))
    assert "ifdown 'vx;halt' vxlan3\n" in call("import", "--from", tmp_path / "s").out


def test_a_contradiction_is_an_error_and_nothing_is_proposed(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", hand("multicast", node2=("225.20.1.1", "225.20.1.2")))
    result = call("import", "--from", tmp_path / "s")
    assert (result.status, result.out) == (1, "")
    assert result.err == (
        "error: node2: /etc/network/interfaces:20: vmbr2: flood mode is multicast to 225.20.1.2, but multicast to 225.20.1.1 on node1 "
        "(/etc/network/interfaces:20); make them the same\n"
        "error: node2: /etc/network/interfaces:32: vmbr3: flood mode is multicast to 225.20.1.2, but multicast to 225.20.1.1 on node1 "
        "(/etc/network/interfaces:32); make them the same\n"
    )


def test_a_proposal_that_does_not_pass_is_shown_with_the_reason(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", hand("asymmetric", ("10.0.3.254", "192.168.0.254")))
    result = call("import", "--from", tmp_path / "s")
    assert result.status == 1
    assert "subnet: asym-192.168.0.0-24\n" in result.out
    assert "What then comes" not in result.out
    assert "error: the proposal fails the checks: pvesdn.cfg:" in result.err


def test_where_nothing_was_made_by_hand_that_is_said(settings: Path) -> None:
    result = call("--config", settings, "import", cluster=fake_cluster())
    assert result.status == 1
    assert "nothing to import" in result.err


def test_a_node_that_did_not_answer_shows_in_the_status(settings: Path, by_hand: FakeCluster) -> None:
    by_hand.nodes["node3"].off = "connection timed out"
    result = call("--config", settings, "import", "-q", cluster=by_hand)
    assert result.status == 4
    assert "warning: node3: was not read (connection timed out): it is assumed to be like the others" in result.err


# --- what is written -------------------------------------------------------------------------------------------------


def test_nothing_is_written_unasked(settings: Path, by_hand: FakeCluster, tmp_path: Path) -> None:
    before = {name: dict(by_hand.nodes[name].files) for name in by_hand.nodes.nodes}
    assert call("--config", settings, "import", cluster=by_hand).status == 0
    assert {name: by_hand.nodes[name].files for name in by_hand.nodes.nodes} == before
    assert OWN not in by_hand.nodes.pve_files
    assert {path.name for path in tmp_path.iterdir()} == {"pvesdn.toml"}


def test_the_definitions_are_written_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "my.cfg"
    result = call("import", "--from", MULTICAST, "--output", file)
    assert result.err == f"{NOTE}Wrote {file}\n"
    assert file.read_text() == TEXT


def test_a_file_that_is_there_stays_until_told(tmp_path: Path) -> None:
    file = tmp_path / "my.cfg"
    file.write_text("precious")
    result = call("import", "--from", MULTICAST, "--output", file)
    assert result == Result(
        1, "", f"error: {file} already exists; choose another place, or use --overwrite to replace it\n"
    )
    assert file.read_text() == "precious"
    assert call("import", "--from", MULTICAST, "--output", file, "--overwrite").status == 0
    assert file.read_text() == TEXT


def test_pves_files_are_written_into_a_folder(tmp_path: Path) -> None:
    call("import", "--as", "pve", "--from", MODELS / "one-exit" / "snapshot", "--output", tmp_path / "sdn")
    names = {"controllers.cfg", "pvesdn.cfg", "subnets.cfg", "vnets.cfg", "zones.cfg"}
    assert {path.name for path in (tmp_path / "sdn").iterdir()} == names


def test_the_edited_files_of_every_node_are_written_for_copying(tmp_path: Path) -> None:
    result = call("import", "--from", MULTICAST, "--edited", tmp_path / "out")
    assert result.err == f"{NOTE}Wrote 3 files of 3 nodes to {tmp_path / 'out'}\n"
    for node in ("node1", "node2", "node3"):
        edited = (tmp_path / "out" / node / "etc/network/interfaces").read_text()
        assert edited == (MODELS / "multicast/expected/edited" / node / "etc/network/interfaces").read_text()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_the_edited_files_keep_their_modes(tmp_path: Path, settings: Path, by_hand: FakeCluster, mode: int) -> None:
    for node in by_hand.nodes.nodes.values():
        node.commands["modes"] = {"/etc/network/interfaces": f"{mode:04o}"}
    call("--config", settings, "import", "--edited", tmp_path / "out", cluster=by_hand)
    call("--config", settings, "snapshot", tmp_path / "snap", cluster=by_hand)
    call("import", "--from", tmp_path / "snap", "--edited", tmp_path / "again")
    for place in ("out", "again"):
        written = (tmp_path / place / "node1/etc/network/interfaces").stat().st_mode
        assert stat.S_IMODE(written) == mode


@pytest.mark.parametrize("given", ["0666", "0777", "6777"])
def test_nobody_but_the_owner_may_write_an_edited_file_whatever_a_snapshot_says(
    tmp_path: Path, settings: Path, by_hand: FakeCluster, given: str
) -> None:
    by_hand.nodes["node1"].commands["modes"] = {"/etc/network/interfaces": given}
    call("--config", settings, "import", "--edited", tmp_path / "edited", cluster=by_hand)
    mode = (tmp_path / "edited/node1/etc/network/interfaces").stat().st_mode
    assert mode & 0o7022 == 0


@pytest.mark.parametrize(
    "modes", [None, {}, [], {"/etc/network/interfaces": "4777x"}, {"/etc/network/interfaces": 420}]
)
def test_an_edited_file_of_unknown_mode_is_for_its_owner_alone(
    tmp_path: Path, settings: Path, by_hand: FakeCluster, modes: object
) -> None:
    for node in by_hand.nodes.nodes.values():
        node.commands["modes"] = modes
    call("--config", settings, "import", "--edited", tmp_path / "out", cluster=by_hand)
    written = (tmp_path / "out/node1/etc/network/interfaces").stat().st_mode
    assert stat.S_IMODE(written) == 0o600


def test_edited_files_out_of_a_snapshot_say_what_they_lack(
    tmp_path: Path, settings: Path, by_hand: FakeCluster
) -> None:
    by_hand.nodes["node2"].files["/etc/network/interfaces"] += "\nauto eth9\niface eth9\n\twpa-psk swordfish\n"
    call("--config", settings, "snapshot", tmp_path / "snap", cluster=by_hand)
    result = call("import", "--from", tmp_path / "snap", "--edited", tmp_path / "out")
    (warning,) = (line for line in result.err.splitlines() if "hides" in line)
    assert warning == (
        "warning: node2: /etc/network/interfaces: the snapshot hides values in 1 line; "
        "put the node's own back before using the file, or import from the cluster"
    )


def test_a_file_that_cannot_be_written_to_its_end_is_named(tmp_path: Path) -> None:
    with small_files(64):
        result = call("import", "-q", "--from", MULTICAST, "--edited", tmp_path / "out")
    assert result.status == 1
    assert result.err.splitlines()[-1] == (
        f"error: {tmp_path}/out/node1/etc/network/interfaces: File too large; choose another place"
    )


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = call("import", "-q", "--from", MULTICAST, "--output", tmp_path / "file" / "x")
    assert result.status == 1
    assert len(result.err.splitlines()) == 1


def test_the_clusters_definitions_are_written_when_asked(settings: Path, by_hand: FakeCluster) -> None:
    result = call("--config", settings, "import", "--write", cluster=by_hand)
    assert result.err.endswith(f"Wrote {OWN}\n")
    assert by_hand.nodes.pve_files[OWN] == TEXT


def test_definitions_that_do_not_pass_are_not_written_to_the_cluster(settings: Path, by_hand: FakeCluster) -> None:
    for name, raw in hand("asymmetric", ("10.0.3.254", "192.168.0.254")).nodes.items():
        by_hand.nodes[name].files.update(raw.files)
        by_hand.nodes[name].commands |= raw.commands
    result = call("--config", settings, "import", "--write", cluster=by_hand)
    assert result.status == 1
    assert "error: the proposal fails the checks: " in result.err
    assert OWN not in by_hand.nodes.pve_files


def test_the_clusters_definitions_are_not_replaced_until_told(settings: Path, by_hand: FakeCluster) -> None:
    by_hand.nodes.pve_files[OWN] = "vxlan: mine\n"
    result = call("--config", settings, "import", "--write", cluster=by_hand)
    assert result == Result(1, "", f"error: {OWN} already exists; look at it, then use --overwrite to replace it\n")
    assert by_hand.nodes.pve_files[OWN] == "vxlan: mine\n"
    result = call("--config", settings, "import", "--write", "--overwrite", cluster=by_hand)
    assert result.status == 0
    assert by_hand.nodes.pve_files[OWN] == TEXT
    assert result.err.endswith(f"Wrote {OWN}\nThe previous {OWN} is kept as {OWN}.before.\n")


def test_what_the_clusters_definitions_were_is_kept(settings: Path, by_hand: FakeCluster) -> None:
    by_hand.nodes.pve_files[OWN] = "vxlan: mine\n"
    call("--config", settings, "import", "--write", "--overwrite", cluster=by_hand)
    assert by_hand.nodes.pve_files[f"{OWN}.before"] == "vxlan: mine\n"
    again = call("--config", settings, "import", "--write", "--overwrite", cluster=by_hand)
    assert "is kept" not in again.err
    assert by_hand.nodes.pve_files[f"{OWN}.before"] == "vxlan: mine\n"


def test_where_there_were_none_nothing_is_kept(settings: Path, by_hand: FakeCluster) -> None:
    assert "is kept" not in call("--config", settings, "import", "--write", cluster=by_hand).err
    assert f"{OWN}.before" not in by_hand.nodes.pve_files


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--write", "--as", "pve"), "--write cannot be used with --as pve"),
        (("--write", "--from", MULTICAST), "--write needs a cluster, and --from has none"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_read(words: tuple[str, ...], message: str) -> None:
    result = call("import", *words)
    assert (result.status, result.out) == (1, "")
    assert message in result.err


# --- for machines ----------------------------------------------------------------------------------------------------


def test_the_document_has_everything() -> None:
    document = json.loads(call("import", "--json", "--diff", "--from", MODELS / "vrrp" / "snapshot").out)
    assert (document["kind"], document["form"]) == ("import", "pvesdn")
    assert [definition["file"] for definition in document["definitions"]] == [OWN]
    node = document["nodes"][0]
    assert (node["name"], node["is_frr_rewritten"]) == ("node1", True)
    assert node["ifdown"] == ["vxlan2", "vxlan3", "vxlan4000", "vmbr4000", "vrf1"]
    eno2 = next(out for out in node["take_out"] if out["name"] == "eno2")
    assert eno2 == {
        "name": "eno2",
        "file": "/etc/network/interfaces",
        "lines": [{"first": 23, "last": 25}, {"first": 27, "last": 30}],
        "is_whole": False,
        "vni": None,
        "becomes": "eno2",
    }
    assert "-        vrrp-id 1" in node["diff"]
    assert document["not_carried_over"] == document["problems"] == document["written"] == []
    assert document["plan"]["summary"]["replace"] == 15
    assert document["plan"]["summary"]["has_obstacles"] is False


def test_a_contradiction_is_a_document_too(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", hand("multicast", node2=("225.20.1.1", "225.20.1.2")))
    document = json.loads(call("import", "--json", "--from", tmp_path / "s").out)
    assert (document["kind"], document["exit_status"], len(document["errors"])) == ("error", 1, 2)
