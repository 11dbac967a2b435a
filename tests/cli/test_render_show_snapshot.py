"""`pvesdn render`, `pvesdn show` and `pvesdn snapshot`."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from textwrap import dedent

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from tests.cli.kit import UCAST, Result, call, snapshot_of
from tests.fakes import FakeCluster, fake_cluster

GOLDEN = Path(__file__).parents[1] / "golden"

WHOLE = """\
underlay: cluster
	network 192.168.0.0/24

evpn-controller: main
	asn 1234

vxlan: ucast
	nodes node1,node2

evpn: sym
	controller main
	irb symmetric
	vrf-vxlan 4000

vnet: vmbr3
	zone ucast
	tag 3

vnet: vmbr2
	zone sym
	tag 2
	alias red

subnet: sym-10.0.2.0-24
	vnet vmbr2
	gateway 10.0.2.254

exit: sym-node1
	zone sym
	node node1
	interface eno2
	address 172.16.0.1/24
	gateways 172.16.0.254,172.16.0.253
	vrrp-id 1
	vrrp-priority 200
	vrrp-address 172.16.0.10

"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A snapshot of a cluster with a bit of everything."""
    return snapshot_of(fake_cluster(WHOLE), tmp_path / "snap")


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# --- render ----------------------------------------------------------------------------------------------------------


def test_every_nodes_files_lie_under_its_name(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    assert call("render", "--from", folder, "--output", out) == Result(0, f"Wrote 12 files of 3 nodes to {out}\n", "")
    files = ("etc/frr/daemons", "etc/frr/frr.conf", "etc/network/interfaces.d/pvesdn", "etc/sysctl.d/90-pvesdn.conf")
    assert tree(out) == [f"node{number}/{file}" for number in (1, 2, 3) for file in files]
    assert (out / "node1/etc/network/interfaces.d/pvesdn").read_text().startswith("# Written by pvesdn")
    assert stat.S_IMODE((out / "node1/etc/frr/frr.conf").stat().st_mode) == 0o640


def test_rendering_twice_gives_the_same(folder: Path, tmp_path: Path) -> None:
    for out in ("one", "two", "two"):
        call("render", "--from", folder, "--output", tmp_path / out)
    one, two = tmp_path / "one", tmp_path / "two"
    assert tree(one) == tree(two)
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in tree(one))


