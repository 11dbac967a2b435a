"""Stanzas of third parties: /etc/network/interfaces, and the other files of interfaces.d."""

from __future__ import annotations

from pvesdn.model.facts import IfaceStanza
from pvesdn.model.findings import Severity
from tests.unit.design.network import PVE_EVPN, UNICAST, facts, findings, given

OTHER = "/etc/network/interfaces.d/other"


def test_another_file_of_interfaces_d_that_has_our_name_is_an_error() -> None:
    node = facts("node1", "192.168.0.1/24", other_stanzas=((OTHER, "vmbr2"), (OTHER, "vmbr9")))
    assert findings(given(UNICAST, node1=node)) == [
        (
            f"pvesdn.cfg:6: vnet 'vmbr2': device vmbr2 is also defined in {OTHER} of node1; "
            "remove it there, or choose another id"
        )
    ]


def test_a_stanza_with_the_name_of_one_of_pves_devices_is_a_warning() -> None:
    stanza = IfaceStanza("web", "inet manual", ())
    node = facts(
        "node1", "192.168.0.1/24", stanzas=(stanza,), other_stanzas=((OTHER, "vrf_theirs"), (OTHER, "vxlan_web"))
    )
    network = given("", pve=PVE_EVPN, node1=node)
    assert findings(network) == []
    assert [line.split(" of node1")[0] for line in findings(network, Severity.WARNING)] == [
        f"zones.cfg:1: zone 'theirs': device vrf_theirs is also defined in {OTHER}",
        f"vnets.cfg:1: vnet 'web': device vxlan_web is also defined in {OTHER}",
        "vnets.cfg:1: vnet 'web': device web is also defined in /etc/network/interfaces",
    ]


def test_a_stanza_with_the_name_of_a_vnet_on_a_bridge_of_the_host_is_a_warning() -> None:
    node = facts("node1", "192.168.0.1/24", other_stanzas=((OTHER, "web"), (OTHER, "vxlan_web")))
    pve = {"zones.cfg": "vlan: trunk\n\tbridge vmbr0\n", "vnets.cfg": "vnet: web\n\tzone trunk\n\ttag 100\n"}
    (line,) = [line for line in findings(given("", pve=pve, node1=node), Severity.WARNING) if OTHER in line]
    assert line == (
        f"vnets.cfg:1: vnet 'web': device web is also defined in {OTHER} of node1, and ifupdown2 merges both; "
        "remove it there, or choose another id in PVE"
    )
