"""`--sync-peers` on the simulated cluster: PVE's lists of peers follow its members."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.model.primitives import Json
from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import draw, plan_of, serving, state_of
from tests.cluster.test_former import Shell

ALL = "192.168.0.1,192.168.0.2,192.168.0.3"
REFLECTOR = "198.51.100.9"
ROUTER = "203.0.113.7"
PVE = {
    "controllers.cfg": f"evpn: main\n\tasn 65000\n\tpeers {REFLECTOR},192.168.0.3,192.168.0.1,192.168.0.2\n\n",
    "zones.cfg": (
        f"vxlan: tun\n\tmtu 1400\n\tpeers {ALL},{ROUTER}\n\n"
        "evpn: fab\n\tcontroller main\n\tvrf-vxlan 4100\n\tmac BC:24:11:00:00:01\n\n"
        "vxlan: over\n\tfabric lab\n\tnodes pve1,pve2\n\n"
    ),
    "fabrics.cfg": (
        "ospf_fabric: lab\n\tip_prefix 10.7.0.0/24\n\tarea 0\n\n"
        "ospf_node: lab_pve1\n\tip 10.7.0.1\n\tinterfaces name=eno2\n\n"
        "ospf_node: lab_pve2\n\tip 10.7.0.2\n\tinterfaces name=eno2\n\n"
    ),
    "vnets.cfg": "vnet: web\n\tzone tun\n\ttag 900\n\nvnet: far\n\tzone over\n\ttag 901\n\n",
}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """PVE's definitions are applied, and the nodes are remembered."""
    with serving(tmp_path / "cluster", "") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(PVE)
        yield shell


def peers(cluster: SimulatedCluster) -> dict[str, str | None]:
    """What is committed, by the definition."""
    running = sdn_config.running(cluster.world.pmxcfs.sdn)
    found = {**running["controllers"]["ids"], **running["zones"]["ids"]}
    return {name: section.get("peers") for name, section in found.items()}


def is_pending(cluster: SimulatedCluster) -> bool:
    sdn = cluster.world.pmxcfs.sdn
    running = sdn_config.running(sdn)
    return any(running[kind] != found for kind, found in sdn_config.pending(sdn).items())


