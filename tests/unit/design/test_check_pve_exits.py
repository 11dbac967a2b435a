"""PVE's ways out: default routes that an exit node refuses, and answers to source NAT that a node drops."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.design.carried.joining import carry
from pvesdn.design.checks import pve_exits
from pvesdn.model.facts import IfaceStanza, NodeFacts, Route
from pvesdn.model.findings import Severity
from tests.unit.design.network import PVE_EVPN, SYMMETRIC, UNDERLAY, facts, findings, given, uplink

CONTROLLER = "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"


def zone(name: str, vni: int, *lines: str) -> str:
    return f"evpn: {name}\n\tcontroller ctl\n\tvrf-vxlan {vni}\n" + "".join(f"\t{line}\n" for line in lines) + "\n"


def refused(*zones: str, controllers: str = CONTROLLER) -> list[str]:
    found = findings(given("", pve={"zones.cfg": "".join(zones), "controllers.cfg": controllers}), Severity.WARNING)
    return [line for line in found if "default route" in line]


# --- default routes --------------------------------------------------------------------------------------------------


def test_an_exit_of_one_zone_that_is_none_of_another_is_told_at_the_other() -> None:
    assert refused(
        zone("aa", 1, "exitnodes node1"), zone("bb", 2, "exitnodes node2,node1", "exitnodes-primary node2")
    ) == [
        (
            "zones.cfg:1: zone 'aa': guests on node2 have no default route: as an exit of 'bb' (zones.cfg:6) the node refuses "
            "the default routes of all zones; add node2 to the zone's exitnodes in PVE"
        )
    ]


def test_two_zones_with_an_exit_each_take_it_from_each_other() -> None:
    first, second = refused(zone("aa", 1, "exitnodes node1"), zone("bb", 2, "exitnodes node2"))
    assert first.startswith("zones.cfg:1: zone 'aa': guests on node2 have no default route: as an exit of 'bb'")
    assert second.startswith("zones.cfg:6: zone 'bb': guests on node1 have no default route: as an exit of 'aa'")


@pytest.mark.parametrize(
    "zones",
    [
        (zone("aa", 1, "exitnodes node1"), zone("bb", 2)),
        (zone("aa", 1, "exitnodes node1"), zone("bb", 2, "exitnodes node1")),
        (zone("aa", 1, "exitnodes node1", "nodes node1"), zone("bb", 2, "exitnodes node2", "nodes node2,node3")),
        (zone("aa", 1, "exitnodes node1,node2"), zone("bb", 2, "exitnodes node2,node1")),
        (
            zone("aa", 1, "exitnodes node1,node2", "exitnodes-primary node1"),
            zone("bb", 2, "exitnodes node1,node2", "exitnodes-primary node2"),
        ),
        (zone("aa", 1, "exitnodes node1,node2,node3"), zone("bb", 2, "exitnodes node9")),
    ],
)  # fmt: skip
def test_where_no_default_route_is_missed_nothing_is_said(zones: tuple[str, ...]) -> None:
    assert refused(*zones) == []


def test_a_second_choice_refuses_nothing() -> None:
    second = zone("aa", 1, "exitnodes node1,node2", "exitnodes-primary node1")
    assert [line for line in refused(second, zone("bb", 2, "exitnodes node1")) if "node2" in line] == []


def test_an_exit_without_a_controller_refuses_nothing() -> None:
    zones = (zone("aa", 1, "exitnodes node1").replace("ctl", "gone"), zone("bb", 2, "exitnodes node2"))
    assert [line for line in refused(*zones) if "zone 'bb'" in line] == []


def test_who_adds_the_exits_that_the_hint_names_is_not_warned_again() -> None:
    assert len(refused(zone("aa", 1, "exitnodes node1"), zone("bb", 2, "exitnodes node2"))) == 2
    assert refused(zone("aa", 1, "exitnodes node1,node2"), zone("bb", 2, "exitnodes node2,node1")) == []


# --- source NAT ------------------------------------------------------------------------------------------------------

LAN = {
    "zones.cfg": "simple: lan\n\n",
    "vnets.cfg": "vnet: web\n\tzone lan\n\n",
    "subnets.cfg": "subnet: lan-10.0.0.0-24\n\tvnet web\n\tgateway 10.0.0.1\n\tsnat 1\n\n",
}
LAN6 = LAN | {"subnets.cfg": "subnet: lan-fd00:9::-64\n\tvnet web\n\tgateway fd00:9::1\n\tsnat 1\n\n"}
SWITCHES = {"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"}


def out(name: str, *, protocol: str = "", **more: Any) -> NodeFacts:
    """A node with a way to the internet by vmbr0."""
    ways = (
        Route("default", "vmbr0", gateway=ip_address("192.168.0.254")),
        Route("default", "vmbr0", gateway=ip_address("fe80::1"), family=6, protocol=protocol),
    )
    return facts(name, f"192.168.0.{name[-1]}/24", f"fd00::{name[-1]}/64", **{"routes": ways, **more})


def dropped(
    pve: dict[str, str], cfg: str = "", nodes: int = 2, instead: Mapping[str, NodeFacts] | None = None
) -> list[str]:
    found = {f"node{n}": (instead or {}).get(f"node{n}", out(f"node{n}")) for n in range(1, nodes + 1)}
    network = carry(given(cfg, nodes=nodes, pve=pve, instead=found)).given
    return [line for line in findings(network, Severity.WARNING) if "snat" in line]


def test_answers_to_source_nat_that_the_uplink_does_not_forward_are_told() -> None:
    assert dropped(LAN) == [
        (
            "zones.cfg:1: zone 'lan': snat 1 on 10.0.0.0/24, but answers come in by vmbr0 of node1, node2 and are not forwarded "
            "there: net.ipv4.ip_forward is 0; set net.ipv4.ip_forward = 1 in a file of /etc/sysctl.d there and load it with "
            "'sysctl --system', or add 'ip-forward on' to the stanza of the device"
        )
    ]


def test_both_cures_of_the_hint_are_what_the_next_plan_takes() -> None:
    switched = {f"node{n}": out(f"node{n}", sysctl=SWITCHES | {"net.ipv4.ip_forward": "1"}) for n in (1, 2)}
    assert dropped(LAN, instead=switched) == []
    said = (IfaceStanza("vmbr0", "inet static", (("ip-forward", "on"),)),)
    assert dropped(LAN, instead={name: out(name, stanzas=said) for name in switched}) == []


@pytest.mark.parametrize(
    "hook",
    [
        ("post-up", "sysctl -w net.ipv4.conf.vmbr0.forwarding=1"),
        ("up", "echo 1 > /proc/sys/net/ipv4/conf/vmbr0/forwarding"),
    ],
)
def test_a_hook_that_lets_the_device_forward_is_believed(hook: tuple[str, str]) -> None:
    stanzas = (IfaceStanza("eno2", "inet manual", (hook,)),)
    assert dropped(LAN, instead={f"node{n}": out(f"node{n}", stanzas=stanzas) for n in (1, 2)}) == []


def test_only_the_nodes_that_translate_are_judged() -> None:
    zones = PVE_EVPN["zones.cfg"].rstrip() + "\n\texitnodes node2\n\n"
    subnets = "subnet: theirs-10.0.0.0-24\n\tvnet web\n\tgateway 10.0.0.1\n\tsnat 1\n\n"
    pve = PVE_EVPN | {"zones.cfg": zones, "subnets.cfg": subnets}
    (found,) = dropped(pve, nodes=3)
    assert "answers come in by vmbr0 of node2 and are not forwarded" in found
    assert dropped(pve | {"zones.cfg": PVE_EVPN["zones.cfg"]}, nodes=3) == []
    assert (
        dropped(LAN | {"zones.cfg": "simple: lan\n\tnodes node1\n\n"}, instead={"node1": out("node1", sysctl={})}) == []
    )


def test_without_source_nat_nothing_is_said() -> None:
    assert dropped(LAN | {"subnets.cfg": LAN["subnets.cfg"].replace("\tsnat 1\n", "")}) == []


def test_ipv6_is_forwarded_on_all_devices_or_on_none() -> None:
    said = (IfaceStanza("vmbr0", "inet static", (("ip6-forward", "on"), ("ip-forward", "on"))),)
    (found,) = dropped(LAN6, instead={f"node{n}": out(f"node{n}", stanzas=said) for n in (1, 2)})
    assert "snat 1 on fd00:9::/64" in found
    assert "net.ipv6.conf.all.forwarding is 0; set net.ipv6.conf.all.forwarding = 1 in a file of /etc/sysctl.d" in found
    assert "ip6-forward" not in found
    on = {f"node{n}": out(f"node{n}", sysctl=SWITCHES | {"net.ipv6.conf.all.forwarding": "1"}) for n in (1, 2)}
    assert dropped(LAN6, instead=on) == []


def test_nobody_is_told_to_forward_ipv6_who_would_lose_the_default_route_by_it() -> None:
    (found,) = dropped(LAN6, instead={"node2": out("node2", protocol="ra")})
    assert (
        "; set net.ipv6.conf.vmbr0.accept_ra = 2, without which node2 loses its default route, and then "
        "net.ipv6.conf.all.forwarding = 1 in a file of /etc/sysctl.d there and load it with 'sysctl --system'"
    ) in found


def test_what_pvesdn_itself_lets_forward_is_not_spoken_of() -> None:
    exit_ = uplink(node="node1")
    (found,) = dropped(LAN, SYMMETRIC.replace("evpn: sym\n", "evpn: sym\n\tnodes node1\n") + exit_)
    assert "vmbr0 of node2 and are" in found


def test_a_node_forwards_what_its_own_vnets_speak_and_nothing_else() -> None:
    elsewhere = SYMMETRIC.replace("\ttag 2\n", "\ttag 2\n\tnodes node1\n")
    assert elsewhere != SYMMETRIC
    (found,) = dropped(LAN, elsewhere)
    assert "vmbr0 of node2 and are" in found
    (found,) = dropped(LAN6, SYMMETRIC)
    assert "vmbr0 of node1, node2 and are not forwarded there: net.ipv6.conf.all.forwarding is 0" in found


def test_an_exit_lets_forward_what_its_zone_speaks_though_it_has_no_vnet_itself() -> None:
    elsewhere = SYMMETRIC.replace("\ttag 2\n", "\ttag 2\n\tnodes node1\n")
    exit_ = uplink("address6 2001:db8::2/64", "gateways 2001:db8::1", node="node2")
    assert len(dropped(LAN, elsewhere)) == 1
    assert dropped(LAN, elsewhere + exit_) == []


@pytest.mark.parametrize(("mac", "told"), [("", 1), ("\tmac 44:39:39:ff:40:94\n", 0)], ids=["bridging", "routing"])
def test_a_zone_with_gateways_by_its_mac_lets_forward_too(mac: str, told: int) -> None:
    files = {
        "zones.cfg": LAN["zones.cfg"] + "simple: home\n\tmtu 1450\n\n",
        "vnets.cfg": LAN["vnets.cfg"] + "vnet: desk\n\tzone home\n\n",
        "subnets.cfg": LAN["subnets.cfg"]
        + "subnet: home-10.1.0.0-24\n\tvnet desk\n"
        + ("\tgateway 10.1.0.1\n\n" if mac else "\n"),
    }
    ours = UNDERLAY + "vxlan: prod\n\tcarries home\n\tvni-range 100-103\n" + mac
    assert len(dropped(files, ours)) == told


def test_many_subnets_are_counted() -> None:
    subnets = "".join(f"subnet: lan-10.0.{n}.0-24\n\tvnet web\n\tgateway 10.0.{n}.1\n\tsnat 1\n\n" for n in range(10))
    (found,) = dropped(LAN | {"subnets.cfg": subnets})
    assert "10.0.7.0/24 and 2 more, but answers" in found


def test_zones_with_the_same_cause_are_told_together() -> None:
    zones = "".join(f"simple: lan{n}\n\n" for n in range(3))
    vnets = "".join(f"vnet: web{n}\n\tzone lan{n}\n\n" for n in range(3))
    subnets = "".join(
        f"subnet: lan{n}-10.0.{n}.0-24\n\tvnet web{n}\n\tgateway 10.0.{n}.1\n\tsnat 1\n\n" for n in range(3)
    )
    network = given(
        "",
        pve={"zones.cfg": zones, "vnets.cfg": vnets, "subnets.cfg": subnets},
        instead={f"node{n}": out(f"node{n}") for n in (1, 2, 3)},
    )
    (found,) = pve_exits.check(network)
    assert "snat 1 on 10.0.0.0/24, but" in found.what
    assert [other.where for other in found.others] == ["zones.cfg:3: zone 'lan1'", "zones.cfg:5: zone 'lan2'"]
    exits = [zone("aa", 1, "exitnodes node1"), *(zone(f"b{n}", n + 2, "exitnodes node2,node3") for n in range(3))]
    network = given("", pve={"zones.cfg": "".join(exits), "controllers.cfg": CONTROLLER})
    of_aa, of_others = pve_exits.check(network)
    assert of_aa.others == ()
    assert len(of_others.others) == 2
