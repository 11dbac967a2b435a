"""PVE's own SDN on the screens and in the documents: what runs, what is pending, what is kept, what stays secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.kit import call, settings_file, snapshot_of
from tests.fakes import FakeCluster, fake_cluster
from tests.unit.design.network import PVE_EVPN

SDN = "/etc/network/interfaces.d/sdn"
RUNNING = {
    "version": 4,
    "zones": {"ids": {"lan": {"type": "simple", "mtu": 1400, "nodes": {"node1": 1, "node2": 1, "node3": 1}}}},
    "vnets": {"ids": {"office": {"type": "vnet", "zone": "lan"}, "old": {"type": "vnet", "zone": "lan"}}},
}
EDITED = {
    ".running-config": json.dumps(RUNNING),
    "zones.cfg": "simple: lan\n\tmtu 1500\n\tnodes node3,node1,node2\n\n",
    "vnets.cfg": "vnet: office\n\tzone lan\n\talias desk\n\nvnet: new1\n\tzone lan\n\n",
}
KEPT = {
    "zones.cfg": "simple: lan\n\tdhcp dnsmasq\n\tdns ns\n\tdnszone example.org\n\tipam nb\n\treversedns ns\n\n",
    "vnets.cfg": "vnet: office\n\tzone lan\n\tisolate-ports 1\n\n",
    "subnets.cfg": (
        "subnet: lan-10.0.0.0-24\n\tvnet office\n\tdhcp-dns-server 10.0.0.2\n"
        "\tdhcp-range start-address=10.0.0.10,end-address=10.0.0.20\n"
        "\tdhcp-range start-address=10.0.0.30,end-address=10.0.0.40\n\tdnszoneprefix p\n\tgateway 10.0.0.1\n\n"
    ),
    "ipams.cfg": "netbox: nb\n\ttoken s3cret-token\n\turl https://nb.example/api\n\n",
    "dns.cfg": "powerdns: ns\n\tkey s3cret-key\n\turl https://ns.example/api\n\n",
}
NEWER = {
    "zones.cfg": "simple: lan\n\tnodes node1\n\nvxlan: tun\n\tfabric wg\n\tnodes node2\n\n",
    "vnets.cfg": "vnet: office\n\tzone lan\n\nvnet: far\n\tzone tun\n\ttag 9\n\n",
    "fabrics.cfg": "wireguard_fabric: wg\n\tip_prefix 10.9.0.0/24\n\nwireguard_node: wg_node2\n\tip 10.9.0.2\n",
}


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """One node is up to date, one is behind and one never had the file."""
    cluster = fake_cluster(pve_files=EDITED)
    cluster.nodes["node1"].files[SDN] = "#version:4\n"
    cluster.nodes["node2"].files[SDN] = "#version:3\n"
    return snapshot_of(cluster, tmp_path / "snap")


def test_a_plan_says_property_by_property_what_is_pending_over_what_runs(edited: Path) -> None:
    result = call("plan", "--from", edited)
    assert (
        "PVE's SDN: 3 vnets, 1 zone pending over version 4, which is running: committed by PUT /cluster/sdn as the last step\n"
        "    + vnet new1: zone lan\n"
        "    ~ vnet office: alias desk\n"
        "    - vnet old\n"
        "    ~ zone lan: mtu 1400 -> 1500\n"
    ) in result.out
    assert f"warning: node2: {SDN} has version 3, but PVE runs version 4" in result.err
    assert f"warning: node3: {SDN} was never generated, but PVE runs version 4" in result.err
    assert "node1" not in result.err


def test_show_says_what_runs_where_and_what_is_pending(edited: Path) -> None:
    result = call("show", "--from", edited)
    assert (
        "\nPVE's SDN\n"
        "  version 4 is running\n"
        "  node2: interfaces.d/sdn has version 3, which is out of date\n"
        "  node3: interfaces.d/sdn was never generated\n"
        "    + vnet new1: zone lan\n"
    ) in result.out


def test_verbose_plans_name_the_version_that_runs(edited: Path) -> None:
    assert "PVE's SDN: version 4 is running\n" in call("plan", "-v", "--from", edited).out


def test_a_property_that_goes_is_said_to_be_deleted(tmp_path: Path) -> None:
    files = {**EDITED, "zones.cfg": "simple: lan\n\tnodes node1,node2,node3\n\n"}
    folder = snapshot_of(fake_cluster(pve_files=files), tmp_path / "snap")
    assert "    ~ zone lan: mtu 1400 deleted\n" in call("plan", "--from", folder).out


@pytest.mark.parametrize("verb", ["plan", "show"])
def test_the_document_holds_the_same(edited: Path, verb: str) -> None:
    document = json.loads(call(verb, "--json", "--from", edited).out)
    assert document["running"] == {
        "version": 4,
        "nodes": [
            {"name": "node1", "version": 4, "state": "current"},
            {"name": "node2", "version": 3, "state": "old"},
            {"name": "node3", "version": None, "state": "missing"},
        ],
    }
    assert document["pending"][1] == {
        "kind": "vnet",
        "id": "office",
        "state": "changed",
        "properties": [{"name": "alias", "running": None, "pending": "desk"}],
    }
    assert document["pending"][2]["properties"] == []


def test_newer_kinds_are_one_line_and_their_nodes_are_left_alone(tmp_path: Path) -> None:
    cluster = fake_cluster(pve_files={**NEWER, ".running-config": '{"version": 3}'})
    for node in cluster.nodes.nodes.values():
        node.files[SDN] = "#version:2\n"
    result = call("plan", "--from", snapshot_of(cluster, tmp_path / "snap"))
    (line,) = [line for line in result.err.splitlines() if line.startswith("note: ")]
    assert line == (
        "note: PVE's SDN: newer than what pvesdn renders: fabric 'wg' of type wireguard (fabrics.cfg:1); "
        "left to PVE: zones tun, all that PVE writes on node2"
    )
    assert "warning: node2" not in result.err
    assert "\nnode2\n" not in result.out


def test_what_pve_keeps_for_dhcp_ipam_and_dns_is_read(tmp_path: Path) -> None:
    cluster = fake_cluster(pve_files=KEPT)
    folder = snapshot_of(cluster, tmp_path / "snap")
    result = call("plan", "--json", "--from", folder)
    pending = {
        row["id"]: {p["name"]: p["pending"] for p in row["properties"]} for row in json.loads(result.out)["pending"]
    }
    assert pending["lan"] == {
        "dhcp": "dnsmasq",
        "dns": "ns",
        "dnszone": "example.org",
        "ipam": "nb",
        "reversedns": "ns",
    }
    assert pending["office"] == {"isolate-ports": "1", "zone": "lan"}
    assert pending["lan-10.0.0.0-24"]["dhcp-range"].count("start-address=") == 2


def test_secrets_of_ipams_and_dns_reach_no_snapshot_and_no_output(tmp_path: Path) -> None:
    settings = settings_file(tmp_path, f'[watch]\nstate_dir = "{tmp_path / "state"}"\n')
    cluster: FakeCluster = fake_cluster(pve_files=KEPT)
    target = tmp_path / "snap"
    printed = [
        call("--config", settings, "snapshot", target, cluster=cluster),
        call("--config", settings, "plan", "--diff", "-vv", cluster=cluster),
        call("--config", settings, "show", "--json", cluster=cluster),
        call("--config", settings, "watch", "--once", cluster=cluster, local_node="node1"),
    ]
    texts = [text for result in printed for text in (result.out, result.err)]
    texts += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert any("example.org" in text for text in texts)
    assert not any("s3cret" in text for text in texts)
    asked = [
        word for node in cluster.nodes.nodes.values() for _, words in node.asked for word in words.get("files", ())
    ]
    assert not [path for path in asked if path.endswith(("ipams.cfg", "dns.cfg", "sdn/*.cfg"))]


def test_a_stanza_of_a_third_party_blocks_the_plan_with_its_file_and_node(settings: Path, tmp_path: Path) -> None:
    cluster = fake_cluster("vxlan: ucast\n\nvnet: vmbr3\n\tzone ucast\n\ttag 3\n\n")
    cluster.nodes["node2"].files["/etc/network/interfaces.d/theirs"] = "auto vmbr3\niface vmbr3\n\tbridge-ports none\n"
    result = call("plan", "--from", snapshot_of(cluster, tmp_path / "snap"))
    why = "device vmbr3 is also defined in /etc/network/interfaces.d/theirs of node2; remove it there, or choose another id"
    (line,) = [line for line in result.out.splitlines() if "blocked: " in line]
    assert why in line
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 1
    assert not any("/etc/network/interfaces.d/pvesdn" in node.files for node in cluster.nodes.nodes.values())


def test_a_node_that_lost_its_source_line_is_not_said_to_be_well(settings: Path) -> None:
    cluster = fake_cluster("vxlan: ucast\n\nvnet: vmbr3\n\tzone ucast\n\ttag 3\n\n")
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 0
    files = cluster.nodes["node2"].files
    files["/etc/network/interfaces"] = files["/etc/network/interfaces"].replace("source ", "#source ")
    result = call("--config", settings, "plan", cluster=cluster)
    assert "blocked: /etc/network/interfaces does not source /etc/network/interfaces.d/pvesdn" in result.out
    assert result.out.endswith("No changes, but what is in place cannot work on node2.\n")
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 1


def test_lines_that_pves_merge_loses_are_shown_in_part_and_documented_whole(settings: Path) -> None:
    cluster = fake_cluster(pve_files=PVE_EVPN)
    routes = "".join(f"ip route 10.{number}.0.0/16 192.168.0.254\n" for number in range(20))
    cluster.nodes["node2"].files["/etc/frr/frr.conf.local"] = f"# to the backup network\n{routes}"
    err = call("--config", settings, "plan", cluster=cluster).err
    assert "warning: node2: /etc/frr/frr.conf.local:2: in PVE's merge line 'ip route 10.0.0.0/16 192.168.0.254'" in err
    assert "\n  node2: /etc/frr/frr.conf.local:10: in PVE's merge line 'ip route 10.8.0.0/16" in err
    assert "frr.conf.local:11:" not in err
    assert "\n  and 11 more, which --json lists\n" in err
    assert "to the backup network" not in err
    document = json.loads(call("--config", settings, "plan", "--json", cluster=cluster).out)
    assert [found["where"] for found in document["findings"] if "merge" in found["what"]] == [
        f"node2: /etc/frr/frr.conf.local:{number}" for number in range(2, 22)
    ]


def test_a_file_that_loses_the_same_lines_on_several_nodes_is_told_once(settings: Path) -> None:
    cluster = fake_cluster(pve_files=PVE_EVPN)
    text = "ip route 10.0.0.0/16 192.168.0.254\nbfd\n"
    for name, own in (("node1", text), ("node2", text), ("node3", text.replace("10.0", "10.1"))):
        cluster.nodes[name].files["/etc/frr/frr.conf.local"] = own
    err = call("--config", settings, "plan", cluster=cluster).err
    lines = [line for line in err.splitlines() if "frr.conf.local" in line]
    assert [line.partition(" in PVE's")[0] for line in lines] == [
        "warning: node1, node2: /etc/frr/frr.conf.local:1:",
        "  node1, node2: /etc/frr/frr.conf.local:2:",
        "warning: node3: /etc/frr/frr.conf.local:1:",
        "  node3: /etc/frr/frr.conf.local:2:",
    ]
