"""Packages without which PVE reloads nothing, or FRR cannot be reloaded."""

from __future__ import annotations

import pytest

from pvesdn.model.findings import Severity
from tests.unit.design.network import PROXMOX, PVE_EVPN, SYMMETRIC, UNICAST, cluster, facts, findings, given

LAN = {"zones.cfg": "simple: lan\n\n"}


def told(pve: dict[str, str], cfg: str = "", **versions: dict[str, str]) -> list[str]:
    nodes = {
        name: facts(name, f"192.168.0.{name[-1]}/24", versions=PROXMOX | versions.get(name, {}))
        for name in ("node1", "node2", "node3")
    }
    return [line for line in findings(given(cfg, pve=pve, instead=nodes), Severity.WARNING) if "VLANs" not in line]


@pytest.mark.parametrize("version", ["1.2.7-1+pve1", "1.0-1+pve1", "3.0.0-1.1", "3.3.0", "0.9.12+pve3"])
def test_an_ifupdown2_with_which_pve_reloads_nothing_is_told(version: str) -> None:
    assert told(LAN, node2={"ifupdown2": version}) == [
        (
            f"node2: PVE refuses to reload the network with ifupdown2 {version}; install ifupdown2 1.2.8 or later "
            "from Proxmox's own repository"
        )
    ]


@pytest.mark.parametrize(
    "version", ["1.2.8-1+pve1", "2.0.1-1+pve8", "3.3.0-1+pmx11", "1:3.3.0-1+proxmox1", "3.2-1+pmx", "unknown"]
)
def test_an_ifupdown2_with_which_pve_reloads_is_not_spoken_of(version: str) -> None:
    assert told(LAN, node2={"ifupdown2": version}) == []


def test_nodes_with_a_wrong_ifupdown2_are_told_together() -> None:
    old, other = {"ifupdown2": "1.2.5-1+pve1"}, {"ifupdown2": "3.0.0-1.1"}
    (found,) = told(LAN, node1=old, node2=other, node3=old)
    assert found.startswith(
        "node1, node2, node3: PVE refuses to reload the network with ifupdown2 1.2.5-1+pve1, 3.0.0-1.1;"
    )


def test_where_nobody_reloads_anything_or_pve_has_no_sdn_the_version_is_nobodys_business() -> None:
    assert told({}, node1={"ifupdown2": "1.0.0"}) == []
    old = given(UNICAST, node1=facts("node1", "192.168.0.1/24", versions=PROXMOX | {"ifupdown2": "1.0.0"}))
    without = old.__class__(old.sdn, cluster("node1", "node2", "node3", has_sdn=False), old.facts, old.seen)
    assert findings(without, Severity.WARNING) == []


def test_our_zones_are_reloaded_by_pve_as_well() -> None:
    (found,) = told({}, UNICAST, node1={"ifupdown2": "1.2.5-1+pve1"})
    assert "ifupdown2 1.2.5-1+pve1" in found


@pytest.mark.parametrize(("pve", "cfg"), [(PVE_EVPN, ""), ({}, SYMMETRIC)])
def test_an_frr_that_cannot_be_reloaded_is_told_where_frr_is_needed(pve: dict[str, str], cfg: str) -> None:
    absent = {"frr-pythontools": ""}
    assert told(pve, cfg, node1=absent, node3=absent) == [
        (
            "node1, node3: frr-pythontools is not installed, so FRR cannot reload: a new frr.conf resets all sessions, "
            "or is not loaded; apt install frr-pythontools"
        )
    ]
    assert told(pve, cfg, node1={"frr-pythontools": "10.4.1-1+pve1"}) == []
    assert told(LAN, UNICAST, node1=absent) == []


def test_what_nobody_asked_for_is_not_missed() -> None:
    """A snapshot of an older pvesdn does not say whether the package is there."""
    assert told(PVE_EVPN) == []


def test_without_frr_it_is_frr_that_is_missed() -> None:
    versions = {"ifupdown2": PROXMOX["ifupdown2"], "frr-pythontools": ""}
    nodes = {f"node{n}": facts(f"node{n}", f"192.168.0.{n}/24", versions=versions) for n in (1, 2, 3)}
    assert findings(given("", pve=PVE_EVPN, instead=nodes), Severity.WARNING) == []


DHCP = {"zones.cfg": "simple: lan\n\tdhcp dnsmasq\n\tnodes node1\n\n"}


def refused(pve: dict[str, str], *without: str, cfg: str = "") -> list[str]:
    """The errors for lack of dnsmasq, where these nodes have none."""
    nodes = {
        f"node{n}": facts(
            f"node{n}", f"192.168.0.{n}/24", versions=PROXMOX | {"dnsmasq": "" if f"node{n}" in without else "2.91-1"}
        )
        for n in (1, 2, 3)
    }
    found = findings(given(cfg, pve=pve, instead=nodes), Severity.ERROR)
    return [line for line in found if "dnsmasq is not installed" in line]


def test_a_node_that_cannot_serve_dhcp_is_refused_wherever_the_zone_is_since_pve_sets_it_up_on_all() -> None:
    first, third = refused(DHCP, "node1", "node3")
    assert first == (
        "node1: dnsmasq is not installed, and the zone 'lan' has DHCP: PVE's reload ends there before it has loaded any "
        "interface; apt install dnsmasq, then systemctl disable --now dnsmasq, since the one of the package takes the ports"
    )
    assert third.startswith("node3: dnsmasq is not installed")
    two = {"zones.cfg": DHCP["zones.cfg"] + "simple: wan\n\tdhcp dnsmasq\n\n"}
    assert "the zones 'lan', 'wan' have DHCP" in refused(two, "node1")[0]


def test_so_it_is_where_such_a_zone_is_carried() -> None:
    files = {"zones.cfg": "simple: lan\n\tdhcp dnsmasq\n\tmtu 1450\n\n"}
    found = refused(files, "node1", "node3", cfg="vxlan: prod\n\tcarries lan\n\tvni-range 10000-10999\n")
    assert [line.partition(":")[0] for line in found] == ["node1", "node3"]


def test_dnsmasq_is_not_missed_where_no_zone_has_dhcp_or_nobody_asked_for_it() -> None:
    assert refused(LAN, "node1") == []
    found = findings(given("", pve=DHCP), Severity.ERROR)
    assert [line for line in found if "dnsmasq" in line] == []