def test_files_of_an_earlier_run_do_not_survive_it_and_others_do(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call("render", "--from", folder, "--output", out)
    (out / "node1" / "notes").write_text("mine")
    less = snapshot_of(fake_cluster(UCAST), tmp_path / "less")
    assert call("render", "--from", less, "--output", out).status == 0
    assert tree(out / "node1") == ["etc/network/interfaces.d/pvesdn", "notes"]


def test_a_drop_in_of_an_earlier_run_goes_and_one_that_is_wanted_stays(folder: Path, tmp_path: Path) -> None:
    case, out = GOLDEN / "carried-dhcp-vrf" / "snapshot", tmp_path / "out"
    call("render", "--from", case, "--output", out)
    name = "etc/systemd/system/dnsmasq@lan.service.d/pvesdn.conf"
    assert call("render", "--from", case, "--output", out).status == 0
    assert name in tree(out / "node1")
    call("render", "--from", folder, "--output", out)
    assert name not in tree(out / "node1")


def test_a_link_in_the_way_is_replaced_and_not_followed(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    place = tmp_path / "out/node1/etc/frr"
    place.mkdir(parents=True)
    (place / "frr.conf").symlink_to(target)
    call("render", "--from", folder, "--output", tmp_path / "out")
    assert target.read_text() == "precious"
    assert not (place / "frr.conf").is_symlink()


def test_only_the_named_nodes_are_rendered(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = call("render", "--from", folder, "--output", out, "--node", "node2")
    assert result.out == f"Wrote 4 files of 1 node to {out}\n"
    assert {path.name for path in out.iterdir()} == {"node2"}


def test_an_unknown_node_is_not_rendered(folder: Path, tmp_path: Path) -> None:
    result = call("render", "--from", folder, "--output", tmp_path / "out", "--node", "pve9")
    assert result == Result(1, "", "error: there is no node 'pve9'; members are node1, node2, node3\n")
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = call("render", "--from", folder, "--output", tmp_path / "file" / "out")
    assert result.status == 1
    assert result.err.startswith("error: ")
    assert len(result.err.splitlines()) == 1


def test_nothing_is_left_beside_a_file_that_cannot_be_put_in_place(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out/node1/etc/network/interfaces.d/pvesdn").mkdir(parents=True)
    result = call("render", "--from", folder, "--output", tmp_path / "out", "--node", "node1")
    assert result.status == 1
    assert len(result.err.splitlines()) == 1
    assert list((tmp_path / "out").rglob(".*")) == []


def test_a_node_that_did_not_answer_is_said_not_to_be_rendered(settings: Path, tmp_path: Path) -> None:
    cluster = fake_cluster(UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1450\n"))
    cluster.nodes["node3"].off = "connection timed out"
    result = call("--config", settings, "render", "--output", tmp_path / "out", cluster=cluster)
    assert (result.status, result.err) == (4, "warning: not rendered: node3: connection timed out\n")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"node1", "node2"}


# --- show ------------------------------------------------------------------------------------------------------------


def test_the_network_is_shown_as_it_is_understood(folder: Path) -> None:
    expected = """\
        Cluster fake: 3 members, PVE 9.1.5

        VTEPs
          node1  192.168.0.1  vmbr0  MTU 1550  its address in 192.168.0.0/24
          node2  192.168.0.2  vmbr0  MTU 1550  its address in 192.168.0.0/24
          node3  192.168.0.3  vmbr0  MTU 1550  its address in 192.168.0.0/24

        Paths to the other VTEPs
          node1  to node2, node3  vmbr0, MTU 1550, connected route 192.168.0.0/24
          node2  to node1, node3  vmbr0, MTU 1550, connected route 192.168.0.0/24
          node3  to node1, node2  vmbr0, MTU 1550, connected route 192.168.0.0/24

        Zones
          sym    EVPN, symmetric IRB, L3VNI 4000  MTU 1500  main  all nodes     pvesdn.cfg
          ucast  VXLAN, unicast                   MTU 1500  -     node1, node2  pvesdn.cfg

        VNets
          vmbr2  sym    tag 2  10.0.2.0/24 via 10.0.2.254  red
          vmbr3  ucast  tag 3  -

        Controllers
          main  ASN 1234  pvesdn.cfg

        Exits
          sym-node1  sym  node1  eno2  172.16.0.1/24  via 172.16.0.254, 172.16.0.253  VRRP 1, priority 200: 172.16.0.10

        Nodes
          node1  online  zones sym, ucast  VNets vmbr2, vmbr3
          node2  online  zones sym, ucast  VNets vmbr2, vmbr3
          node3  online  zones sym         VNets vmbr2

        Guests: VNets of pvesdn.cfg cannot be picked in the GUI; users need SDN.Use on the ACL path
          vmbr2  qm set VMID --net0 virtio,bridge=vmbr2  ACL path /sdn/zones/localnetwork/vmbr2
          vmbr3  qm set VMID --net0 virtio,bridge=vmbr3  ACL path /sdn/zones/localnetwork/vmbr3
        """
    assert call("show", "--from", folder) == Result(0, dedent(expected), "")


def test_pves_own_zones_are_shown_beside_ours(tmp_path: Path) -> None:
    pve = {
        "zones.cfg": "simple: lan\n\nvlan: floor\n\tbridge vmbr0\n\nqinq: metro\n\tbridge vmbr0\n\ttag 10\n\n"
        "faucet: old\n\tdp-id 1\n\tcontroller x\n\nvxlan: vx\n\tpeers 192.168.0.1,192.168.0.2\n\n",
        "vnets.cfg": "vnet: office\n\tzone lan\n\n",
    }
    folder = snapshot_of(fake_cluster(pve_files=pve), tmp_path / "snap")
    result = call("show", "--from", folder)
    assert "  floor  PVE's VLANs of vmbr0            -  -  all nodes  zones.cfg\n" in result.out
    assert "  lan    PVE's simple                    -  -  all nodes  zones.cfg\n" in result.out
    assert "  metro  PVE's QinQ in VLAN 10 of vmbr0  -  -  all nodes  zones.cfg\n" in result.out
    assert "  old    faucet, left to PVE             -  -  all nodes  zones.cfg\n" in result.out
    assert "  vx     PVE's VXLAN                     -  -  all nodes  zones.cfg\n" in result.out
    assert "qm set" not in result.out


def test_each_kind_of_zone_is_named_in_its_own_words(tmp_path: Path) -> None:
    ours = (
        "evpn-controller: main\n\tasn 1234\n\nevpn: l2\n\tcontroller main\n\tirb none\n\n"
        "vxlan: mcast\n\tmulticast-group 225.20.1.1\n\n"
    )
    running = {
        "version": 1,
        "controllers": {"ids": {"ctl": {"type": "evpn", "asn": 1234, "peers": "192.168.0.1,192.168.0.2"}}},
        "zones": {"ids": {"pve": {"type": "evpn", "controller": "ctl", "vrf-vxlan": 5000}}},
    }
    cluster = fake_cluster(ours, pve_files={".running-config": json.dumps(running)})
    document = json.loads(
        call("show", "--json", "--intent", "running", "--from", snapshot_of(cluster, tmp_path / "s")).out
    )
    assert {zone["id"]: (zone["what"], zone["l3vni"]) for zone in document["zones"]} == {
        "l2": ("EVPN, no IRB", None),
        "mcast": ("VXLAN, multicast 225.20.1.1", None),
        "pve": ("PVE's EVPN, symmetric IRB", 5000),
    }


def test_a_node_that_is_off_and_one_that_does_not_answer_are_told_apart(settings: Path) -> None:
    named = "underlay: cluster\n\tvteps node2=192.168.0.2,node3=192.168.0.3\n\n"
    cluster = fake_cluster(named + UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1450\n"), offline=("node2",))
    cluster.nodes["node3"].off = "connection timed out"
    result = call("--config", settings, "show", cluster=cluster)
    assert result.status == 4
    assert "  node2  192.168.0.2  -      MTU unknown  " in result.out
    assert "  node2  offline         zones ucast  VNets vmbr3\n" in result.out
    assert "  node3  did not answer  zones ucast  VNets vmbr3\n" in result.out
    assert "warning: not asked: node3: connection timed out\n" in result.err


def test_markup_in_an_alias_means_nothing(tmp_path: Path) -> None:
    pve = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\talias [red]c[/red]\n\tzone lan\n\n"}
    folder = snapshot_of(fake_cluster(pve_files=pve), tmp_path / "snap")
    assert "  -  -  [red]c[/red]\n" in call("show", "--from", folder, "--color=always").out


def test_an_alias_cannot_steer_the_terminal_through_an_error_either(tmp_path: Path) -> None:
    pve = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\talias a\u202eb\n\tzone lan\n\n"}
    folder = snapshot_of(fake_cluster(pve_files=pve), tmp_path / "snap")
    result = call("show", "--from", folder)
    assert result.status == 1
    assert "a\\u202eb" in result.err


def test_the_document_of_show_has_everything_by_kind(folder: Path) -> None:
    document = json.loads(call("show", "--json", "--from", folder).out)
    assert document["kind"] == "show"
    assert document["cluster"] == {"name": "fake", "pve_version": "9.1.5", "has_sdn": True}
    assert document["vteps"][0] == {
        "node": "node1",
        "address": "192.168.0.1",
        "interface": "vmbr0",
        "mtu": 1550,
        "why": "its address in 192.168.0.0/24",
    }
    assert document["paths"][0] == {
        "node": "node1",
        "peer": "192.168.0.2",
        "peer_node": "node2",
        "devices": ["vmbr0"],
        "mtu": 1550,
        "source": "192.168.0.1",
        "route": "192.168.0.0/24",
        "protocol": "kernel",
    }
    assert [zone["id"] for zone in document["zones"]] == ["sym", "ucast"]
    assert document["zones"][0]["l3vni"] == 4000
    assert document["vnets"][0]["subnets"] == [{"cidr": "10.0.2.0/24", "gateway": "10.0.2.254"}]
    assert document["vnets"][0]["guest_command"] == "qm set VMID --net0 virtio,bridge=vmbr2"
    assert document["exits"][0]["vrrp"] == {"id": 1, "priority": 200, "addresses": ["172.16.0.10"]}
    assert document["nodes"][2] == {
        "name": "node3",
        "is_online": True,
        "has_answered": True,
        "zones": ["sym"],
        "vnets": ["vmbr2"],
        "exits": [],
    }


# --- snapshot --------------------------------------------------------------------------------------------------------


def test_a_snapshot_is_taken_of_the_live_cluster(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    target = tmp_path / "new" / "snap"
    result = call("--config", settings, "snapshot", target, cluster=cluster)
    assert result == Result(0, f"Wrote 3 nodes to {target}\n", "")
    taken = read_snapshot(target)
    assert set(taken.nodes) == {"node1", "node2", "node3"}
    assert taken.pve_files["pvesdn.cfg"] == UCAST


def test_that_secrets_were_replaced_is_said(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    cluster.nodes["node1"].files["/etc/frr/frr.conf"] = "password hunter2\n"
    result = call("--config", settings, "snapshot", tmp_path / "snap", cluster=cluster)
    held = ("etc/frr/frr.conf", "cmd/frr-running.json")
    assert result.err == "".join(f"note: nodes/node1/{name}: 1 value replaced by a placeholder\n" for name in held)


def test_a_node_that_is_not_in_the_snapshot_is_named(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    cluster.nodes["node2"].off = "no route to host"
    result = call("--config", settings, "snapshot", tmp_path / "snap", cluster=cluster)
    assert result == Result(
        4, f"Wrote 2 nodes to {tmp_path / 'snap'}\n", "warning: not included: node2: no route to host\n"
    )
    assert read_snapshot(tmp_path / "snap").unreachable == {"node2": "node2: no route to host"}


def test_a_folder_with_something_in_it_is_not_overwritten(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thing").write_text("x")
    result = call("--config", settings, "snapshot", tmp_path / "mine", cluster=cluster)
    assert result == Result(1, "", f"error: {tmp_path / 'mine'}: is not empty; choose a new folder\n")


def test_a_snapshot_that_is_none_is_one_line(tmp_path: Path) -> None:
    result = call("plan", "--from", tmp_path)
    missing = "api/cluster/status.json is missing"
    assert result == Result(
        1, "", f"error: {tmp_path}: is not a snapshot: {missing}; take one with: pvesdn snapshot DIR\n"
    )


def test_a_plan_from_a_snapshot_is_the_plan_of_the_cluster(
    settings: Path, cluster: FakeCluster, tmp_path: Path
) -> None:
    cluster.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] += "# the password is swordfish\n"
    files = cluster.nodes["node1"].files
    files["/etc/network/interfaces"] += "\tpost-up curl -u admin:swordfish 10.0.0.1 # swordfish\n"
    files["/etc/frr/frr.conf"] = "frr defaults datacenter\n!\nrouter bgp 1\n neighbor 10.0.0.9 password swordfish\n"
    live = call("--config", settings, "plan", "--json", cluster=cluster)
    call("--config", settings, "snapshot", tmp_path / "snap", cluster=cluster)
    again = call("plan", "--json", "--from", tmp_path / "snap")
    assert (again.status, again.out) == (live.status, live.out)
    assert not [path for path in (tmp_path / "snap").rglob("*") if path.is_file() and "swordfish" in path.read_text()]