def test_while_edits_of_others_are_pending_nobody_is_sent_to_a_command_that_refuses_them(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.join("pve4", "192.168.0.4/24")
    draw(cluster, {"vnets.cfg": PVE["vnets.cfg"] + "vnet: more\n\tzone tun\n\ttag 902\n\n"})
    told = shell.run("pvesdn plan").err
    assert "add 192.168.0.4 to the peers in PVE, or leave pve4 out of the zone's nodes" in told
    assert "--sync-peers" not in told


def test_a_member_that_joins_gets_into_every_list_and_nothing_is_left_to_plan(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.join("pve4", "192.168.0.4/24")
    told = shell.run("pvesdn plan")
    hint = "add 192.168.0.4 to the peers in PVE (pvesdn apply --sync-peers does), or leave pve4 out of the zone's nodes"
    assert "zone 'tun': peers lists no address of pve4, so no other node floods frames there; " + hint in told.err
    assert "controller 'main': peers lists no address of pve4, so no other node has a session with it" in told.err

    planned = shell.run("pvesdn plan --sync-peers --detailed-exitcode")
    assert planned.status == 2
    assert "peers lists no address" not in planned.err
    assert f"~ zone tun: peers {ALL},{ROUTER} -> {ALL},{ROUTER},192.168.0.4" in planned.out
    assert "PVE's SDN: 1 controller, 1 zone to be edited over version 1, which is running" in planned.out
    assert not is_pending(cluster)

    done = shell.run("pvesdn apply --sync-peers --yes")
    assert done.status == 0, done.err
    assert peers(cluster) == {
        "main": f"{REFLECTOR},192.168.0.3,192.168.0.1,192.168.0.2,192.168.0.4",
        "tun": f"{ALL},{ROUTER},192.168.0.4",
        "fab": None,
        "over": None,
    }
    assert not is_pending(cluster)
    assert cluster.read_sdn(".lock") is None
    assert plan_of(cluster).is_empty
    assert json.loads(shell.run("pvesdn history --json").out)["entries"][-1]["flags"] == ["--sync-peers"]
    again = shell.run("pvesdn plan --sync-peers --detailed-exitcode")
    assert (again.status, "No changes." in again.out) == (0, True), again.out


def test_flooding_in_pves_vxlan_zones_is_looked_at_beside_its_evpn_zones_too(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.join("pve4", "192.168.0.4/24")
    assert shell.run("pvesdn apply --sync-peers --yes").status == 0
    assert "IP address" not in shell.run("pvesdn verify").out
    cluster.nodes["pve1"].run("bridge", "fdb", "del", "00:00:00:00:00:00", "dev", "vxlan_web", "dst", "192.168.0.4")
    told = shell.run("pvesdn verify")
    assert "bad  pve1: vxlan_web, all-zero entries (zone tun)\n  expected: broadcasts go to 192.168.0.4" in told.out


def test_a_member_that_has_left_goes_from_every_list_and_whoever_is_no_member_stays(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.leave("pve3")
    told = shell.run("pvesdn plan")
    what = "peers lists 192.168.0.3, which was the address of pve3, and pve3 has left the cluster"
    assert f"zone 'tun': {what}; remove it from the peers in PVE (pvesdn apply --sync-peers does)" in told.err
    assert shell.run("pvesdn apply --yes").status == 0  # by which pve3 is not forgotten

    done = shell.run("pvesdn apply --sync-peers --yes")
    assert done.status == 0, done.err
    assert peers(cluster)["main"] == f"{REFLECTOR},192.168.0.1,192.168.0.2"
    assert peers(cluster)["tun"] == f"192.168.0.1,192.168.0.2,{ROUTER}"
    again = shell.run("pvesdn plan --sync-peers --detailed-exitcode")
    assert (again.status, again.err) == (0, "")
    cluster.write_sdn("pvesdn.cfg", "vxlan: ours\n\nvnet: mine\n\tzone ours\n\ttag 77\n\n")
    assert shell.run("pvesdn apply --yes").status == 0
    assert "pve3" not in json.loads(cluster.read_sdn("pvesdn-seen.json") or "{}")["vteps"]


@pytest.mark.parametrize("how", ["tried out", "failed"])
def test_a_member_that_has_left_is_not_forgotten_by_an_apply_that_was_taken_back(shell: Shell, how: str) -> None:
    cluster = shell.cluster
    cluster.leave("pve3")
    if how == "failed":
        cluster.nodes["pve2"].break_command("ifreload", stderr="error: it did not work\n", times=1)
    done = shell.run(f"pvesdn apply --sync-peers --yes {'--no-commit' if how == 'tried out' else ''}")
    assert (done.status == 0) is (how == "tried out"), done.err
    assert "192.168.0.3" in (peers(cluster)["tun"] or "")

    again = shell.run("pvesdn apply --sync-peers --yes")
    assert again.status == 0, again.err
    assert peers(cluster)["tun"] == f"192.168.0.1,192.168.0.2,{ROUTER}"


def test_a_member_that_left_is_known_by_its_address_in_the_underlay_of_the_zones_too(tmp_path: Path) -> None:
    """Whose network need not be the one by which the cluster knows its nodes."""
    with serving(tmp_path / "cluster", "") as cluster:
        for number, node in enumerate(cluster.nodes.values(), 1):
            text = node.read("/etc/network/interfaces") or ""
            static = f"auto eno2\niface eno2 inet static\n\taddress 172.16.9.{number}/24"
            node.write("/etc/network/interfaces", text.replace("iface eno2 inet manual", static))
            node.run("ifreload", "-a")
        shell = Shell(cluster, tmp_path)
        there = "172.16.9.1,172.16.9.2,172.16.9.3"
        shell.apply({**PVE, "zones.cfg": f"vxlan: tun\n\tpeers {there}\n\n", "controllers.cfg": "", "fabrics.cfg": ""})
        cluster.leave("pve3")
        done = shell.run("pvesdn apply --sync-peers --yes")
        assert done.status == 0, done.err
        assert peers(cluster)["tun"] == "172.16.9.1,172.16.9.2"


def test_one_leaves_and_another_comes_at_its_address(shell: Shell) -> None:
    """The address is that of a member: it stays."""
    cluster = shell.cluster
    cluster.leave("pve3")
    cluster.join("pve4", "192.168.0.3/24")
    planned = shell.run("pvesdn plan --sync-peers")
    assert "peers" not in planned.err + planned.out.replace("--sync-peers", "")


def renumber(cluster: SimulatedCluster, name: str, old: str, new: str, *, resolves: bool = True) -> None:
    """A member gets another address. :param resolves: the cluster resolves its name to the new one."""
    node = cluster.nodes[name]
    text = node.read("/etc/network/interfaces") or ""
    assert f"{old}/" in text
    node.write("/etc/network/interfaces", text.replace(f"{old}/", f"{new}/"))
    node.run("ifreload", "-a")
    if resolves:
        cluster.world.members[name].address = new
        cluster.go_offline(name)
        cluster.come_online(name)


@pytest.mark.parametrize("resolves", [True, False], ids=["resolved anew", "resolved as before"])
def test_the_former_address_of_a_member_goes_where_its_new_one_comes(shell: Shell, *, resolves: bool) -> None:
    cluster = shell.cluster
    renumber(cluster, "pve2", "192.168.0.2", "192.168.0.22", resolves=resolves)
    told = shell.run("pvesdn plan")
    what = "peers lists 192.168.0.2, which was the address of pve2, which has 192.168.0.22 now"
    assert f"zone 'tun': {what}; remove it from the peers in PVE (pvesdn apply --sync-peers does)" in told.err

    done = shell.run("pvesdn apply --sync-peers --yes")
    assert done.status == 0, done.err
    assert peers(cluster)["main"] == f"{REFLECTOR},192.168.0.3,192.168.0.1,192.168.0.22"
    assert peers(cluster)["tun"] == f"192.168.0.1,192.168.0.3,{ROUTER},192.168.0.22"
    again = shell.run("pvesdn plan --sync-peers --detailed-exitcode")
    assert (again.status, "peers" in again.err) == (0, False), again.err
    assert "192.168.0.2)" not in shell.run("pvesdn verify").out


def test_the_former_address_of_a_member_is_remembered_while_a_list_has_it(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.write_sdn("pvesdn.cfg", "vxlan: ours\n\nvnet: mine\n\tzone ours\n\ttag 77\n\n")
    renumber(cluster, "pve2", "192.168.0.2", "192.168.0.22")
    assert shell.run("pvesdn apply --yes").status == 0

    def seen() -> Json:
        return json.loads(cluster.read_sdn("pvesdn-seen.json") or "{}")["vteps"]["pve2"]

    assert (seen()["address"], seen()["former"]) == ("192.168.0.22", ["192.168.0.2"])
    done = shell.run("pvesdn apply --sync-peers --yes")
    assert done.status == 0, done.err
    assert peers(cluster)["tun"] == f"192.168.0.1,192.168.0.3,{ROUTER},192.168.0.22"
    cluster.write_sdn("pvesdn.cfg", "vxlan: ours\n\nvnet: mine\n\tzone ours\n\ttag 78\n\n")
    assert shell.run("pvesdn apply --yes").status == 0
    assert "former" not in seen()


def test_what_everybody_knows_needs_no_edit(shell: Shell) -> None:
    before = shell.cluster.read_sdn("zones.cfg")
    done = shell.run("pvesdn apply --sync-peers --yes --json")
    assert done.status == 0
    document = json.loads(done.out)
    assert document["report"] is None
    assert "calls" not in document["plan"]
    assert shell.cluster.read_sdn("zones.cfg") == before


def test_the_document_has_the_calls(shell: Shell) -> None:
    shell.cluster.join("pve4", "192.168.0.4/24")
    document = json.loads(shell.run("pvesdn plan --sync-peers --json").out)
    assert document["calls"] == [
        {
            "method": "PUT",
            "path": "/cluster/sdn/controllers/main",
            "values": {"peers": f"{REFLECTOR},192.168.0.3,192.168.0.1,192.168.0.2,192.168.0.4"},
        },
        {
            "method": "PUT",
            "path": "/cluster/sdn/zones/tun",
            "values": {"peers": f"{ALL},{ROUTER},192.168.0.4"},
        },
    ]
    assert [row["id"] for row in document["pending"]] == ["main", "tun"]


def test_a_saved_plan_says_it_too(shell: Shell, tmp_path: Path) -> None:
    shell.cluster.join("pve4", "192.168.0.4/24")
    assert shell.run("pvesdn plan --sync-peers --out peers.plan").status == 0
    refused = shell.run("pvesdn apply --sync-peers --yes peers.plan")
    assert "a saved plan has its nodes and decisions in it" in refused.err
    done = shell.run("pvesdn apply --yes peers.plan")
    assert done.status == 0, done.err
    assert peers(shell.cluster)["tun"] == f"{ALL},{ROUTER},192.168.0.4"
    late = shell.run("pvesdn apply --yes peers.plan")
    assert "nothing of the plan is left to do" in late.err


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_where_a_node_fails_the_peers_are_as_before(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.join("pve4", "192.168.0.4/24")
    before, nodes = {name: cluster.read_sdn(name) for name in PVE}, state_of(cluster)
    cluster.nodes["pve2"].break_command("ifreload", stderr="error: it did not work\n", times=1)
    done = shell.run("pvesdn apply --sync-peers --yes")
    assert done.status == 1
    assert {name: sdn_config.read_sections(cluster.read_sdn(name) or "") for name in PVE} == {
        name: sdn_config.read_sections(text or "") for name, text in before.items()
    }
    assert not is_pending(cluster)
    assert cluster.read_sdn(".lock") is None
    assert state_of(cluster) == nodes


def test_edits_of_others_are_named_and_nothing_is_done(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.join("pve4", "192.168.0.4/24")
    cluster.write_sdn("vnets.cfg", PVE["vnets.cfg"] + "vnet: theirs\n\tzone tun\n\ttag 902\n\n")
    done = shell.run("pvesdn apply --sync-peers --yes")
    assert done.status == 1
    assert "PVE's definitions have changes that nobody has applied: vnet 'theirs' (new)" in done.err
    assert "apply or revert them in PVE's panel, and run it again" in done.err
    assert peers(cluster)["tun"] == f"{ALL},{ROUTER}"
    cluster.write_sdn("vnets.cfg", PVE["vnets.cfg"])
    assert shell.run("pvesdn apply --sync-peers --yes").status == 0
    assert peers(cluster)["tun"] == f"{ALL},{ROUTER},192.168.0.4"


def test_it_cannot_be_had_for_what_is_committed_or_for_some_nodes(shell: Shell) -> None:
    shell.cluster.join("pve4", "192.168.0.4/24")
    running = shell.run("pvesdn plan --sync-peers --intent running")
    assert running.status == 1
    assert "--sync-peers makes peers pending" in running.err
    part = shell.run("pvesdn apply --sync-peers --yes --node pve1")
    assert "so no node can be taken alone" in part.err
    assert not is_pending(shell.cluster)


def test_a_pve_without_a_lock_is_not_written_to(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", "", character=8) as cluster:
        shell = Shell(cluster, tmp_path)
        zones = f"vxlan: tun\n\tpeers {ALL}\n\n"
        shell.apply({"zones.cfg": zones, "vnets.cfg": "vnet: web\n\tzone tun\n\ttag 900\n\n"})
        cluster.join("pve4", "192.168.0.4/24")
        assert "--sync-peers" not in shell.run("pvesdn plan").err
        done = shell.run("pvesdn apply --sync-peers --yes")
        assert done.status == 1
        assert "before libpve-network-perl 1.1.3 PVE has no lock under which pvesdn could write its peers" in done.err
        assert f"zone 'tun': set peers to {ALL},192.168.0.4" in done.err
        assert cluster.read_sdn("zones.cfg") == zones
        cluster.write_sdn("zones.cfg", zones.replace(ALL, f"{ALL},192.168.0.4"))
        assert shell.run("pvesdn apply --yes --overwrite").status == 0
        assert plan_of(cluster).is_empty
