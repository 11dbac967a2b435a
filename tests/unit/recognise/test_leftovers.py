"""Each word of a frr.conf is carried over, done anyway, or told; what can be kept passes PVE's merge as it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL
from pvesdn.model.flags import PlanFlags
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from pvesdn.workflows.plan import plan
from tests.unit.recognise.kit import by_text, lost, proposed

FILE = FRR_CONF
TEXT = """\
source /etc/network/interfaces.d/*

auto bond1
iface bond1 inet static
	address 10.31.4.{n}/24

auto vtun
iface vtun inet manual
	vxlan-id 4077
	vxlan-local-tunnelip 10.31.4.{n}
	bridge-learning off

auto br77
iface br77 inet manual
	bridge-ports vtun
	bridge-stp off
	bridge-fd 0
"""
FRR = """\
router bgp 65077
 bgp router-id 10.31.4.{n}
 no bgp default ipv4-unicast
 neighbor FABRIC peer-group
 neighbor FABRIC remote-as 65077
 neighbor 10.31.4.{m} peer-group FABRIC
{router} address-family l2vpn evpn
  neighbor FABRIC activate
  advertise-all-vni
{evpn} exit-address-family
exit
{top}"""
KEEP = "apply --overwrite takes it out of frr.conf: what is still needed belongs in /etc/frr/frr.conf.local"


def speaks(*, router: str = "", evpn: str = "", top: str = "", interfaces: str = TEXT) -> Snapshot:
    """Two nodes whose frr.conf says this too."""
    return by_text(interfaces, frr=FRR.replace("{router}", router).replace("{evpn}", evpn).replace("{top}", top))


def told(snapshot: Snapshot) -> list[str]:
    return [line.removeprefix(f"node1: {FILE}:") for line in lost(snapshot) if line.startswith("node1")]


def test_nothing_is_told_of_what_pvesdn_does_anyway() -> None:
    assert told(speaks()) == []
    assert proposed(speaks()).frr_local == {}


@pytest.mark.parametrize(
    ("evpn", "line"),
    [
        ("advertise ipv4 unicast", "advertise ipv4 unicast"),
        ("route-target import 65077:9", "route-target import 65077:9"),
        ("advertise-svi-ip", "advertise-svi-ip"),
        ("neighbor FABRIC soft-reconfiguration inbound", "neighbor FABRIC soft-reconfiguration inbound"),
    ],
)
def test_what_the_default_instance_says_of_evpn_is_told(evpn: str, line: str) -> None:
    (found,) = told(speaks(evpn=f"  {evpn}\n"))
    assert found.startswith(
        f"10: '{line}' (in router bgp 65077, address-family l2vpn evpn); apply --overwrite takes it"
    )


@pytest.mark.parametrize(
    "line",
    ["redistribute connected", "redistribute static", "redistribute kernel", "network 10.9.0.0/16", "maximum-paths 4"],
)
def test_what_the_default_instance_announces_by_itself_is_told(line: str) -> None:
    family = f" address-family ipv4 unicast\n  {line}\n exit-address-family\n"
    assert told(speaks(router=family)) == [f"8: '{line}' (in router bgp 65077, address-family ipv4 unicast); {KEEP}"]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("bgp router-id 192.0.2.7", "and pvesdn has a value of its own for it"),
        ("coalesce-time 50", "and pvesdn has a value of its own for it"),
        ("no bgp hard-administrative-reset", "belongs in /etc/frr/frr.conf.local"),
        ("neighbor 10.31.4.{m} description the other one", "belongs in /etc/frr/frr.conf.local"),
        ("neighbor FABRIC timers 2 6", "as 'neighbor VTEP timers 2 6', belongs in /etc/frr/frr.conf.local"),
        ("neighbor FABRIC bfd 3 200 200", "as 'neighbor VTEP bfd 3 200 200', belongs in /etc/frr/frr.conf.local"),
        ("neighbor FABRIC bfd profile fast", "what is still needed must be said outside FRR"),
    ],
)
def test_settings_of_the_instance_and_its_sessions_are_told(line: str, hint: str) -> None:
    (found,) = told(speaks(router=f" {line}\n"))
    assert found.startswith(f"7: '{line.replace('{m}', '2')}' (in router bgp 65077); ")
    assert found.endswith(hint)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("frr defaults traditional", "'frr defaults datacenter' comes, with BGP's timers at 3 and 9 seconds"),
        ("hostname somebody", "pvesdn has a value of its own for it"),
        ("log syslog debugging", "pvesdn has a value of its own for it"),
        ("log file /var/log/frr/frr.log", "must be said outside FRR"),
        ("ip prefix-list OUT permit 10.0.0.0/8", "with 'seq NUMBER' behind its name it passes"),
        ("ip prefix-list OUT seq 5 permit 10.0.0.0/8", "belongs in /etc/frr/frr.conf.local"),
    ],
)
def test_settings_of_the_whole_are_told(line: str, hint: str) -> None:
    (found,) = told(speaks(top=f"{line}\n"))
    assert found.startswith(f"12: '{line}'; ")
    assert found.endswith(hint)


def test_a_session_in_a_vrf_and_an_instance_of_an_asymmetric_one_are_told() -> None:
    interfaces = TEXT.replace(
        "inet manual\n\tbridge-ports", "inet static\n\taddress 10.88.0.254/24\n\tvrf red\n\tbridge-ports"
    )
    interfaces += "\nauto red\niface red\n\tvrf-table auto\n"
    snapshot = speaks(top="router bgp 65077 vrf red\n neighbor 10.88.0.9 remote-as 65009\n", interfaces=interfaces)
    assert told(snapshot) == [f"12: router bgp 65077: the instance of VRF red; {KEEP}"]
    assert proposed(snapshot).frr_local["node1"] == (
        "router bgp 65077 vrf vrf_red",
        " neighbor 10.88.0.9 remote-as 65009",
        "exit",
    )


SYMMETRIC = (
    TEXT.replace("inet manual\n\tbridge-ports", "inet static\n\taddress 10.88.0.254/24\n\tvrf red\n\tbridge-ports")
    + "\nauto red\niface red\n\tvrf-table auto\n"
    + "\nauto vtie\niface vtie inet manual\n\tvxlan-id 9000\n\tvxlan-local-tunnelip 10.31.4.{n}\n\tbridge-learning off\n{mtu}"
    + "\nauto brtie\niface brtie inet manual\n\tbridge-ports vtie\n\tbridge-stp off\n\tbridge-fd 0\n\tvrf red\n"
)
VRF = "vrf red\n vni 9000\nexit-vrf\n"


def test_sessions_in_a_vrf_and_an_as_of_its_own_are_told_and_kept() -> None:
    top = VRF + "router bgp 65099 vrf red\n neighbor 10.88.0.9 remote-as 65009\n neighbor 10.88.0.9 description out\n"
    snapshot = speaks(top=top, interfaces=SYMMETRIC.replace("{mtu}", ""))
    assert [line.partition(";")[0] for line in told(snapshot)] == [
        "17: 'neighbor 10.88.0.9 description out' (in router bgp 65099 vrf red)",
        "16: neighbor 10.88.0.9: a session of VRF red",
        "15: router bgp 65099 vrf red: AS 65099 in VRF red: it becomes 65077, the controller's",
    ]
    assert proposed(snapshot).frr_local["node1"] == (
        "router bgp 65077 vrf vrf_red",
        " neighbor 10.88.0.9 remote-as 65009",
        " neighbor 10.88.0.9 description out",
        "exit",
    )


def test_an_l3vnis_device_of_another_mtu_is_told() -> None:
    snapshot = speaks(top=VRF, interfaces=SYMMETRIC.replace("{mtu}", "\tmtu 1400\n"))
    assert lost(snapshot)[0].endswith("vtie: mtu 1400; the L3VNI's devices get the zone's MTU, 1550")
    assert lost(speaks(top=VRF, interfaces=SYMMETRIC.replace("{mtu}", "\tmtu 1550\n"))) == []


def test_a_virtual_router_beside_the_exits_is_kept_whole() -> None:
    snapshot = speaks(top="interface bond1\n vrrp 7 version 3\n vrrp 7 priority 90\n vrrp 7 ip 10.31.4.77\nexit\n")
    assert proposed(snapshot).frr_local["node1"] == (
        "interface bond1",
        " vrrp 7 version 3",
        " vrrp 7 priority 90",
        " vrrp 7 ip 10.31.4.77",
        "exit",
    )


def test_vnis_that_nothing_isolates_any_more_are_told() -> None:
    (heading, *targets) = told(speaks(evpn="  vni 77\n   route-target import 65535:65535\n  exit-vni\n"))
    assert heading.startswith("10: 'vni 77' (in router bgp 65077, address-family l2vpn evpn); ")
    assert targets[0].startswith("11: 'route-target import 65535:65535' (in router bgp 65077")


# --- what is kept ----------------------------------------------------------------------------------------------------

MUCH = {
    "router": (
        " neighbor FABRIC password s3cret\n"
        " neighbor FABRIC timers 2 6\n"
        " neighbor 10.31.4.{m} description the other one\n"
        " neighbor OFFICE peer-group\n"
        " neighbor OFFICE remote-as 65001\n"
        " neighbor 10.31.4.200 peer-group OFFICE\n"
        " address-family ipv4 unicast\n"
        "  redistribute connected\n"
        "  neighbor OFFICE activate\n"
        "  neighbor OFFICE prefix-list OUT out\n"
        " exit-address-family\n"
    ),
    "evpn": (
        "  advertise ipv4 unicast\n"
        "  neighbor FABRIC route-map ALL in\n"
        "  vni 4077\n   rd 10.31.4.{n}:77\n   route-target import 65077:77\n   route-target export 65077:77\n  exit-vni\n"
    ),
    "top": (
        "route-map ALL permit 10\nexit\n"
        "ip prefix-list OUT seq 5 permit 10.31.0.0/16 le 32\n"
        "vrf other\n vni 77\n ip route 10.9.0.0/16 10.31.4.201\nexit-vrf\n"
        "interface bond1\n ip pim\nexit\n"
        "router bgp 65077 vrf other\n address-family ipv4 unicast\n  redistribute connected\n exit-address-family\nexit\n"
    ),
}
KEPT = """\
router bgp 65077
 no bgp default ipv4-unicast
 neighbor VTEP peer-group
 neighbor VTEP remote-as 65077
 neighbor VTEP password ********
 neighbor VTEP timers 2 6
 neighbor 10.31.4.2 peer-group VTEP
 neighbor 10.31.4.2 description the other one
 neighbor OFFICE peer-group
 neighbor OFFICE remote-as 65001
 neighbor 10.31.4.200 peer-group OFFICE
 address-family ipv4 unicast
  redistribute connected
  neighbor OFFICE activate
  neighbor OFFICE prefix-list OUT out
 exit-address-family
 address-family l2vpn evpn
  advertise ipv4 unicast
  neighbor VTEP route-map ALL in
  advertise-all-vni
  vni 4077
   rd 10.31.4.1:77
   route-target import 65077:77
   route-target export 65077:77
  exit-vni
 exit-address-family
exit
route-map ALL permit 10
exit
ip prefix-list OUT seq 5 permit 10.31.0.0/16 le 32
interface bond1
 ip pim
exit
vrf other
 ip route 10.9.0.0/16 10.31.4.201
 vni 77
exit-vrf
router bgp 65077 vrf other
 address-family ipv4 unicast
  redistribute connected
 exit-address-family
exit
"""


def test_what_can_be_kept_names_groups_as_they_are_called_from_then_on() -> None:
    found = proposed(speaks(**MUCH)).frr_local
    assert "\n".join(found["node1"]) + "\n" == KEPT
    assert found.keys() == {"node1", "node2"}


@pytest.mark.parametrize("version", ["9.1.1", "9.2.6"])
def test_kept_as_it_is_told_it_passes_the_next_plan(version: str) -> None:
    snapshot = speaks(**MUCH)
    snapshot = replace(snapshot, api={**snapshot.api, "version": {"version": version, "release": version[:3]}})
    adoption = adopt(snapshot, Renderer())
    assert adoption.problems == ()
    nodes = {}
    for part in adoption.nodes:
        raw = snapshot.nodes[part.node]
        text = "".join(f"{line}\n" for line in adoption.proposal.frr_local[part.node]).replace("********", "s3cret")
        files = {**raw.files, **{edit.path: edit.new or "" for edit in part.edits}, FRR_CONF_LOCAL: text}
        nodes[part.node] = NodeRaw(files, raw.commands)
    changes = plan(
        replace(snapshot, nodes=nodes, pve_files=adoption.files), Renderer(), flags=PlanFlags(overwrite=True)
    )
    assert [str(found) for found in changes.findings if "frr" in str(found)] == []
    for node in changes.nodes:
        assert [str(found) for found in node.obstacles] == []
        (local,) = (file for file in node.files if file.path == FRR_CONF_LOCAL)
        assert (local.new or "").startswith(nodes[node.node].files[FRR_CONF_LOCAL])


def test_where_pve_does_not_read_the_file_nothing_is_sent_there() -> None:
    snapshot = speaks(**MUCH)
    snapshot = replace(snapshot, api={**snapshot.api, "version": {"version": "8.2.2", "release": "8.2"}})
    assert proposed(snapshot).frr_local == {}
    assert [line for line in told(snapshot) if "belongs in /etc/frr/frr.conf.local" in line] == []
