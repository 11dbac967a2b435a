"""What plan says of PVE's own files: no order of a fabric's remotes is a change, and nothing is lost in PVE's merge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvesdn.design.cluster import design_node, share
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, FRR_LOCAL_BEGIN, SDN_INTERFACES
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.unit.design.network import PVE_EVPN, UNDERLAY, uplink
from tests.unit.workflows.kit import UNICAST, cluster, plan_of

FABRIC = {
    "fabrics.cfg": "ospf_fabric: lab\n\tarea 0\n\tip_prefix 172.20.30.0/24\n\n"
    + "".join(f"ospf_node: lab_node{n}\n\tinterfaces name=eno2\n\tip 172.20.30.{n}\n\n" for n in (1, 2, 3)),
    "zones.cfg": "vxlan: tun\n\tfabric lab\n\n",
    "vnets.cfg": "vnet: web\n\tzone tun\n\ttag 100\n\n",
}
EXIT = UNDERLAY + uplink(zone="theirs")
FIRST, SECOND = "\tvxlan_remoteip 172.20.30.2\n", "\tvxlan_remoteip 172.20.30.3\n"


def written_by_pve(made, node="node1"):
    known = understand(read_cluster(made.world()))
    (text,) = [
        file.text
        for file in Renderer().render(design_node(share(known.given, known.vteps), node), {})
        if file.path == SDN_INTERFACES
    ]
    return text


def paths(made, node="node1"):
    (found,) = [changes for changes in plan_of(made).nodes if changes.node == node]
    return [change.path for change in found.files]


def test_a_file_in_which_only_the_order_of_a_fabrics_remotes_differs_is_no_change():
    made = cluster("", pve_files=FABRIC)
    text = written_by_pve(made)
    assert FIRST + SECOND in text
    made.nodes["node1"].files[SDN_INTERFACES] = text.replace(FIRST + SECOND, SECOND + FIRST)
    assert SDN_INTERFACES not in paths(made)


def test_a_file_that_lacks_a_remote_is_one():
    made = cluster("", pve_files=FABRIC)
    made.nodes["node1"].files[SDN_INTERFACES] = written_by_pve(made).replace(SECOND, "")
    node = next(changes for changes in plan_of(made).nodes if changes.node == "node1")
    (change,) = [change for change in node.files if change.path == SDN_INTERFACES]
    assert [stanza.name for stanza in change.stanzas] == ["vxlan_web"]


def test_an_exit_in_a_zone_of_pves_passes_the_merge():
    found = plan_of(cluster(EXIT, pve_files=PVE_EVPN))
    assert [obstacle for node in found.nodes for obstacle in node.obstacles] == []
    assert not any("merge" in finding.what for finding in found.findings)


def test_a_line_of_ours_that_the_merge_would_drop_stops_the_apply(tmp_path: Path):
    template = tmp_path / "frr" / "frr.conf.local.j2"
    template.parent.mkdir()
    template.write_text("{{ begin }}\nip route 10.0.0.0/8 10.0.0.1\n{{ end }}\n")
    found = plan(read_cluster(cluster(EXIT, pve_files=PVE_EVPN).world()), Renderer(tmp_path))
    (obstacle,) = next(node for node in found.nodes if node.node == "node1").obstacles
    assert str(obstacle).startswith(
        "node1: /etc/frr/frr.conf.local:2: in PVE's merge line 'ip route 10.0.0.0/8 10.0.0.1' of our block is dropped; "
    )


def test_lines_of_an_administrator_that_the_merge_drops_are_a_warning():
    made = cluster("", pve_files=PVE_EVPN)
    made.nodes["node2"].files[FRR_CONF_LOCAL] = "bfd\n"
    found = plan_of(made)
    assert [str(finding).partition(";")[0] for finding in found.findings] == [
        "node2: /etc/frr/frr.conf.local:1: in PVE's merge line 'bfd' is dropped"
    ]
    assert all(not node.obstacles for node in found.nodes)


def test_of_another_merge_nothing_is_said():
    made = cluster("", pve_files=PVE_EVPN, version="8.4.1")
    made.nodes["node2"].files[FRR_CONF_LOCAL] = "bfd\n"
    assert not any("in PVE's merge" in finding.what for finding in plan_of(made).findings)


def test_what_cannot_be_checked_is_said_to_be_not_checked():
    newer = PVE_EVPN["controllers.cfg"] + "bgp: b1\n\tasn 65000\n\tnode node1\n\tpeers 10.0.0.1\n\troute-map-in x\n\n"
    found = plan_of(cluster(EXIT, pve_files=PVE_EVPN | {"controllers.cfg": newer}))
    assert [str(finding).partition(";")[0] for finding in found.findings if "not checked" in finding.what] == [
        (
            "node1: /etc/frr/frr.conf.local: not checked: what PVE's merge makes of our lines, since pvesdn does not "
            "render PVE's part on this node"
        )
    ]


def test_daemons_that_pve_needs_and_does_not_switch_are_switched_on_where_frr_is_installed():
    isis = "isis: is1\n\tisis-domain d\n\tisis-ifaces eno2\n\tisis-net 49.0001.0001.0001.0001.00\n\tnode node1\n\n"
    made = cluster("", pve_files={**PVE_EVPN, **FABRIC, "controllers.cfg": PVE_EVPN["controllers.cfg"] + isis})
    made.nodes["node1"].files[FRR_DAEMONS] = "bgpd=no\nospfd=no\nisisd=no\nbfdd=yes\n"
    made.nodes["node2"].files.pop(FRR_DAEMONS, None)
    found = {node.node: [c.new for c in node.files if c.path == FRR_DAEMONS] for node in plan_of(made).nodes}
    assert found["node1"] == ["bgpd=yes\nospfd=no\nisisd=yes\nbfdd=yes\n"]
    assert found["node2"] == []


LEADERLESS = "exit: up\n\tzone ezone\n\tnode node1\n\tinterface eno2\n\taddress 192.0.2.2/24\n\tgateways 192.0.2.1\n"
OF_CTL = {
    "zones.cfg": "evpn: ezone\n\tcontroller ctl\n\tvrf-vxlan 10000\n\n",
    "vnets.cfg": "vnet: evnet\n\tzone ezone\n\ttag 11000\n\n",
}


@pytest.mark.parametrize("version", ["9.1.5", "8.4.1", "7.4.3"])
@pytest.mark.parametrize(
    ("controllers", "reason"),
    [
        ("", "PVE has no controller 'ctl'"),
        ("evpn: other\n\tasn 65000\n\tpeers 192.168.0.1\n\n", "PVE has no controller 'ctl'"),
        ("bgp: bgpnode2\n\tasn 65001\n\tnode node2\n\tpeers 192.168.0.9\n\n", "PVE has no controller 'ctl'"),
        ("bgp: ctl\n\tasn 65001\n\tnode node1\n\tpeers 192.168.0.9\n\n", "controller 'ctl' is not an EVPN controller"),
    ],
)
def test_an_exit_in_a_zone_whose_controller_is_gone_is_an_error(controllers: str, reason: str, version: str) -> None:
    made = cluster(f"{UNICAST}\n{LEADERLESS}", pve_files={**OF_CTL, "controllers.cfg": controllers}, version=version)
    with pytest.raises(SdnConfigError, match=rf"exit 'up': zone 'ezone' of PVE has no VRF on node1: {reason}; give"):
        plan_of(made)


def test_an_exit_on_a_node_that_the_controller_leaves_out_is_an_error() -> None:
    controllers = "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1\n\tnodes node2\n\n"
    made = cluster(f"{UNICAST}\n{LEADERLESS}", pve_files={**OF_CTL, "controllers.cfg": controllers})
    with pytest.raises(SdnConfigError, match=r"has no VRF on node1: no controller of PVE's .* runs on node1"):
        plan_of(made)


def test_a_node_that_the_controller_leaves_out_needs_no_fences() -> None:
    controllers = "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1\n\tnodes node2\n\n"
    made = cluster(UNICAST, pve_files={**OF_CTL, "controllers.cfg": controllers})
    assert {node.node for node in plan_of(made).nodes} == {"node1", "node2", "node3"}


def test_a_file_that_pve_fails_over_stops_the_apply_with_its_line():
    made = cluster("", pve_files=PVE_EVPN)
    made.nodes["node2"].files[FRR_CONF_LOCAL] = "!\nvrf vrf_theirs\nexit-vrf\n"
    node1, node2, _ = plan_of(made).nodes
    assert node1.obstacles == ()
    (obstacle,) = node2.obstacles
    assert obstacle.where == "node2: /etc/frr/frr.conf.local:2"
    assert FRR_CONF not in [change.path for change in node2.files]
    made.nodes["node2"].files[FRR_CONF_LOCAL] = "!\nvrf vrf_theirs\n ip route 10.0.0.0/8 null0\nexit-vrf\n"
    assert all(node.obstacles == () for node in plan_of(made).nodes)


def test_below_a_block_that_somebody_left_open_ours_closes_it_first():
    made = cluster(EXIT, pve_files=PVE_EVPN)
    made.nodes["node1"].files[FRR_CONF_LOCAL] = "route-map x permit 10\n set metric 1\n"
    found = plan_of(made)
    (change,) = [c for n in found.nodes for c in n.files if n.node == "node1" and c.path == FRR_CONF_LOCAL]
    assert change.new is not None
    assert f" set metric 1\n{FRR_LOCAL_BEGIN}\nexit\nvrf vrf_theirs\n" in change.new
    assert all(node.obstacles == () for node in found.nodes)
    made.nodes["node1"].files[FRR_CONF_LOCAL] = change.new
    again = [c for n in plan_of(made).nodes for c in n.files if n.node == "node1" and c.path == FRR_CONF_LOCAL]
    assert again == []


def test_where_pve_writes_no_frr_conf_our_lines_do_not_reach_frr_and_it_is_said():
    controllers = PVE_EVPN["controllers.cfg"].replace("192.168.0.1,192.168.0.2,192.168.0.3", "203.0.113.9")
    made = cluster(EXIT, pve_files=PVE_EVPN | {"controllers.cfg": controllers})
    made.nodes["node1"].commands["ip-route"] = [{"dst": "192.168.0.0/24", "dev": "vmbr0"}]
    found = plan_of(made)
    texts = [str(finding) for finding in found.findings]
    assert any(
        text.startswith(
            "node1: /etc/frr/frr.conf.local: our lines do not reach FRR: PVE writes no frr.conf here because there is"
        )
        for text in texts
    )
    assert any("so PVE omits vnet 'web' (vnets.cfg:1) there" in text for text in texts)
    assert all(node.obstacles == () for node in found.nodes)


# --- interfaces.d/sdn by hand ----------------------------------------------------------------------------------------

RUNS = {
    ".running-config": json.dumps(
        {
            "version": 7,
            "zones": {"ids": {"tun": {"type": "vxlan", "peers": "192.168.0.1,192.168.0.2,192.168.0.3"}}},
            "vnets": {"ids": {"web": {"type": "vnet", "zone": "tun", "tag": 100}}},
        }
    ),
    "zones.cfg": "vxlan: tun\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "vnets.cfg": "vnet: web\n\tzone tun\n\ttag 100\n\n",
}
MOVE_IT = (
    "; move what was added by hand to a file of its own in /etc/network/interfaces.d and set what was changed in PVE's "
    "definitions, which alone can keep it, then apply the node's network configuration in PVE, which writes the file anew"
)


def running_cluster(package="1.3.0", **files):
    made = cluster("", pve_files=RUNS | files)
    for name in ("node1", "node2", "node3"):
        made.nodes[name].files[SDN_INTERFACES] = written_by_pve(made, name)
        made.nodes[name].commands["versions"]["libpve-network-perl"] = package
        made.reload(name)
    return made


def edited(made, change, node="node2"):
    made.nodes[node].files[SDN_INTERFACES] = change(made.nodes[node].files[SDN_INTERFACES])
    return [str(finding) for finding in plan_of(made).findings if "not what PVE writes" in finding.what]


def test_a_file_as_pve_wrote_it_is_not_spoken_of():
    assert edited(running_cluster(), lambda text: text) == []


def test_an_edit_at_the_version_that_runs_is_told_with_what_it_touched():
    def change(text):
        text = text.replace("\tvxlan-id 100\n", "\tvxlan-id 101\n", 1)
        return f"{text}\nauto br9\niface br9\n\tbridge_ports none\n"

    (found,) = edited(running_cluster(), change)
    assert found == (
        f"node2: {SDN_INTERFACES} carries the version that PVE runs, but is not what PVE writes for it (changed: vxlan_web; "
        f"added: br9){MOVE_IT}"
    )


def test_a_stanza_that_was_taken_out_is_told():
    (found,) = edited(running_cluster(), lambda text: text.partition("\n\nauto")[0] + "\n")
    assert " (missing: vxlan_web, web); apply the node's network configuration" in found
    assert (
        " (missing: web); apply the node's network configuration"
        in edited(running_cluster(), lambda text: text.partition("\nauto web")[0])[0]
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\t", "    "),
        lambda text: text.replace("\n\nauto", "\n\n# by PVE\nauto"),
        lambda text: text.replace("#version:7", "#version:6"),
        lambda text: text.replace("#version:7", "#version:8"),
        lambda text: "",
    ],
)
def test_blanks_and_comments_are_no_edit_and_another_version_is_told_by_itself(change):
    assert edited(running_cluster(), change) == []


@pytest.mark.parametrize(("package", "count"), [("1.2.5", 1), ("1.3.2", 1), ("1.1.8", 0), ("1.6.5", 0), ("0.11.3", 0)])
def test_where_the_rules_of_pves_generator_are_not_known_nothing_is_compared(package, count):
    made = running_cluster(package)
    assert len(edited(made, lambda text: text.replace("mtu 1450", "mtu 1400"))) == count


def test_while_something_is_pending_the_edit_is_in_the_plan_instead():
    made = running_cluster(**{"zones.cfg": RUNS["zones.cfg"] + "simple: new\n\n"})
    assert edited(made, lambda text: text.replace("mtu 1450", "mtu 1400")) == []
    assert SDN_INTERFACES in paths(made, "node2")


def test_who_lets_pve_write_the_file_anew_is_not_warned_again():
    made = running_cluster()
    assert edited(made, lambda text: text.replace("mtu 1450", "mtu 1400")) != []
    made.nodes["node2"].files["/etc/network/interfaces.d/mine"] = "auto br9\niface br9\n\tbridge_ports none\n"
    assert edited(made, lambda text: written_by_pve(made, "node2")) == []


def test_an_edit_changes_neither_what_is_planned_nor_the_status_of_the_plan():
    made = running_cluster()
    assert edited(made, lambda text: text.replace("mtu 1450", "mtu 1400")) != []
    found = plan_of(made)
    assert found.is_empty
    assert not any(node.obstacles for node in found.nodes)
