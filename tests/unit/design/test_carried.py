"""VNets that are drawn in PVE's panel: how they become ours, and which VNI each gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

import pytest

from pvesdn.decode.definitions.sdn_files import Names
from pvesdn.design.carried.joining import Carried, carry
from pvesdn.design.expectation import expect
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.ifupdown import CarriedBridge
from pvesdn.model.pve_ifupdown import PveVnetBridge
from pvesdn.workflows.check import check_files
from tests.unit.design.network import CONTROLLER, UNDERLAY, design, facts, findings, given

ZONES = "simple: lan\n\tmtu 1450\n\n"
VNETS = "vnet: web\n\tzone lan\n\talias shop\n\nvnet: db\n\tzone lan\n\nvnet: other\n\tzone wan\n\n"
SUBNETS = "subnet: lan-10.0.2.0-24\n\tvnet web\n\tgateway 10.0.2.1\n\n"
RANGE = "\tcarries lan\n\tvni-range 100-103\n\n"
CARRIER = UNDERLAY + "vxlan: prod\n" + RANGE
ROUTED = UNDERLAY + CONTROLLER + "evpn: prod\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n" + RANGE
PIN = "vnet: web\n\tzone prod\n\ttag 7\n\n"


def drawn(own: str = CARRIER, *, vnis: str | None = "", **more: Any) -> DesignInput:
    files = {"zones.cfg": ZONES, "vnets.cfg": VNETS, "subnets.cfg": SUBNETS}
    if vnis is not None:
        files["pvesdn-vnis.cfg"] = vnis
    return given(own, pve=files, **more)


def vni(number: int, vnet: str, zone: str = "prod") -> str:
    return f"vni: {number}\n\tvnet {vnet}\n\tzone {zone}\n\n"


def tags(made: Carried) -> dict[str, int | None]:
    return {vnet.id: vnet.tag for vnet in made.given.sdn.own.vnets}


def table(made: Carried) -> dict[int, str]:
    assert made.vnis is not None
    return {entry.vni: f"{entry.vnet}, former" if entry.is_former else entry.vnet for entry in made.vnis.given}


def said(made: Carried) -> list[str]:
    return [str(finding) for finding in made.findings]


def having(number: int, port: str, node: str = "node2") -> Mapping[str, NodeFacts]:
    """A node with a VXLAN device that is there."""
    base = facts(node, f"192.168.0.{node[-1]}/24")
    return {node: replace(base, links=(*base.links, Link(port, 1450, kind="vxlan", vni=number)))}


def test_a_vnet_of_the_panel_becomes_one_of_ours() -> None:
    made = carry(drawn()).given.sdn
    assert [(vnet.id, vnet.zone, vnet.drawn_in) for vnet in made.own.vnets] == [
        ("db", "prod", "lan"),
        ("web", "prod", "lan"),
    ]
    assert [subnet.id for subnet in made.own.subnets] == ["lan-10.0.2.0-24"]
    assert [zone.mtu for zone in made.own.zones] == [1450]


def test_what_is_carried_is_there_once() -> None:
    both = carry(drawn()).given.sdn.both
    assert [(vnet.id, vnet.zone) for vnet in both.vnets] == [("db", "prod"), ("other", "wan"), ("web", "prod")]
    assert [subnet.id for subnet in both.subnets] == ["lan-10.0.2.0-24"]


def test_what_the_panel_has_for_a_zone_of_ours_is_known_with_that_zone_carried_or_not() -> None:
    def pairs(network: DesignInput) -> list[tuple[str, str, bool]]:
        return [(zone.id, vnet.id, vnet.drawn_in is not None) for zone, vnet in network.sdn.drawn]

    assert pairs(drawn(UNDERLAY)) == []
    assert pairs(drawn()) == [("prod", "db", False), ("prod", "web", False)]
    assert pairs(carry(drawn()).given) == [("prod", "db", True), ("prod", "web", True)]
    assert pairs(carry(drawn(), refused=frozenset({"lan"})).given) == [("prod", "db", False), ("prod", "web", False)]


def test_of_two_zones_that_carry_the_same_the_first_has_its_vnets() -> None:
    network = drawn(CARRIER + "vxlan: also\n\tcarries lan\n\tvni-range 200-203\n\n")
    assert {zone.id for zone, _ in network.sdn.drawn} == {"also"}
    assert [zone.id for zone in network.sdn.own.carriers.values()] == ["also"]


def test_without_carrying_zones_nothing_is_touched() -> None:
    network = drawn(UNDERLAY)
    assert carry(network) == Carried(network)


def test_the_nodes_are_those_of_pves_zone() -> None:
    files = {"zones.cfg": ZONES.replace("1450", "1450\n\tnodes node1,node3"), "vnets.cfg": VNETS}
    (zone,) = carry(given(CARRIER, pve=files)).given.sdn.own.zones
    assert zone.nodes == frozenset({"node1", "node3"})


def test_our_stanza_leaves_to_pve_what_is_pves_and_both_make_one_bridge() -> None:
    network = carry(drawn(ROUTED)).given
    made = design(network)
    assert made.interfaces is not None
    assert made.sdn is not None
    (ours,) = (stanza for stanza in made.interfaces.stanzas if stanza.name == "web")
    (theirs,) = (stanza for stanza in made.sdn.stanzas if stanza.name == "web")
    assert isinstance(ours, CarriedBridge)
    assert isinstance(theirs, PveVnetBridge)
    assert (ours.vrf, ours.has_arp_accept, ours.port, ours.mtu) == ("vrf_prod", True, "vxlan_web", theirs.mtu)
    expected = expect(made)
    (device,) = (device for device in expected.devices if device.name == "web")
    assert (device.master, device.mac) == ("vrf_prod", ours.hwaddress)
    assert {str(address) for address in device.addresses or ()} == {"10.0.2.1/24"}
    assert expected.settings["net/ipv4/conf/web/forwarding"] == "1"
    assert next(port for port in expected.devices if port.name == "vxlan_web").master == "web"


def test_vnis_are_the_lowest_of_the_range_in_the_order_of_names() -> None:
    made = carry(drawn())
    assert tags(made) == {"db": 100, "web": 101}
    assert table(made) == {100: "db", 101: "web"}


def test_a_vnet_keeps_the_vni_that_it_was_given() -> None:
    assert tags(carry(drawn(vnis=vni(103, "db")))) == {"db": 103, "web": 100}


def test_a_vni_outside_the_range_is_kept_when_the_range_has_changed() -> None:
    assert tags(carry(drawn(vnis=vni(9, "db")))) == {"db": 9, "web": 100}


def test_a_pin_wins_and_is_remembered() -> None:
    made = carry(drawn(CARRIER + PIN, vnis=vni(100, "web") + vni(101, "db")))
    assert tags(made) == {"db": 101, "web": 7}
    assert table(made) == {7: "web", 100: "web, former", 101: "db"}


def test_a_vni_that_is_pinned_for_a_vnet_still_to_be_drawn_is_nobody_elses() -> None:
    pin = PIN.replace("web", "api").replace("7", "100")
    assert tags(carry(drawn(CARRIER + pin))) == {"db": 101, "web": 102}
    made = carry(drawn(CARRIER.replace("100-103", "100-101") + pin))
    assert tags(made) == {"db": 101}
    assert said(made)[0].endswith("vni-range 100-101 has no VNI left for vnet 'web'; extend the range")


FORMER = vni(100, "web").rstrip() + "\n\tformer 1\n\n" + vni(7, "web")


def test_a_vni_that_a_pin_replaced_is_given_to_nobody_while_a_member_may_come_back_with_it() -> None:
    files = {"zones.cfg": ZONES, "vnets.cfg": VNETS + "vnet: api\n\tzone lan\n\n"}
    network = given(CARRIER + PIN, pve={**files, "pvesdn-vnis.cfg": FORMER + vni(101, "db")}, offline=("node3",))
    made = carry(network)
    assert tags(made) == {"api": 102, "db": 101, "web": 7}
    assert table(made) == {7: "web", 100: "web, former", 101: "db", 102: "api"}


def test_a_vni_that_a_pin_replaces_is_written_down_without_the_file_too() -> None:
    pins = PIN + PIN.replace("web", "db").replace("7", "8")
    made = carry(drawn(CARRIER + pins, vnis=None, instead=having(100, "vxlan_web"), offline=("node3",)))
    assert table(made) == {7: "web", 8: "db", 100: "web, former"}


def test_no_pin_takes_a_former_vni_while_a_member_may_come_back_with_it() -> None:
    pin = PIN.replace("web", "db").replace("7", "100")
    made = carry(drawn(CARRIER + PIN + pin, vnis=FORMER, offline=("node3",)))
    (line,) = said(made)
    assert line.endswith(
        "vnet 'db': tag 100 was the VNI of vnet 'web', and node3 did not answer, which may have it; "
        "bring the node back, or choose another tag"
    )
    assert said(carry(drawn(CARRIER + PIN + pin, vnis=FORMER))) == []


def test_no_vnet_of_another_zone_takes_a_former_vni_either() -> None:
    other = (
        UNDERLAY + "vxlan: prod\n" + RANGE + PIN.replace("7", "8") + "vxlan: far\n\nvnet: lab\n\tzone far\n\ttag 7\n\n"
    )
    written = vni(7, "web").rstrip() + "\n\tformer 1\n\n" + vni(8, "web")
    (line,) = said(carry(drawn(other, vnis=written, offline=("node3",))))
    assert "vnet 'lab': tag 7 was the VNI of vnet 'web', and node3 did not answer" in line
    assert said(carry(drawn(other, vnis=written))) == []


@pytest.mark.parametrize(
    ("own", "pve"),
    [
        ("vxlan: far\n\nvnet: lab\n\tzone far\n\ttag 7\n\n", {}),
        (
            CONTROLLER + "evpn: far\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 7\n\n",
            {},
        ),
        (
            "",
            {"zones.cfg": "vxlan: there\n\tpeers 192.168.0.1\n\n", "vnets.cfg": "vnet: lab\n\tzone there\n\ttag 7\n\n"},
        ),
    ],
    ids=["a tag", "an L3VNI", "a tag of PVE's"],
)
def test_a_former_vni_that_is_something_elses_by_now_is_written_down_for_nobody(own: str, pve: dict[str, str]) -> None:
    """Otherwise no plan could be made later on while any member is off."""
    former = vni(7, "web").rstrip() + "\n\tformer 1\n\n" + vni(8, "web")
    files = {"zones.cfg": ZONES + pve.get("zones.cfg", ""), "vnets.cfg": VNETS + pve.get("vnets.cfg", "")}
    pin = PIN.replace("7", "8")

    def made(*offline: str) -> Carried:
        return carry(given(CARRIER + pin + own, pve={**files, "pvesdn-vnis.cfg": former}, offline=offline))

    assert table(made("node3")) == {7: "web, former", 8: "web", 100: "db"}
    assert table(made()) == {8: "web", 100: "db"}


def test_where_nothing_is_carried_any_more_no_vnet_takes_a_vni_that_a_member_may_come_back_with() -> None:
    section = UNDERLAY + "vxlan: prod\n\nvnet: lab\n\tzone prod\n\ttag 100\n\n"
    (line,) = said(carry(drawn(section, vnis=vni(100, "web"), offline=("node3",))))
    assert "vnet 'lab': tag 100 was the VNI of vnet 'web', and node3 did not answer" in line
    made = carry(drawn(section, vnis=vni(100, "web")))
    assert (said(made), table(made)) == ([], {})


EVPN = "evpn-controller: main\n\tasn 65000\n\nevpn: far\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 100\n\n"
PVES = {
    "zones.cfg": "vxlan: there\n\tpeers 192.168.0.1\n\n",
    "vnets.cfg": "vnet: lab\n\tzone there\n\ttag 100\n\n",
}
PVES_L3VNI = {
    "controllers.cfg": "evpn: ctrl\n\tasn 65000\n\tpeers 192.168.0.1\n\n",
    "zones.cfg": "evpn: there\n\tcontroller ctrl\n\tvrf-vxlan 100\n\n",
}


@pytest.mark.parametrize(
    ("own", "pve", "pending", "severity", "what"),
    [
        (EVPN, {}, (), Severity.ERROR, "zone 'far': vrf-vxlan 100"),
        ("", PVES, (("vnet", "lab", "new"),), Severity.ERROR, "vnet 'lab': tag 100"),
        ("", PVES, (("zone", "there", "changed"),), Severity.ERROR, "vnet 'lab': tag 100"),
        ("", PVES, (), Severity.WARNING, "vnet 'lab': tag 100"),
        ("", PVES_L3VNI, (("zone", "there", "new"),), Severity.ERROR, "zone 'there': vrf-vxlan 100"),
        ("", PVES_L3VNI, (), Severity.WARNING, "zone 'there': vrf-vxlan 100"),
    ],
    ids=["our L3VNI", "PVE's tag", "PVE's zone", "PVE's tag, committed", "PVE's L3VNI", "PVE's L3VNI, committed"],
)
def test_nothing_else_takes_a_former_vni_while_a_member_may_come_back_with_it(
    own: str, pve: Mapping[str, str], pending: tuple[tuple[str, str, str], ...], severity: Severity, what: str
) -> None:
    def found(offline: tuple[str, ...], vnis: str = FORMER) -> list[Finding]:
        files = {name: {"zones.cfg": ZONES, "vnets.cfg": VNETS}.get(name, "") + text for name, text in pve.items()}
        files = {"zones.cfg": ZONES, "vnets.cfg": VNETS, **files, "pvesdn-vnis.cfg": vnis}
        network = given(CARRIER + PIN + own, pve=files, offline=offline)
        return [*carry(replace(network, pending=frozenset(pending))).findings]

    (refused,) = found(("node3",))
    place = " in PVE (Datacenter > SDN)" if pve else ""
    word = what.rpartition(": ")[2].partition(" ")[0]
    assert refused.severity is severity
    assert str(refused).endswith(
        f"{what} was the VNI of vnet 'web', and node3 did not answer, which may have it; bring the node back, or choose "
        f"another {word}{place}"
    )
    assert found(()) == []
    assert found(("node3",), vni(7, "web")) == []


@pytest.mark.parametrize("offline", [(), ("node3",)], ids=["all-were-read", "a-member-is-off"])
def test_a_former_vni_is_given_again_when_the_range_has_no_other_and_nobody_has_it(offline: tuple[str, ...]) -> None:
    network = drawn(CARRIER.replace("100-103", "100-100") + PIN, vnis=FORMER, offline=offline)
    made = carry(network)
    assert tags(made) == {"web": 7} if offline else {"db": 100, "web": 7}
    assert len(said(made)) == len(offline)


def test_when_the_pin_goes_a_vnet_keeps_what_it_runs_with() -> None:
    assert tags(carry(drawn(vnis=FORMER, instead=having(7, "vxlan_web"))))["web"] == 7
    undone = carry(drawn(vnis=FORMER, instead=having(100, "vxlan_web")))
    assert tags(undone) == {"db": 101, "web": 100}
    assert table(undone) == {7: "web, former", 100: "web", 101: "db"}


def test_when_the_pin_goes_and_no_node_tells_the_file_decides() -> None:
    assert tags(carry(drawn(vnis=FORMER)))["web"] == 7


def test_the_vni_of_a_vnet_that_is_gone_is_kept_for_it() -> None:
    made = carry(drawn(vnis=vni(100, "gone") + vni(101, "web")))
    assert tags(made) == {"db": 102, "web": 101}
    assert table(made) == {100: "gone", 101: "web", 102: "db"}


def test_a_vnet_that_moves_to_another_zone_leaves_its_vni_behind() -> None:
    made = carry(drawn(vnis=vni(100, "web", "edge")))
    assert tags(made) == {"db": 101, "web": 102}
    assert table(made) == {100: "web", 101: "db", 102: "web"}


def test_when_the_range_is_used_up_a_vni_that_nobody_has_any_more_is_given_again() -> None:
    gone = "".join(vni(number, f"gone{number}") for number in (100, 101, 102)) + vni(103, "web")
    made = carry(drawn(vnis=gone))
    assert tags(made) == {"db": 100, "web": 103}
    assert table(made) == {100: "db", 101: "gone101", 102: "gone102", 103: "web"}


AGAIN = "; or delete vnet 'db' in PVE (Datacenter > SDN), run pvesdn apply, which takes VNI 100 off the nodes, and draw it again"


@pytest.mark.parametrize(
    ("unseen", "way"),
    [
        ({"offline": ("node3",)}, ""),
        ({"instead": having(100, "vxlan_gone")}, AGAIN),
        (
            {
                "instead": {
                    "node2": facts(
                        "node2", "192.168.0.2/24", own=(IfaceStanza("vxlan_gone", "", (("vxlan-id", "100"),)),)
                    )
                }
            },
            AGAIN,
        ),
    ],
    ids=["a-member-is-off", "a-node-still-has-it", "a-file-still-has-it"],
)
def test_a_freed_vni_is_reserved_until_every_member_was_seen_without_it(unseen: dict[str, Any], way: str) -> None:
    gone = vni(100, "gone") + vni(101, "web")
    network = drawn(CARRIER.replace("100-103", "100-101"), vnis=gone, **unseen)
    made = carry(network)
    assert tags(made) == {"web": 101}
    left = "vni-range 100-101 has no VNI left that every member was seen without for vnet 'db'; extend the range"
    assert said(made) == [f"pvesdn.cfg:6: zone 'prod': {left}{way}"]


def test_a_vni_that_a_node_has_is_not_given() -> None:
    assert tags(carry(drawn(instead=having(100, "vxlan9")))) == {"db": 101, "web": 102}


@pytest.mark.parametrize("file", ["", vni(103, "web", "edge")], ids=["a-gap", "our-zone-had-another-name"])
def test_a_vnet_that_the_file_lacks_keeps_what_it_runs_with(file: str) -> None:
    made = carry(drawn(vnis=file, instead=having(103, "vxlan_web")))
    assert (tags(made), said(made)) == ({"db": 100, "web": 103}, [])
    assert table(made) == {100: "db", 103: "web"}


@pytest.mark.parametrize(
    ("file", "nodes", "told"),
    [
        ("", {**having(102, "vxlan_web"), **having(103, "vxlan_web", "node3")}, "102 of node2 and 103 of node3"),
        (vni(103, "gone"), having(103, "vxlan_web"), "103 of node2"),
        (vni(103, "db"), having(103, "vxlan_web"), "103 of node2"),
        ("", having(9, "vxlan_web"), "9 of node2"),
    ],
    ids=["nodes-disagree", "one-that-is-gone-has-it", "another-has-it", "out-of-range"],
)
def test_a_vnet_that_cannot_keep_what_it_runs_with_is_told(
    file: str, nodes: Mapping[str, NodeFacts], told: str
) -> None:
    made = carry(drawn(vnis=file, instead=nodes))
    becomes = tags(made)["web"]
    assert said(made) == [f"pvesdn-vnis.cfg: does not say the VNI of vnet 'web': {told} becomes {becomes}"]
    assert becomes in {100, 101}
    assert [finding.severity for finding in made.findings] == [Severity.WARNING]


def test_a_vnet_that_has_left_another_zone_of_ours_is_told_so_and_the_file_is_not_blamed() -> None:
    made = carry(drawn(vnis=vni(9, "web", "edge"), instead=having(9, "vxlan_web")))
    assert said(made) == ["pvesdn-vnis.cfg: vnet 'web' has left zone edge: 9 of node2 becomes 101"]


def test_without_the_file_vnis_are_read_back_from_the_nodes() -> None:
    made = carry(drawn(vnis=None, instead=having(103, "vxlan_web")))
    assert tags(made) == {"db": 100, "web": 103}
    assert said(made) == [
        "pvesdn-vnis.cfg: does not exist: the VNIs of web are read back from the nodes; pvesdn apply writes it again"
    ]


def test_without_the_file_a_member_that_did_not_answer_stops_the_plan() -> None:
    made = carry(drawn(vnis=None, offline=("node3",)))
    assert (tags(made), len(said(made))) == ({}, 1)


def test_without_the_file_only_nodes_of_pves_zone_are_asked_for() -> None:
    files = {"zones.cfg": ZONES.replace("1450", "1450\n\tnodes node1,node2"), "vnets.cfg": VNETS}
    made = carry(given(CARRIER, pve=files, offline=("node3",), instead=having(103, "vxlan_web")))
    assert tags(made) == {"db": 100, "web": 103}


def test_without_the_file_a_vnet_that_pve_never_committed_needs_nobody() -> None:
    made = carry(drawn(vnis=None, offline=("node3",)), new={"web", "db"})
    assert (tags(made), said(made)) == ({"db": 100, "web": 101}, [])


def test_without_the_file_who_only_looks_is_told_what_the_nodes_that_answered_have() -> None:
    made = carry(drawn(vnis=None, offline=("node3",), instead=having(103, "vxlan_web")), only_looks=True)
    assert tags(made) == {"web": 103}
    silent, *_ = made.findings
    assert silent.severity is Severity.WARNING
    assert str(silent).endswith("bring the node back, or pin the VNIs of db, web with vnet sections in pvesdn.cfg")


def test_without_the_file_who_only_looks_is_warned_of_nodes_that_disagree() -> None:
    nodes = {**having(103, "vxlan_web"), **having(102, "vxlan_web", "node3")}
    made = carry(drawn(vnis=None, instead=nodes), only_looks=True)
    assert tags(made) == {"db": 100}
    assert [finding.severity for finding in made.findings] == [Severity.WARNING]


def test_without_the_file_pinned_vnets_need_nobody() -> None:
    pins = PIN + PIN.replace("web", "db").replace("7", "8")
    made = carry(drawn(CARRIER + pins, vnis=None, offline=("node3",)))
    assert (tags(made), said(made)) == ({"db": 8, "web": 7}, [])


def test_without_the_file_nodes_that_disagree_stop_the_plan() -> None:
    made = carry(drawn(vnis=None, instead={**having(103, "vxlan_web"), **having(102, "vxlan_web", "node3")}))
    (line,) = said(made)
    assert line.startswith("pvesdn-vnis.cfg: does not exist, and vnet 'web' has VNI 102 on node3 and 103 on node2; ")
    assert line.endswith("pin one of them: 'vnet: web' in pvesdn.cfg with zone prod and the tag")


def test_without_pves_files_nothing_is_said_of_what_may_be_drawn_there() -> None:
    assert check_files({"pvesdn.cfg": CARRIER}, Names()).findings == ()
    (alone,) = check_files({"pvesdn.cfg": CARRIER, "zones.cfg": ZONES}, Names()).findings
    assert str(alone) == "pvesdn.cfg:4: zone 'prod': has no VNet yet"


def test_the_definitions_alone_show_what_does_not_fit() -> None:
    files = {"pvesdn.cfg": CARRIER, "zones.cfg": ZONES, "vnets.cfg": VNETS, "subnets.cfg": SUBNETS}
    (unrouted, *_) = [str(finding) for finding in check_files(files, Names()).findings if "gateway" in str(finding)]
    assert unrouted.startswith("subnets.cfg:3: subnet 'lan-10.0.2.0-24': gateway 10.0.2.1 has no router")


def test_bridges_of_nodes_that_the_zone_does_not_have_are_none_of_its_vnets() -> None:
    def bare(nodes: str) -> list[str]:
        files = {
            "zones.cfg": ZONES.replace("1450", f"1450\n\tnodes {nodes}"),
            "vnets.cfg": VNETS,
            "pvesdn-vnis.cfg": "",
        }
        base = facts("node3", "192.168.0.3/24")
        here = {"node3": replace(base, links=(*base.links, Link("web", 1450, kind="bridge")))}
        found = findings(carry(given(CARRIER, pve=files, instead=here)).given, Severity.WARNING)
        return [line for line in found if "without an uplink" in line]

    assert bare("node1,node2") == []
    assert len(bare("node1,node3")) == 1


@pytest.mark.parametrize(
    ("bare", "said"),
    [
        (("web",), "web runs without an uplink on node3, and the gateway of web is in the host's own table"),
        (("db",), "db runs without an uplink on node3"),
        (("db", "web"), "db, web run without an uplink on node3, and the gateway of web is in the host's own table"),
    ],
)
def test_only_vnets_that_have_a_gateway_are_said_to_have_it_in_the_hosts_own_table(
    bare: tuple[str, ...], said: str
) -> None:
    base = facts("node3", "192.168.0.3/24")
    bridges = tuple(Link(name, 1450, kind="bridge") for name in bare)
    held = ("web", ip_interface("10.0.2.1/24"))
    here = replace(base, links=(*base.links, *bridges), addresses=(*base.addresses, held))
    network = drawn(ROUTED, instead={"node3": here})
    (line,) = (line for line in findings(carry(network).given, Severity.WARNING) if "without an uplink" in line)
    assert line.startswith(f"pvesdn.cfg:11: zone 'prod': {said}; run pvesdn apply")


@pytest.mark.parametrize(
    ("underlay", "said"),
    [
        (1550, "says no mtu, and a zone that is carried must; set its MTU to 1500 in PVE (Datacenter > SDN)"),
        (1500, "says no mtu, and guests would take 1500; set its MTU to 1450 in PVE (Datacenter > SDN)"),
    ],
)
def test_a_zone_without_an_mtu_is_told_the_one_that_fits(underlay: int, said: str) -> None:
    files = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": VNETS, "pvesdn-vnis.cfg": ""}
    nodes = {f"node{n}": facts(f"node{n}", f"192.168.0.{n}/24", mtu=underlay) for n in (1, 2, 3)}
    (line,) = findings(carry(given(CARRIER, pve=files, instead=nodes)).given)
    assert line == f"pvesdn.cfg:5: zone 'prod': zone 'lan' of PVE's {said}"


@pytest.mark.parametrize("zone", ["vxlan: prod\n", "evpn: prod\n\tcontroller main\n\tirb none\n"])
@pytest.mark.parametrize(("mac", "wanted"), [("\tmac 44:39:39:ff:40:94\n", {"net.ipv4.ip_forward": "1"}), ("", {})])
def test_nodes_with_gateways_by_a_mac_forward(zone: str, mac: str, wanted: dict[str, str]) -> None:
    network = drawn(UNDERLAY + CONTROLLER + zone + mac + RANGE)
    assert dict(design(carry(network).given).sysctls) == wanted


def test_no_node_forwards_for_a_mac_before_there_is_a_gateway() -> None:
    network = given(
        UNDERLAY + "vxlan: prod\n\tmac 44:39:39:ff:40:94\n" + RANGE, pve={"zones.cfg": ZONES, "vnets.cfg": VNETS}
    )
    assert design(carry(network).given).sysctls == ()
