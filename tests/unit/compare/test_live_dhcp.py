"""What is said of PVE's dnsmasq that has to run in a VRF, and of which nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pvesdn.compare.live_dhcp import compare_dhcp, dhcp_checks
from pvesdn.compare.live_view import NodeView
from pvesdn.model.dhcp_unit import DhcpUnit, zone_of
from pvesdn.model.expectation import NodeExpectation
from pvesdn.model.state import LiveDhcp, NodeState

UNIT = DhcpUnit("lan", "vrf_prod")


def view(live: Mapping[str, LiveDhcp] | None, *told: str) -> NodeView:
    state = NodeState("pve1", {}, dhcp=live)
    return NodeView(NodeExpectation("pve1", dhcp=(UNIT,)), state, told=frozenset(told), zones={"vrf_prod": "prod"})


def said(live: Mapping[str, LiveDhcp] | None, *told: str) -> list[str]:
    return [f"{item.object} {item.trait}: {item.found}; {item.step}" for item in compare_dhcp(view(live, *told))]


def test_one_that_runs_in_its_vrf_is_as_it_should_be() -> None:
    good = {"lan": LiveDhcp(is_enabled=True, is_active=True, vrf="vrf_prod")}
    assert said(good) == []
    assert list(dhcp_checks(view(good))) == ["prod"]


def test_one_that_does_not_run_is_told_with_its_zone() -> None:
    dead = {"lan": LiveDhcp(is_enabled=True, is_active=False)}
    assert said(dead) == ["dnsmasq@lan : does not run; systemctl restart dnsmasq@lan"]
    assert [item.zones for item in compare_dhcp(view(dead))] == [("prod",)]


@pytest.mark.parametrize(("vrf", "found"), [("", "the main table"), ("vrf_other", "vrf_other")])
def test_one_that_runs_elsewhere_is_told_with_where_that_is(vrf: str, found: str) -> None:
    elsewhere = {"lan": LiveDhcp(is_enabled=True, is_active=True, vrf=vrf)}
    step = "systemctl daemon-reload && systemctl restart dnsmasq@lan"
    assert said(elsewhere) == [f"dnsmasq@lan VRF: {found}; {step}"]


OFF = "dnsmasq@lan switch: off; pvesh set /nodes/pve1/network"
DEAD = "dnsmasq@lan : does not run; systemctl restart dnsmasq@lan"


@pytest.mark.parametrize("told", [(), (UNIT.path,), ("vrf_prod",)])
@pytest.mark.parametrize(
    "live",
    [{"lan": LiveDhcp(is_enabled=False, is_active=False)}, {"dmz": LiveDhcp(is_enabled=True, is_active=True)}, {}],
    ids=["off", "another zone's", "none"],
)
def test_one_that_pve_has_not_switched_on_is_told_once_its_zone_is_committed(
    live: Mapping[str, LiveDhcp], told: tuple[str, ...]
) -> None:
    assert said(live, *told) == [OFF]
    assert list(dhcp_checks(view(live, *told))) == ["prod"]
    waiting = replace(view(live, *told), uncommitted=frozenset({"lan"}))
    assert list(compare_dhcp(waiting)) == []
    assert list(dhcp_checks(waiting)) == []


def test_one_that_does_not_run_is_told_before_its_drop_in_is_there() -> None:
    dead = {"lan": LiveDhcp(is_enabled=True, is_active=False)}
    assert said(dead, UNIT.path) == said(dead, UNIT.path, "vrf_prod") == [DEAD]
    assert said({"lan": LiveDhcp(is_enabled=True, is_active=True)}, UNIT.path) == []


@pytest.mark.parametrize(
    ("live", "told"),
    [(None, ()), ({"lan": LiveDhcp(is_enabled=True, is_active=False)}, ("vrf_prod",))],
    ids=["not seen", "its VRF is told"],
)
def test_nothing_is_said_of_what_is_told_already_or_was_not_seen(
    live: Mapping[str, LiveDhcp] | None, told: tuple[str, ...]
) -> None:
    assert said(live, *told) == []
    assert list(dhcp_checks(view(live, *told))) == []


def test_a_drop_in_is_known_by_its_whole_path() -> None:
    assert UNIT.path == "/etc/systemd/system/dnsmasq@lan.service.d/pvesdn.conf"
    assert zone_of(UNIT.path) == "lan"
    for path in (f"{UNIT.path}\n", f"x{UNIT.path}", UNIT.path.replace("lan", "../x"), UNIT.path.replace("lan", "l")):
        assert zone_of(path) is None
