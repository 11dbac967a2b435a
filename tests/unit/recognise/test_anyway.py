"""The one list of what pvesdn does anyway, entry by entry: a line is written by hand, what pvesdn renders does it."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from pvesdn.design.ours.sysctl import IP_FORWARD, IPV6_FORWARD
from pvesdn.design.shared import names
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES
from pvesdn.model.ifupdown import GUEST_PORTS
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.recognise import anyway
from pvesdn.recognise.anyway import ANYWAY, Anyway, Trait, filled
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import Adoption, adopt
from tests.unit.recognise.kit import hand

VTEP = "192.168.0.1"
GATEWAY_MAC = "44:39:39:FF:40:94"
GATEWAY6 = ("        address 10.0.2.254\n", "        address 10.0.2.254\n        address fd00:2::254/64\n")
PORT_AT = "        vxlan-id 2\n"
BRIDGE_AT, TIE_BRIDGE_AT = "        bridge_ports vxlan2\n", "        bridge_ports vxlan4000\n"
ROUTER_AT, EVPN_AT = " no bgp default ipv4-unicast\n", "  advertise-all-vni\n"
VRF_AT, VRF_EVPN_AT = "router bgp 1234 vrf vrf1\n!\n", "  advertise ipv4 unicast\n"


def lines_of(entry: Anyway) -> list[str]:
    """One spelling of each alternative in an entry."""
    text = filled(entry.words, {**PLACEHOLDERS, "name": DEVICE[entry.where]})
    text = text.replace(r"(?:\S*/)?", "/sbin/").replace(r"\S+", "02:00:00:00:00:01").replace(".+", "10.4")
    text = text.replace("(?:dev )?", "dev ").replace("(?:ete)?", "")
    found = [text]
    while any("(" in one for one in found):
        found = [
            one[: group.start()] + word + one[group.end() :]
            for one in found
            for group in [re.search(r"\((?:\?:)?([^()]*)\)(\?)?", one)]
            if group is not None
            for word in group[1].split("|")
        ]
    return [re.sub(r"\\(.)", r"\1", one) for one in found]


DEVICE = {anyway.PORT: "vxlan2", anyway.BRIDGE: "vmbr2", anyway.TIE: "vmbr4000", anyway.VRF: "vrf1"}
DEVICE |= dict.fromkeys({entry.where for entry in ANYWAY} - DEVICE.keys(), "")
PLACEHOLDERS = {
    "node": "node1",
    "vtep": VTEP,
    "peer": "192.168.0.2",
    "plain": "2",
    "guest_ports": re.escape(GUEST_PORTS),
}
SPECIAL = {"hwaddress .+": "hwaddress 44:39:39:FF:40:90", "frr version .+": "frr version 10.4"}
SPECIAL |= {"bridge-ports-condone-regex {guest_ports}": f"bridge-ports-condone-regex {GUEST_PORTS}"}
SPECIAL |= {"bgp router-id .+": "bgp router-id 172.16.9.9"}
SPECIAL |= {"route-target (?:import|export) 65535:.+": "route-target export 65535:2"}


def put_in(entry: Anyway, line: str) -> Snapshot:  # noqa: PLR0911 - a return for each kind of stanza
    """A model with the line where the entry has it."""
    indented = f"        {line}\n"
    match entry.where:
        case anyway.PORT:
            model = "unicast" if Trait.PLAIN in entry.needs else "evpn-l2"
            strip = () if model == "unicast" else (("        bridge-learning off\n", ""),)
            return hand(model, *strip, (PORT_AT, PORT_AT + indented))
        case anyway.BRIDGE:
            if Trait.VLAN_AWARE in entry.needs:
                return hand("unicast", (BRIDGE_AT, BRIDGE_AT + "        bridge-vlan-aware yes\n" + indented))
            if entry.needs:
                more = (GATEWAY6,) if Trait.ROUTED_6 in entry.needs else ()
                model = "symmetric" if Trait.IN_VRF in entry.needs else "asymmetric"
                return hand(model, *more, (BRIDGE_AT, BRIDGE_AT + indented))
            return hand("unicast", (BRIDGE_AT, BRIDGE_AT + indented))
        case anyway.TIE:
            if line.startswith("hwaddress"):
                return hand("symmetric")
            return hand("symmetric", (TIE_BRIDGE_AT, TIE_BRIDGE_AT + indented))
        case anyway.VRF:
            if line == "vrf-table auto":
                return hand("symmetric")
            said = f"ip {'-6 ' if '-6' in line else ''}route add vrf vrf1 unreachable default metric 4278198272"
            hook = f"post-up {said}" if "unreachable" in line else line
            return hand("symmetric", ("vrf-table auto\n", f"vrf-table auto\n        {hook}\n"))
    return put_in_frr(entry, line)


def put_in_frr(entry: Anyway, line: str) -> Snapshot:  # noqa: PLR0911 - a return for each kind of block
    match entry.where:
        case anyway.TOP:
            if Trait.SHARES_FLOWS in entry.needs:
                return frr_with(hand("several-exits"), line + "\n", "")
            snapshot = frr_with(hand("evpn-l2"), line + "\n", "")
            live = {
                Trait.FORWARDS_4: (IP_FORWARD, "1"),
                Trait.FORWARDS_6: (IPV6_FORWARD, "1"),
                Trait.KEEPS_4: (IP_FORWARD, "0"),
                Trait.KEEPS_6: (IPV6_FORWARD, "0"),
            }
            for trait in entry.needs:
                snapshot = with_switch(snapshot, *live[trait])
            return snapshot
        case anyway.ROUTER:
            return hand("evpn-l2", (ROUTER_AT, f"{ROUTER_AT} {line}\n"))
        case anyway.UNICAST:
            family = f" address-family ipv4 unicast\n  {line}\n exit-address-family\n"
            return hand("evpn-l2", node1=(" address-family l2vpn evpn\n", f"{family} address-family l2vpn evpn\n"))
        case anyway.EVPN | anyway.VNI:
            more = line if entry.where == anyway.EVPN else f"vni 2\n   {line}"
            plain = (PORT_AT, f"{PORT_AT}        vxlan-remoteip {{}}\n")
            remotes = {
                n: "\n        vxlan-remoteip ".join(f"192.168.0.{m}" for m in (1, 2, 3) if m != n) for n in (1, 2, 3)
            }
            learning = (
                "        bridge-learning off\n        bridge-arp-nd-suppress on\n        bridge-unicast-flood off\n"
            )
            learning += "        bridge-multicast-flood off\n\nauto vmbr2"
            return hand(
                "evpn-l2",
                (learning, "\nauto vmbr2"),
                (EVPN_AT, f"{EVPN_AT}  {more}\n  exit-vni\n"),
                node1=(plain[0], plain[1].format(remotes[1])),
                node2=(plain[0], plain[1].format(remotes[2])),
                node3=(plain[0], plain[1].format(remotes[3])),
            )
        case anyway.VRF_ROUTER:
            return hand("symmetric", (VRF_AT, f"router bgp 1234 vrf vrf1\n {line}\n"))
    is_silent, is_6 = Trait.SILENT in entry.needs, entry.where == anyway.VRF_IPV6 or "ipv6" in line
    model = "one-exit" if Trait.EXIT in entry.needs else "symmetric"
    exchanges = [(VRF_EVPN_AT, "")] if is_silent else []
    if is_6:
        exchanges.append(GATEWAY6)
    if entry.where == anyway.VRF_EVPN:
        exchanges.append((VRF_EVPN_AT, f"{VRF_EVPN_AT}  {line}\n"))
    else:
        family = f" address-family {entry.where.partition(' of')[0]}\n  {line}\n exit-address-family\n"
        exchanges.append((VRF_AT, VRF_AT + family))
    return hand(model, *exchanges)


def frr_with(snapshot: Snapshot, before: str, behind: str) -> Snapshot:
    nodes = {
        name: NodeRaw(
            {**raw.files, FRR_CONF: before.replace("node1", name) + raw.files[FRR_CONF] + behind}, raw.commands
        )
        for name, raw in snapshot.nodes.items()
    }
    return replace(snapshot, nodes=nodes)


def with_switch(snapshot: Snapshot, switch: str, value: str) -> Snapshot:
    nodes = {}
    for name, raw in snapshot.nodes.items():
        sysctl = raw.commands["sysctl"]
        assert isinstance(sysctl, dict)
        nodes[name] = NodeRaw(raw.files, {**raw.commands, "sysctl": {**sysctl, switch: value}})
    return replace(snapshot, nodes=nodes)


def texts(adoption: Adoption) -> tuple[str, str]:
    """What node1 gets: its interfaces file and its frr.conf."""
    assert adoption.problems == ()
    assert adoption.plan is not None
    (node,) = (node for node in adoption.plan.nodes if node.node == "node1")
    new = {file.path: file.new or "" for file in node.files}
    return new.get(OUR_INTERFACES, ""), new.get(FRR_CONF, "")


CASES = [
    (entry, line)
    for entry in ANYWAY
    for line in ([SPECIAL[entry.words]] if entry.words in SPECIAL else lines_of(entry))
]


@pytest.mark.parametrize(("entry", "line"), CASES, ids=[f"{entry.where}: {line}" for entry, line in CASES])
def test_what_pvesdn_renders_does_what_the_list_says(entry: Anyway, line: str) -> None:
    adoption = adopt(put_in(entry, line), Renderer())
    told = [str(found) for found in adoption.proposal.lost if str(found).startswith("node1") and line in str(found)]
    assert told == []
    devices = {anyway.PORT: "vxlan_vmbr2", anyway.BRIDGE: "vmbr2", anyway.TIE: "vrfbr_vrf1", anyway.VRF: "vrf_vrf1"}
    stands = {
        **PLACEHOLDERS,
        "guest_ports": GUEST_PORTS,
        "device": devices.get(entry.where, ""),
        "vrf": "vrf_vrf1",
        "group": "VTEP",
        "gateway_mac": GATEWAY_MAC,
        "router_mac": names.router_mac(IPv4Address(VTEP)),
    }
    wanted = filled(entry.does, stands)
    interfaces, frr = texts(adoption)
    if entry.where in devices:
        stanzas = {part.split()[1]: part for part in interfaces.split("\n\n") if part.startswith("auto ")}
        said = [text.strip() for text in stanzas[devices[entry.where]].splitlines()]
    else:
        said = [text.strip() for text in frr.splitlines()]
    assert (wanted.removeprefix("!") in said) is not wanted.startswith("!")


def test_no_entry_is_without_a_line_of_its_own() -> None:
    assert {entry.words for entry in ANYWAY} == {entry.words for entry, _ in CASES}
